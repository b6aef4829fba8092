// SPDX-License-Identifier: LGPL-2.1-or-later
// Asks the kernel to reclaim from pods, a slice at a time, over a lane of its own (lanes->reclaim), so that neither an
// undo nor memory.high waits for it. The only writer of memory.reclaim. How large a slice is, and when a pod is left
// alone, is policy/reclaim.h's.
//
// Level-triggered: each pass says anew how much is wanted of which pod, and what is not said any more stops. Nothing
// here asks what level a pod has or which mode is in force: who calls answers for naming offline pods alone.
//
//	reclaim_collect(r, model, now_us, fn, context);  // what has ended
//	reclaim_pass_begin(r, now_us);
//	said = reclaim_want(r, cgroup, bytes);           // for each pod
//	reclaim_pass_end(r);                                  // what was not named is stopped
//
// A slice that lasts longer than PATIENCE_US is cut short, as every slow write: while it lasts the cgroup cannot be
// removed, and whoever tries holds the lock of all cgroups. What it has got by then counts.
#pragma once

#include "agent/base/lanes.h"
#include "colod/model.h"
#include "policy/reclaim.h"

/* Pods at a time. */
#define RECLAIM_PODS 64

struct reclaim;

/* `root_fd` stands for "/", cgroup_fd is the cgroup2 mount; these and lanes are borrowed. `page_bytes`: of the node.
 * 0 or -ENOMEM; afterwards nothing is allocated. */
int reclaim_new(struct lanes *lanes, int root_fd, int cgroup_fd, uint64_t page_bytes,
		struct reclaim **ret_reclaim);

/* Accepts NULL. A slice under way goes on: the lane's end ends it. */
void reclaim_free(struct reclaim *reclaim);

/* What a slice has come to. */
struct reclaim_result {
	const struct cgroup *cgroup;
	enum reclaim_end end;
	int error; /* 0 or -errno, as the kernel answered */
	uint64_t asked_bytes;
	/* Reclaimed: all of it where the kernel says so, else by how much memory.current fell, no more than was asked. A
	 * pod that grows meanwhile hides a part; 6.1 takes more than it is asked for, which shows below alone. */
	uint64_t got_bytes;
	bool measured; /* the next two; without them got_bytes is 0 where the kernel did not take all */
	uint64_t before_bytes;
	uint64_t after_bytes;
	uint64_t took_us;
	int64_t rests_until_us; /* no slice before then; in the past: none is needed */
};
/* The result is the callee's to read until it returns. */
typedef void (*reclaim_fn)(void *context, const struct reclaim_result *result);

/* Takes up the slices that have ended, of the cgroups that the model still has; one that was taken back before the
 * kernel was asked has no result. fn may be NULL. */
void reclaim_collect(struct reclaim *reclaim, const struct model *model, int64_t now_us,
		     reclaim_fn fn, void *context);

/* A pass begins: nothing is wanted yet. */
void reclaim_pass_begin(struct reclaim *reclaim, int64_t now_us);

/* What a want has come to, with the numbers that were used. */
struct reclaim_said {
	enum reclaim_answer answer;
	uint64_t give_bytes; /* R, on RECLAIM_SLICE and RECLAIM_NOTHING; else 0: not looked at */
	uint64_t asked_bytes; /* of the slice; on RECLAIM_UNDER_WAY of the one that was begun before */
	int64_t until_us;     /* on RECLAIM_RESTS and RECLAIM_REFUSED: not before then */
};

/* `bytes` are wanted of this cgroup now, of what it has on these memory nodes (0: of all; the kernel cannot be told of which, and takes
 * of the others too); 0 bytes is no want. Starts its next slice, unless it has one under way. Who
 * wants the same bytes of several pods at once gets them of each. */
struct reclaim_said reclaim_want(struct reclaim *reclaim, const struct cgroup *cgroup,
				 uint64_t bytes, uint64_t nodes);

/* The pass is over: what it did not want is cut short. */
void reclaim_pass_end(struct reclaim *reclaim);

/* Nothing is wanted any more: a pass without a want. */
void reclaim_stop_all(struct reclaim *reclaim, int64_t now_us);

/* R of a cgroup as it is now (policy/reclaim.h), for whoever only wants to know: reads memory.stat. 0 or -errno. */
int reclaim_look(struct reclaim *reclaim, const struct cgroup *cgroup, uint64_t *ret_bytes);

/* Since start. */
struct reclaim_counts {
	uint64_t slices; /* that the kernel was asked for, and that have ended */
	uint64_t asked_bytes;
	uint64_t got_bytes;
	uint64_t shorts;  /* of the slices: EAGAIN */
	uint64_t cut;	  /* of them: lasted too long */
	uint64_t stopped; /* of them: not wanted any more */
	uint64_t refused;
	uint64_t gone; /* cgroups that vanished meanwhile */
	uint64_t longest_us;
	uint32_t under_way; /* now */
};
struct reclaim_counts reclaim_counts(const struct reclaim *reclaim);
