// SPDX-License-Identifier: LGPL-2.1-or-later
// See decide_cpu_sched.h. No file of the cgroup, so that nothing is compared with what is there: agent/tasks.c looks.
// The weight that bounds the pod stays: by it offline work gets its share whatever its threads' policy, and so leaves the
// locks that it holds. What the policy changes is where online work wakes up, which was measured (decide_cpu.c).
#include "policy/decide_cpu_sched.h"

#include "policy/decide_tree.h"
#include "policy/knob.h"

static bool is_asked(const struct decide_input *in, const struct assignment *a,
		     const struct decide_node *node)
{
	return a->role == ROLE_OFFLINE && a->may_hold && decide_tree_is_offline_pod(node) &&
	       in->policy->levels[a->level].cpu.scheduling == SCHEDULING_IDLE;
}

int decide_cpu_sched(const struct decide_input *in, struct plan *plan)
{
	int r = 0;

	if (!model_can(in->model, CAPABILITY_SCHED_POLICY))
		return 0;

	for (size_t i = 0; r == 0 && i < in->model->n_pods; i++) {
		const struct decide_node *node = decide_tree_pod(plan->tree, i);
		const struct assignment *a = node ? plan_assignment(plan, node->pod) : NULL;
		struct plan_entry e;

		if (!a || !is_asked(in, a, node))
			continue;
		e = (struct plan_entry){
			.cgroup = node->cgroup,
			.knob = KNOB_SCHED_POLICY,
			.effect = EFFECT_SHARE,
			.want = knob_value_of(KNOB_SCHED_IDLE),
			.reason = {.code = REASON_SCHED_IDLE, .level = a->level, .rule = a->rule},
		};
		r = plan_add(plan, &e);
	}
	return r;
}
