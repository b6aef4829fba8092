// SPDX-License-Identifier: LGPL-2.1-or-later
// From model, samples, policy and time to the plan: the wanted value of every knob, with reasons.
// Pure. The deciders per resource are the rows of a table in decide.c; adding a resource is one
// more decide_*.c and one more row.
#pragma once

#include <stdint.h>

#include "colod/model.h"
#include "colod/plan.h"
#include "colod/policy.h"
#include "colod/pressure.h"
#include "colod/sample.h"

/* What a decider may look at. */
struct decide_input {
	const struct model *model;
	const struct samples *samples;
	const struct policy *policy;
	const struct ladders *ladders;
	int64_t now_us;
};

/* Assignments first, then the ladders, then one decider per resource. *plan keeps its memory from
 * pass to pass: a pass over an unchanged model allocates nothing. 0 or -ENOMEM (then *plan is
 * empty: nothing is to be written). */
int decide(const struct model *model, const struct samples *samples, const struct policy *policy,
	   int64_t now_us, struct ladders *ladders, struct plan *plan);

/* The same, over the assignments that *plan already holds: for tests, and for "what if". */
int decide_assigned(const struct model *model, const struct samples *samples,
		    const struct policy *policy, int64_t now_us, struct ladders *ladders,
		    struct plan *plan);

void plan_clear(struct plan *plan);
void plan_free(struct plan *plan); /* frees what it holds, not plan itself */

/* Adds an entry, or replaces the one for the same cgroup and knob. 0 or -ENOMEM. */
int plan_add(struct plan *plan, const struct plan_entry *entry);

/* The entry for this cgroup and knob, or NULL. */
const struct plan_entry *plan_find(const struct plan *plan, const struct cgroup *cgroup,
				   enum knob knob);

/* The assignment of a pod; a static ASSIGNMENT_NONE where there is none. */
const struct assignment *plan_assignment(const struct plan *plan, const struct pod *pod);

/* What was decided of a pod's cores; a static CORES_NOT_ASKED where nothing was. */
const struct plan_cores *plan_cores(const struct plan *plan, const struct pod *pod);

/* Room for every slot, and nothing decided yet; what is kept between passes stays. 0 or -ENOMEM. */
int plan_reserve_cores(struct plan *plan, const struct model *model);

/* The same of being frozen; a static FREEZE_NOT_ASKED. All of it is kept for the pods that are there. */
const struct plan_freeze *plan_freeze(const struct plan *plan, const struct pod *pod);
int plan_reserve_freezes(struct plan *plan, const struct model *model);

/* The same of how far a pod may grow; a static one without a line. */
const struct plan_growth *plan_growth(const struct plan *plan, const struct pod *pod);
int plan_reserve_growths(struct plan *plan, const struct model *model);

/* What a subtree holds, for "highest all-offline" and "mixed". */
struct decide_subtree {
	size_t online;	  /* pods with an online level */
	size_t offline;	  /* pods with an offline level */
	size_t undecided; /* pods that wait for facts, or that no rule matched */
	bool others; /* populated cgroups that are no pod's and hold no pod; or some not seen */
};
struct decide_subtree decide_subtree(const struct plan *plan, const struct cgroup *cgroup);

/* The deciders. Each adds its entries to *plan, whose tree (decide_tree.h) was built from the same
 * model and assignments; 0 or -ENOMEM. */
int decide_cpu(const struct decide_input *in, struct plan *plan);
int decide_batch_cpu(const struct decide_input *in, struct plan *plan); /* before decide_cpu() */
int decide_batch_memory(const struct decide_input *in, struct plan *plan);
int decide_cores(const struct decide_input *in, struct plan *plan);
int decide_manual_cpu(const struct decide_input *in, struct plan *plan);   /* after decide_cpu() */
int decide_cpu_burst(const struct decide_input *in, struct plan *plan);	   /* after both */
int decide_cpu_returned(const struct decide_input *in, struct plan *plan); /* the same */
int decide_memory(const struct decide_input *in, struct plan *plan);
int decide_manual_memory(const struct decide_input *in, struct plan *plan); /* after that */
int decide_io(const struct decide_input *in, struct plan *plan);
int decide_io_hold(const struct decide_input *in, struct plan *plan);
int decide_io_returned(const struct decide_input *in, struct plan *plan); /* after that */
