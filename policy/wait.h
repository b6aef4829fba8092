// SPDX-License-Identifier: LGPL-2.1-or-later
// Which online pods wait for a resource, and how much. Pure.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/model.h"
#include "colod/plan.h"
#include "colod/policy.h"
#include "colod/sample.h"
#include "policy/cpu_place.h"

/* What one look goes by; nothing is owned. */
struct wait_look {
	const struct model *model;
	const struct samples *samples;
	const struct policy *policy;
	const struct plan *plan;	  /* for the assignments */
	const struct pressure_rule *rule; /* the policy's, for this resource */
	enum resource resource;
	int64_t now_us;
	const struct cpu_places *places; /* NULL, or: who may not run in `room` does not count */
	const struct cpu_set *room;
};

/* Of a sample: for how long the pod has waited, as the look's rule counts it (some of it, or all that it has to run). */
uint64_t wait_total_us(const struct wait_look *look, const struct pod_sample *sample);

/* What is usual for the pod (usual.h), which is no cause to do anything: permille of the time. 0: not known, and for
 * memory.full, of which nothing is learned. */
uint32_t wait_usual_permille(const struct wait_look *look, const struct pod *pod);

/* How long the pod waited over at least window_us, in permille of *ret_span_us. False where that was not
 * measured lately, or where it waited because of a bound of its own (a CPU quota, memory.high or max): for memory
 * nothing is said until two samples tell of that, or one that there never was any. */
bool wait_permille(const struct wait_look *look, const struct pod *pod, uint64_t window_us,
		   uint64_t *ret_permille, uint64_t *ret_span_us);

/* The same, over what is usual for it: the excess of the score's formula. */
bool wait_excess_permille(const struct wait_look *look, const struct pod *pod, uint64_t window_us,
			  uint64_t *ret_permille, uint64_t *ret_span_us);

/* Whether it is an online pod, not colod itself, whose excess is past the threshold of the rule over
 * that rule's window, and may run in the look's room where it has one. Outputs as above; where a part of the window was already enough, the rest of it counts as
 * not waited; where only the kernel's trigger told of it, *ret_permille is the threshold, which is what it counted at least. That
 * knows nothing of what is usual, so that it counts only where nothing is. */
bool wait_over_threshold(const struct wait_look *look, const struct pod *pod,
			 uint64_t *ret_permille, uint64_t *ret_span_us);
