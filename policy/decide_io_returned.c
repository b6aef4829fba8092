// SPDX-License-Identifier: LGPL-2.1-or-later
// A pod whose like was evicted a moment ago, and which is back: of the disks it gets what others leave, for as long as the
// cool-down lasts, as of the CPU (decide_cpu_returned.c). A weight takes nothing from anybody while nobody else wants the
// disk, so it is a share and no hold; and it is only lowered, where the policy weighs the pod's level at all.
#include "policy/decide_returned.h"
#include "policy/knob.h"

#define LOWEST 1u

static int lower_one(struct plan *plan, const struct decide_node *node, const struct assignment *a,
		     enum knob knob)
{
	const struct plan_entry *planned = plan_find(plan, node->cgroup, knob);
	const struct knob_value *weight = planned ? &planned->want
						  : decide_tree_base(node->cgroup, knob);
	struct reason reason = {
		.code = REASON_RETURNED_IO,
		.level = a->level,
		.rule = a->rule,
		.limit = LOWEST,
	};

	if (weight->state != KNOB_KNOWN || weight->value <= LOWEST)
		return 0;
	return decide_tree_add(plan, node, knob, EFFECT_SHARE, knob_value_of(LOWEST), &reason);
}

static int lower(const struct decide_input *in, struct plan *plan, const struct decide_node *node,
		 const struct assignment *a)
{
	int r;

	if (in->policy->levels[a->level].io.weight == 0)
		return 0;
	r = lower_one(plan, node, a, KNOB_IO_WEIGHT);
	return r < 0 ? r : lower_one(plan, node, a, KNOB_IO_BFQ_WEIGHT);
}

int decide_io_returned(const struct decide_input *in, struct plan *plan)
{
	return model_can(in->model, CAPABILITY_IO_WEIGHT) ? decide_returned(in, plan, lower) : 0;
}
