// SPDX-License-Identifier: LGPL-2.1-or-later
// The parts of the CPU decider that have a name of their own. Pure.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/plan.h"

struct decide_input;
struct decide_node;
struct decide_tree;

/* The kubelet's own formula for a pod's or class's cpu.weight; 1..10000. */
uint64_t decide_cpu_request_weight(uint64_t milli);

/* Remembers in this child's parent (`lightest`) the online pod that has the least weight for what it
 * requested. For children whose weight is known and that are not idle. */
void decide_cpu_note_lightest(struct decide_tree *tree, const struct decide_node *node);

/* What an offline pod's request allows it. The siblings that make W large may sleep, and a small
 * online pod is then alone beside it: so never more than the request stands for, nor more for each
 * requested CPU than the lightest online sibling has (*ret_who, where that decides). Without a known
 * request: what is there. UINT64_MAX for a class, a unit and a pod that asks for no CPU: these are
 * bounded by the ratio alone. After decide_cpu_note_lightest() for all its siblings. */
uint64_t decide_cpu_most(const struct decide_tree *tree, const struct decide_node *node,
			 uint32_t *ret_who);

/* The period of every quota of colod's, 20 ms: an offline lock holder that ran out waits at most that long for its
 * next slice. */
#define DECIDE_CPU_PERIOD_US 20000u
/* The kernel refuses less than 1 ms per period. */
#define DECIDE_CPU_QUOTA_MIN_US 1000u

/* Whether this cpu.max, of any period, allows no more than a quota in colod's period. */
bool decide_cpu_is_tighter(const struct knob_value *max, uint64_t quota_us);

/* A hold of this one cgroup, unless what somebody else set, or the plan has, allows no more. 0 or -ENOMEM. */
int decide_cpu_hold_at(struct plan *plan, const struct decide_node *node, uint64_t quota_us,
		       struct reason reason);

/* While the ladder squeezes: cpu.max on the highest cgroups whose pods may all be held. 0 or
 * -ENOMEM. */
int decide_cpu_hold(const struct decide_input *in, struct plan *plan);
