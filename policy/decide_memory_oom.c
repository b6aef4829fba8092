// SPDX-License-Identifier: LGPL-2.1-or-later
// See decide_memory_oom.h. At the pod, where it counts when the node as a whole or the pod is out of memory: the
// kernel looks for the highest cgroup that has it. What a container's own limit does to it is the runtime's matter.
#include "policy/decide_memory_oom.h"

#include "policy/decide_tree.h"
#include "policy/knob.h"
#include "policy/oom_score.h"

/* Nobody but such pods may live below: all of it goes together. */
static bool goes_first(const struct decide_input *in, const struct plan *plan,
		       const struct decide_node *node)
{
	const struct assignment *a = plan_assignment(plan, node->pod);

	return a->role == ROLE_OFFLINE && a->may_hold && decide_tree_is_offline_pod(node) &&
	       in->policy->levels[a->level].memory.oom == OOM_FIRST;
}

/* No file of the cgroup, so that nothing is compared with what is there: tasks.c looks. The kubelet gives a
 * BestEffort pod that score itself. */
static int add_score(const struct decide_node *node, struct plan *plan)
{
	const struct assignment *a = plan_assignment(plan, node->pod);
	const struct plan_entry e = {
		.cgroup = node->cgroup,
		.knob = KNOB_OOM_SCORE_ADJ,
		.effect = EFFECT_PROTECTION,
		.want = knob_value_of(KNOB_SCORE_ZERO + OOM_SCORE_FIRST),
		.reason = {.code = REASON_OOM_FIRST, .level = a->level, .rule = a->rule},
	};

	if (node->pod->kind == POD_KUBERNETES && node->pod->qos == QOS_BESTEFFORT)
		return 0;
	return plan_add(plan, &e);
}

int decide_memory_oom(const struct decide_input *in, struct plan *plan)
{
	const struct reason reason = {.code = REASON_OOM_WHOLE};

	for (size_t i = 0; i < in->model->n_pods; i++) {
		struct decide_node *node = decide_tree_pod(plan->tree, i);
		int r;

		if (!node || !goes_first(in, plan, node))
			continue;
		r = decide_tree_add(plan, node, KNOB_MEMORY_OOM_GROUP, EFFECT_PROTECTION,
				    knob_value_of(1), &reason);
		if (r == 0)
			r = add_score(node, plan);
		if (r < 0)
			return r;
	}
	return 0;
}
