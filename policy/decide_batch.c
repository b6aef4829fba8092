// SPDX-License-Identifier: LGPL-2.1-or-later
// cpu.max and memory.max of pods that ask for colod.io/batch-cpu and batch-memory. To the kubelet these are numbers that it
// counts and nothing else: the pod is BestEffort, and may use more than it asked for as long as nobody else wants it. This
// bounds it to that. Limits, so a hold may be tighter for a while; never wider than what somebody else set.
#include "policy/decide.h"
#include "policy/decide_cpu.h"
#include "policy/decide_tree.h"
#include "policy/knob.h"

#define MILLI 1000u
/* More CPUs than any node has; keeps the arithmetic far from overflow. */
#define BATCH_MAX_MILLI 1000000000u
#define PAGE_BYTES 4096u
#define MEMORY_LEAST_BYTES ((uint64_t)1 << 20)

typedef int (*limit_fn)(const struct decide_input *in, struct plan *plan,
			const struct decide_node *node);

static int limit_cpu(const struct decide_input *in, struct plan *plan,
		     const struct decide_node *node)
{
	uint64_t milli = node->pod->resources.cpu_batch_milli.value, quota_us;
	struct reason reason = {.code = REASON_CPU_BATCH, .observed = milli};

	(void)in;
	if (milli == 0 || milli > BATCH_MAX_MILLI || !decide_tree_has(node->cgroup, KNOB_CPU_MAX))
		return 0;
	quota_us = milli * DECIDE_CPU_PERIOD_US / MILLI;
	if (quota_us < DECIDE_CPU_QUOTA_MIN_US)
		quota_us = DECIDE_CPU_QUOTA_MIN_US;
	if (decide_cpu_is_tighter(decide_tree_base(node->cgroup, KNOB_CPU_MAX), quota_us))
		return 0;
	return decide_tree_add(plan, node, KNOB_CPU_MAX, EFFECT_LIMIT,
			       knob_value_quota(quota_us, DECIDE_CPU_PERIOD_US), &reason);
}

static int limit_memory(const struct decide_input *in, struct plan *plan,
			const struct decide_node *node)
{
	uint64_t page = in->model->node.page_bytes ? in->model->node.page_bytes : PAGE_BYTES;
	uint64_t bytes = node->pod->resources.memory_batch_bytes.value;
	struct reason reason = {.code = REASON_MEMORY_BATCH, .observed = bytes};

	bytes -= bytes % page;
	/* A limit of next to nothing is no pod's, but somebody's mistake. */
	if (bytes < MEMORY_LEAST_BYTES || bytes >= KNOB_VALUE_MAX ||
	    !decide_tree_has(node->cgroup, KNOB_MEMORY_MAX) ||
	    decide_tree_base(node->cgroup, KNOB_MEMORY_MAX)->value <= bytes)
		return 0;
	return decide_tree_add(plan, node, KNOB_MEMORY_MAX, EFFECT_LIMIT, knob_value_of(bytes),
			       &reason);
}

static int each(const struct decide_input *in, struct plan *plan, enum capability capability,
		limit_fn limit)
{
	for (size_t i = 0; model_can(in->model, capability) && i < in->model->n_pods; i++) {
		const struct pod *pod = in->model->pods[i];
		const struct assignment *a = plan_assignment(plan, pod);
		const struct decide_node *node = decide_tree_pod(plan->tree, i);
		int r;

		if (!node || pod->kind != POD_KUBERNETES || a->state != ASSIGNMENT_LEVEL ||
		    a->role != ROLE_OFFLINE || !a->may_hold)
			continue;
		r = limit(in, plan, node);
		if (r < 0)
			return r;
	}
	return 0;
}

int decide_batch_cpu(const struct decide_input *in, struct plan *plan)
{
	return each(in, plan, CAPABILITY_CPU_MAX, limit_cpu);
}

int decide_batch_memory(const struct decide_input *in, struct plan *plan)
{
	return each(in, plan, CAPABILITY_MEMORY, limit_memory);
}
