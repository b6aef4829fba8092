// SPDX-License-Identifier: LGPL-2.1-or-later
// Apply: the only stage that changes the machine. Records the original before the first write of a
// knob, writes, reads back, classifies a refusal by its cause, and restores.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "colod/history.h"
#include "colod/model.h"
#include "colod/plan.h"

struct apply;
struct units;

/* `cgroup_fd` is the cgroup2 mount, `state_fd` the directory that holds the originals file
 * (/run/colod); both borrowed. state_fd -EBADF: originals are kept in memory only (--once,
 * --root). A damaged originals file is kept aside as originals.bad and its readable records are
 * used. 0 or -errno. */
int apply_new(int cgroup_fd, int state_fd, struct apply **ret_apply);
void apply_free(struct apply *apply);

/* The time of the pass (CLOCK_BOOTTIME): holds that it takes are that old. */
void apply_set_now(struct apply *apply, int64_t now_us);

/* Who is killed has its limits lifted for a moment, by another thread, and gets them back: until then nothing there is changed,
 * repaired, or taken for somebody else's. The pass after that does what is due. */
typedef bool (*apply_dying_fn)(void *context, const char *path);
void apply_set_dying(struct apply *apply, apply_dying_fn is_dying, void *context);

/* Also gives processes back what they had (cgroup_task.h). `root_fd` stands for "/". */
void apply_use_processes(struct apply *apply, int root_fd);

/* Also tells systemd, where it owns a cgroup (units.h). `root_fd` stands for "/"; state_fd as above, and
 * not -EBADF. Where that cannot be (said here), there are only files. */
void apply_use_units(struct apply *apply, int root_fd, int state_fd);
/* NULL without them. */
struct units *apply_units(struct apply *apply);

/* After discovery: marks the knobs in the model that an earlier run of colod owns (path and inode
 * still the same). */
void apply_adopt(struct apply *apply, struct model *model);

/* Once a pass, before the changes: ends fights over knobs whose value has stood long enough. */
void apply_look_at_fights(struct apply *apply, struct model *model);

/* Others who write over colod's values. The counters are since start. */
struct apply_drift {
	uint64_t rewrites; /* values of colod's that somebody wrote over; each was put back unless
			    * there is a fight */
	uint64_t fights;
	uint32_t contested; /* knobs with a fight now: put back only once in a while */
};
struct apply_drift apply_drift(const struct apply *apply);

/* Does the changes in their order, fills each one's outcome, updates the knob states in the model
 * and the originals. `dry_run`: fills nothing and writes nothing. Returns the number of knobs
 * written, or -errno when originals could not be recorded at all (then nothing was written). */
int apply_changes(struct apply *apply, struct model *model, struct changes *changes, bool dry_run);

/* Writes that may last (memory.high) go through these lanes from here on; their change stays pending
 * until apply_collect(). NULL: in line again; writes that were under way must have ended (lanes_free()).
 * `lanes` is borrowed. 0 or -ENOMEM. */
struct lanes;
int apply_use_lanes(struct apply *apply, struct lanes *lanes);

/* What became of them. */
struct apply_counts {
	uint64_t writes; /* that reached what was planned */
	uint64_t restores;
	uint64_t refusals;
};

/* At the start of a pass: takes up every write that has ended: knob states, originals, and
 * the outcome of the change in `shown` that it belongs to. Adds to *counts. */
void apply_collect(struct apply *apply, struct model *model, struct changes *shown,
		   struct apply_counts *counts);

/* Every original back, holds first; or holds only. Works on the originals file alone, without a
 * model, so that `colod restore` needs no daemon. Writes only where the present value is still the
 * one colod wrote. */
struct apply_restored {
	size_t written;	 /* knobs colod had changed */
	size_t restored; /* of those: original is back (or was there already) */
	size_t gone;	 /* of those: the cgroup no longer exists */
	size_t left;	 /* of those: still not the original */
	size_t foreign;	 /* of `left`: somebody else wrote since; the others the kernel refused */
};
int apply_restore(struct apply *apply, bool holds_only, struct apply_restored *ret_restored);

/* Every hold ends now, and the model's knob states say so. Needs no memory and no room for records:
 * whatever is short, a hold must end. `model` may be NULL. */
void apply_end_holds(struct apply *apply, struct model *model, struct apply_restored *ret_restored);

/* What was done to a knob, or could not be; struct history_record says what each kind means. */
struct apply_event {
	enum history_kind kind; /* WRITE, RESTORE, LEFT, REFUSED, DRIFT or FIGHT */
	const char *path;
	const struct cgroup *cgroup; /* NULL where there is no model: apply_restore() */
	enum knob knob;
	enum effect effect; /* EFFECT_COUNT where nobody knows any more */
	const struct knob_value *from;
	const struct knob_value *to; /* NULL for a fight that is over */
	const struct reason *reason; /* why, or */
	const char *why; /* a sentence that says it; both NULL: there is no more to say */
};

/* Called when it happens, a refusal only once until it worked. The event is the callee's to read until
 * it returns. */
typedef void (*apply_event_fn)(void *context, const struct apply_event *event);
void apply_on_event(struct apply *apply, apply_event_fn fn, void *context);

/* Controllers that a planned knob needs but the parent does not hand down. Where `cgroup` is one
 * that colod may change (the parent of a pod that a rule matched and no systemd unit or runtime
 * owns it), enables it and returns 1; otherwise -EPERM with the owner's name in *ret_owner
 * ("systemd (set CPUWeight=100 …)", …); 0 where it is enabled already, else -errno. */
int apply_enable_controller(struct apply *apply, const struct model *model, struct cgroup *cgroup,
			    enum knob knob, const char **ret_owner);
