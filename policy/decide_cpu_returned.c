// SPDX-License-Identifier: LGPL-2.1-or-later
// A pod whose like was evicted a moment ago, and which is back: its CPU starts at the floor, so that it does not fill the
// memory again before anybody could look. For as long as the cool-down lasts.
#include "policy/cpu_floor.h"
#include "policy/cpu_use.h"
#include "policy/decide_cpu.h"
#include "policy/decide_returned.h"

#define MILLI_PER_CPU 1000u
/* Where the level names none. */
#define FLOOR_PERMILLE 20u

static int hold(const struct decide_input *in, struct plan *plan, const struct decide_node *node,
		const struct assignment *a)
{
	uint64_t capacity = in->model->node.n_cpus * (uint64_t)MILLI_PER_CPU, quota_us;
	uint32_t permille = in->policy->levels[a->level].cpu.squeeze_floor_permille;
	struct reason reason = {
		.code = REASON_RETURNED,
		.level = a->level,
		.rule = a->rule,
	};

	if (!decide_tree_has(node->cgroup, KNOB_CPU_MAX))
		return 0;
	quota_us =
		cpu_floor_milli(&in->model->node, capacity, permille ? permille : FLOOR_PERMILLE) *
		DECIDE_CPU_PERIOD_US / MILLI_PER_CPU;
	if (quota_us < DECIDE_CPU_QUOTA_MIN_US)
		quota_us = DECIDE_CPU_QUOTA_MIN_US;
	reason.extra =
		cpu_use_permille(quota_us, in->model->node.n_cpus * (uint64_t)DECIDE_CPU_PERIOD_US);
	return decide_cpu_hold_at(plan, node, quota_us, reason);
}

int decide_cpu_returned(const struct decide_input *in, struct plan *plan)
{
	return model_can(in->model, CAPABILITY_CPU_MAX) ? decide_returned(in, plan, hold) : 0;
}
