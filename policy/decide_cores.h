// SPDX-License-Identifier: LGPL-2.1-or-later
// What the files of the core decider share: who has asked for own cores or has been pinned, which CPUs
// others have given away, and what is left for everybody else. Pure.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/cpu_set.h"
#include "policy/decide.h"
#include "policy/decide_tree.h"

struct cores_view {
	const struct decide_input *in;
	struct plan *plan;
	bool node_refuses;     /* no pod gets cores of its own, for the reason below */
	struct reason refusal; /* of the whole node */
	struct cpu_set usable; /* online, and not isolated at boot */
	struct cpu_set given;  /* to somebody by others than colod */
	struct cpu_set held;   /* that some pod has from colod now */
	struct cpu_set own;    /* that pods get in this pass */
	struct cpu_set plain;  /* of these, where the kernel keeps nobody off by itself */
	uint64_t others_milli; /* what online pods that share the rest have requested */
	uint64_t reserve_milli;
	const struct pod *unknown; /* one of them, whose request is not known; NULL: none */
};

/* What there is before anything is decided. */
struct cores_view decide_cores_look(const struct decide_input *in, struct plan *plan);

/* The CPUs that colod gave this knob and that are still there; false: none. */
bool decide_cores_written(const struct cgroup *cgroup, enum knob knob, struct cpu_set *ret_set);

/* What somebody else wrote there; false: nothing, every CPU of the node, or the knob is not there. */
bool decide_cores_foreign(const struct node *node, const struct cgroup *cgroup, enum knob knob,
			  struct cpu_set *ret_set);

/* Whether the kernel itself can keep others off this pod's cores: it knows exclusive CPUs, here and all
 * the way up. */
bool decide_cores_can_exclude(const struct model *model, const struct cgroup *cgroup);

/* The knob that holds a pod's own cores. */
enum knob decide_cores_knob(const struct model *model, const struct cgroup *cgroup);

/* Whether this pod may have cores of its own at all; false with the reason why not. `has`: it has some. */
bool decide_cores_may(const struct cores_view *view, const struct pod *pod, bool has,
		      struct reason *ret_reason);

/* The CPUs that somebody else pinned this pod or its containers to; what a static CPU manager leaves to
 * all pins nobody. False: none. */
bool decide_cores_pinned(const struct cores_view *view, const struct pod *pod,
			 struct cpu_set *ret_set);

/* Whether it is a partition now, or may be one: a write is under way. */
bool decide_cores_is_partition(const struct cgroup *cgroup);

/* A cgroup beside this one whose present cpuset.cpus has some of these CPUs: beside it the kernel grants no
 * partition with them. NULL: none. */
const struct decide_node *decide_cores_beside(const struct cores_view *view,
					      const struct cgroup *cgroup,
					      const struct cpu_set *cpus);

/* Of offline work: cpuset.cpus without own cores where the kernel keeps nobody off, and without the
 * siblings of CPUs that pods who asked for that are pinned to. After own cores are given. 0 or -ENOMEM. */
int decide_cores_offline(struct cores_view *view);

/* What was decided for a pod, for people. */
struct plan_cores *decide_cores_note(const struct cores_view *view, const struct pod *pod);
