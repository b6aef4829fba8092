// SPDX-License-Identifier: LGPL-2.1-or-later
// cpu.max.burst by level: what a pod left of its quota before, it may use on top in a later period, up to
// this much. For a quota that the kubelet set, and never for one of colod's own holds.
//
// The kernel refuses a cpu.max below the burst (EINVAL), so a burst can be in the way of a resize
// downward: the kubelet would fail until it is gone. It is therefore worked out from the smaller of the
// limit that the pod's spec asks for and the quota that is there, and it is 0 while the two differ by more
// than systemd's rounding. Who else lowers a quota says so to nobody beforehand: units and plain cgroups,
// and pods whose spec nobody tells, get no burst.
#include "policy/decide.h"
#include "policy/decide_cpu.h"
#include "policy/decide_tree.h"
#include "policy/knob.h"

#define MILLI 1000u
/* systemd keeps a quota in hundredths of a CPU, rounded up. */
#define SYSTEMD_STEP_MILLI 10u
/* More CPUs than any node has; keeps the arithmetic far from overflow. */
#define LIMIT_MAX_MILLI 1000000000u
#define PERIOD_MAX_US 1000000u

/* What the kubelet writes for a limit. */
static uint64_t quota_of(uint64_t limit_milli, uint64_t period_us)
{
	uint64_t quota_us = limit_milli * period_us / MILLI;

	return quota_us < DECIDE_CPU_QUOTA_MIN_US ? DECIDE_CPU_QUOTA_MIN_US : quota_us;
}

/* The limit of its spec, known and usable; 0 where the pod gets no burst whatever its quota is. */
static uint64_t spec_milli(const struct pod *pod)
{
	const struct fact_u64 *spec = &pod->resources.cpu_spec_milli;

	if (pod->kind != POD_KUBERNETES || spec->state != FACT_KNOWN)
		return 0;
	return spec->value == KNOB_VALUE_MAX || spec->value <= LIMIT_MAX_MILLI ? spec->value : 0;
}

static bool agrees(uint64_t limit_milli, const struct knob_value *quota)
{
	uint64_t rounded =
		(limit_milli + SYSTEMD_STEP_MILLI - 1) / SYSTEMD_STEP_MILLI * SYSTEMD_STEP_MILLI;

	return limit_milli != KNOB_VALUE_MAX &&
	       quota->value >= quota_of(limit_milli, quota->period_us) &&
	       quota->value <= quota_of(rounded, quota->period_us);
}

/* *ret_reason: why it is that much. */
static uint64_t burst_us(const struct plan *plan, const struct decide_node *node,
			 const struct knob_value *quota, uint32_t permille,
			 struct reason *ret_reason)
{
	const struct plan_entry *own = plan_find(plan, node->cgroup, KNOB_CPU_MAX);
	uint64_t limit_milli = spec_milli(node->pod);
	uint64_t quota_milli = quota->value == KNOB_VALUE_MAX
				       ? KNOB_VALUE_MAX
				       : quota->value * MILLI / quota->period_us;

	*ret_reason = (struct reason){
		.code = REASON_BURST,
		.observed = quota_milli,
		.limit = permille,
	};
	if (own && own->effect == EFFECT_HOLD) {
		*ret_reason = (struct reason){.code = REASON_BURST_HELD};
		return 0;
	}
	if (quota->value == KNOB_VALUE_MAX && limit_milli == KNOB_VALUE_MAX) {
		*ret_reason = (struct reason){.code = REASON_BURST_NO_QUOTA};
		return 0;
	}
	if (quota->value == KNOB_VALUE_MAX || !agrees(limit_milli, quota)) {
		ret_reason->code = REASON_BURST_RESIZE;
		ret_reason->limit = limit_milli;
		return 0;
	}
	return quota_of(limit_milli, quota->period_us) * permille / MILLI;
}

static int decide_pod(struct plan *plan, const struct decide_node *node, uint32_t permille)
{
	const struct knob_value *quota = decide_tree_base(node->cgroup, KNOB_CPU_MAX);
	const struct knob_state *s = &node->cgroup->knobs[KNOB_CPU_MAX_BURST];
	struct reason reason;
	uint64_t want;

	if (!decide_tree_has(node->cgroup, KNOB_CPU_MAX_BURST) || spec_milli(node->pod) == 0 ||
	    quota->state != KNOB_KNOWN || quota->period_us == 0 || quota->period_us > PERIOD_MAX_US)
		return 0;
	/* One of LIMIT_MAX_MILLI and the longest period still fits. */
	if (quota->value != KNOB_VALUE_MAX && quota->value > LIMIT_MAX_MILLI * (uint64_t)MILLI)
		return 0;
	want = burst_us(plan, node, quota, permille, &reason);
	/* Somebody else's burst is not colod's to take away. */
	if (want == 0 && !s->owned && s->now.value != 0)
		return 0;
	return decide_tree_add(plan, node, KNOB_CPU_MAX_BURST, EFFECT_SHARE, knob_value_of(want),
			       &reason);
}

int decide_cpu_burst(const struct decide_input *in, struct plan *plan)
{
	const struct decide_tree *t = plan->tree;

	for (size_t i = 0; i < in->model->n_pods; i++) {
		const struct decide_node *node = decide_tree_pod(t, i);
		const struct assignment *a = plan_assignment(plan, in->model->pods[i]);
		uint32_t permille;
		int r;

		if (!node || node->parent == DECIDE_NONE || a->state != ASSIGNMENT_LEVEL)
			continue;
		permille = in->policy->levels[a->level].cpu.burst_permille;
		if (permille == 0)
			continue;
		r = decide_pod(plan, node, permille);
		if (r < 0)
			return r;
	}
	return 0;
}
