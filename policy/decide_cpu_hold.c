// SPDX-License-Identifier: LGPL-2.1-or-later
// The CPU hold: the ladder, or a calibration, says how much all offline work together may use, this file says where
// that quota is written and how it is divided. Must never touch a cgroup with an online pod, or one
// whose level is open, anywhere below it.
//
// What it costs, by test_hold_writes (an hour of load that is never twice the same, 8 CPUs, up to two
// passes a second): 36 writes of cpu.max a minute for one class, 61 in the worst; 273 and 503 for ten
// pods of a mixed class (9 and 49 where they are at the floor). With every change written it was 49 and
// 71, 444 and 705. A wider KEEP_PART saves more and costs offline work more: with a third it was 27,
// and a tenth of its quota.
#include "policy/decide_cpu.h"

#include "policy/calibrate.h"
#include "policy/cpu_use.h"
#include "policy/decide.h"
#include "policy/decide_tree.h"
#include "policy/knob.h"
#include "policy/ladder_cpu.h"

#define PERIOD_US DECIDE_CPU_PERIOD_US
#define MILLI_PER_CPU 1000u
#define DEMAND_WINDOW_US 2000000u

/* Each target gets a quarter of an equal share before demand is looked at: one that was at the
 * minimum could otherwise never show what it would use. */
#define EQUAL_PART 4u
/* A quota less than a sixth off its share stays: each write refills the group's runtime. */
#define KEEP_PART 6u
/* At the floor all together may lack so little of it: giving back each sliver would be a write. */
#define LACK_PART 32u

/* No counter that jumps makes a demand of more than the node. */
static uint64_t at_most(uint64_t limit, uint64_t value)
{
	return value < limit ? value : limit;
}

/* Every offline pod below may meet a quota, and nothing else lives there. */
static bool may_hold(const struct decide_node *node)
{
	return decide_tree_all_offline(node) && node->holdable == node->offline;
}

static bool is_target(const struct decide_tree *t, const struct decide_node *node)
{
	return may_hold(node) && !may_hold(&t->nodes[node->parent]) &&
	       decide_tree_has(node->cgroup, KNOB_CPU_MAX);
}

static uint32_t target_above(const struct decide_tree *t, uint32_t at)
{
	while (at != DECIDE_NONE && !is_target(t, &t->nodes[at]))
		at = t->nodes[at].parent;
	return at;
}

/* Whether an ancestor is a pod too, so that its use already contains this one's. */
static bool is_nested(const struct decide_tree *t, const struct decide_node *node)
{
	return node->parent != DECIDE_NONE && t->nodes[node->parent].in_pod;
}

/* CPU use of each target into its node's demand_milli; DECIDE_NO_DEMAND where a pod of it was not
 * measured. Returns how many targets there are. */
static size_t measure(const struct decide_input *in, struct decide_tree *t)
{
	uint64_t capacity = in->model->node.n_cpus * (uint64_t)MILLI_PER_CPU;
	size_t n = 0;

	for (size_t i = 0; i < t->n_nodes; i++) {
		t->nodes[i].demand_milli = 0;
		n += t->nodes[i].parent != DECIDE_NONE && is_target(t, &t->nodes[i]);
	}
	for (size_t i = 0; i < in->model->n_pods; i++) {
		uint32_t at = target_above(t, t->of_pod[i]);
		uint64_t milli;

		if (at == DECIDE_NONE || is_nested(t, &t->nodes[t->of_pod[i]]))
			continue;
		if (cpu_use_pod_milli(in->samples, in->model->pods[i], DEMAND_WINDOW_US, in->now_us,
				      &milli) < 0)
			t->nodes[at].demand_milli = DECIDE_NO_DEMAND;
		else if (t->nodes[at].demand_milli != DECIDE_NO_DEMAND)
			t->nodes[at].demand_milli = at_most(
				capacity, at_most(capacity, milli) + t->nodes[at].demand_milli);
	}
	return n;
}

/* Replaces what is not known by the mean of what is, and returns the sum of all. */
static uint64_t complete(struct decide_tree *t, size_t n)
{
	uint64_t sum = 0, known = 0, mean;

	for (size_t i = 0; i < t->n_nodes; i++) {
		if (t->nodes[i].parent == DECIDE_NONE || !is_target(t, &t->nodes[i]) ||
		    t->nodes[i].demand_milli == DECIDE_NO_DEMAND)
			continue;
		sum += t->nodes[i].demand_milli;
		known++;
	}
	mean = known > 0 ? sum / known : 0;
	for (size_t i = 0; i < t->n_nodes; i++)
		if (t->nodes[i].demand_milli == DECIDE_NO_DEMAND)
			t->nodes[i].demand_milli = mean;
	return sum + mean * (n - known);
}

static uint64_t share_us(const struct decide_node *node, uint64_t total_milli, uint64_t demand,
			 size_t n)
{
	uint64_t equal = total_milli / n / EQUAL_PART + 1, quota_us;

	if (n == 1)
		quota_us = total_milli * PERIOD_US / MILLI_PER_CPU;
	else
		quota_us = total_milli * (node->demand_milli + equal) / (demand + equal * n) *
			   PERIOD_US / MILLI_PER_CPU;
	return quota_us < DECIDE_CPU_QUOTA_MIN_US ? DECIDE_CPU_QUOTA_MIN_US : quota_us;
}

static bool is_near(uint64_t now_us, uint64_t share_us)
{
	uint64_t apart_us = now_us > share_us ? now_us - share_us : share_us - now_us;

	return apart_us <= now_us / KEEP_PART;
}

/* The quota of colod's that is there; 0: none. */
static uint64_t held_us(const struct cgroup *cg)
{
	const struct knob_state *s = &cg->knobs[KNOB_CPU_MAX];

	if (!s->owned || !s->held || s->now.state != KNOB_KNOWN || s->now.period_us != PERIOD_US ||
	    s->now.value != s->written.value)
		return 0;
	return s->now.value;
}

static void cut(struct decide_tree *t, uint64_t sum_us, uint64_t most_us)
{
	for (size_t i = 0; i < t->n_nodes && sum_us > most_us; i++) {
		struct decide_node *node = &t->nodes[i];

		if (!node->held || node->quota_us <= node->share_us)
			continue;
		sum_us -= node->quota_us - node->share_us;
		node->quota_us = node->share_us;
	}
}

static void raise(struct decide_tree *t, uint64_t sum_us, uint64_t least_us)
{
	for (size_t i = 0; i < t->n_nodes && sum_us < least_us; i++) {
		struct decide_node *node = &t->nodes[i];
		uint64_t more_us;

		if (!node->held || node->quota_us >= node->share_us)
			continue;
		more_us = at_most(least_us - sum_us, node->share_us - node->quota_us);
		sum_us += more_us;
		node->quota_us += more_us;
	}
}

/* What all offline work together may use, and why. */
struct bound {
	bool on;
	uint64_t milli;
	struct reason reason;
};

static struct bound bound_of(const struct decide_input *in, const struct plan *plan)
{
	const struct ladder *ladder = &in->ladders->of[RESOURCE_CPU];
	struct bound bound = {.on = ladder->rung != RUNG_CALM || in->model->calibrating_us > 0};

	if (ladder->rung != RUNG_CALM) {
		bound.milli = ladder->quota_cpu_milli;
		bound.reason = ladder->reason;
	} else if (bound.on) {
		bound.milli = ladder_cpu_floor_milli(in->model, in->policy, plan);
		bound.reason = (struct reason){
			.code = REASON_CALIBRATE,
			.level = LEVEL_NONE,
			.rule = -1,
			.for_us = CALIBRATE_HOLD_US,
		};
	}
	return bound;
}

/* Which of the quotas that are there stay: those near their share, as long as all together do not
 * exceed what may be used now, nor, at the floor, fall short of it. So a cut is never put off; at
 * most others bear it. */
static void divide(const struct bound *bound, struct decide_tree *t, uint64_t demand, size_t n)
{
	uint64_t total_milli = bound->milli;
	uint64_t total_us = total_milli * PERIOD_US / MILLI_PER_CPU, shares_us = 0, sum_us = 0;

	for (size_t i = 0; i < t->n_nodes; i++) {
		struct decide_node *node = &t->nodes[i];
		uint64_t now_us;

		node->held = node->parent != DECIDE_NONE && is_target(t, node);
		if (!node->held)
			continue;
		node->share_us = share_us(node, total_milli, demand, n);
		now_us = held_us(node->cgroup);
		node->quota_us = is_near(now_us, node->share_us) ? now_us : node->share_us;
		shares_us += node->share_us;
		sum_us += node->quota_us;
	}
	/* Many that get a millisecond each may be more than there is. */
	if (shares_us > total_us)
		total_us = shares_us;
	if (sum_us > total_us)
		cut(t, sum_us, total_us);
	else if (bound->reason.code == REASON_SQUEEZE_FLOOR &&
		 sum_us < total_us - total_us / LACK_PART)
		raise(t, sum_us, total_us);
}

bool decide_cpu_is_tighter(const struct knob_value *max, uint64_t quota_us)
{
	uint64_t scaled;

	if (max->state != KNOB_KNOWN || max->value == KNOB_VALUE_MAX || max->period_us == 0 ||
	    __builtin_mul_overflow(max->value, (uint64_t)PERIOD_US, &scaled))
		return false;
	return scaled / max->period_us <= quota_us;
}

/* What somebody else set, or the pod's own limit in the plan, allows no more. */
static bool is_met(const struct plan *plan, const struct decide_node *node, uint64_t quota_us)
{
	const struct plan_entry *standing = plan_find(plan, node->cgroup, KNOB_CPU_MAX);

	return decide_cpu_is_tighter(decide_tree_base(node->cgroup, KNOB_CPU_MAX), quota_us) ||
	       (standing && decide_cpu_is_tighter(&standing->want, quota_us));
}

static int hold(const struct decide_input *in, struct plan *plan, const struct decide_node *node,
		struct reason reason)
{
	uint64_t capacity_us = in->model->node.n_cpus * (uint64_t)PERIOD_US;
	uint64_t quota_us = node->quota_us;

	if (is_met(plan, node, quota_us))
		return 0;
	/* This cgroup's part, not the whole. */
	reason.extra = cpu_use_permille(quota_us, capacity_us);
	return decide_tree_add(plan, node, KNOB_CPU_MAX, EFFECT_HOLD,
			       knob_value_quota(quota_us, PERIOD_US), &reason);
}

int decide_cpu_hold_at(struct plan *plan, const struct decide_node *node, uint64_t quota_us,
		       struct reason reason)
{
	uint64_t us = quota_us < DECIDE_CPU_QUOTA_MIN_US ? DECIDE_CPU_QUOTA_MIN_US : quota_us;

	if (is_met(plan, node, us))
		return 0;
	return decide_tree_add(plan, node, KNOB_CPU_MAX, EFFECT_HOLD,
			       knob_value_quota(us, PERIOD_US), &reason);
}

int decide_cpu_hold(const struct decide_input *in, struct plan *plan)
{
	const struct bound bound = bound_of(in, plan);
	struct decide_tree *t = plan->tree;
	uint64_t demand;
	size_t n;

	if (!bound.on || !model_can(in->model, CAPABILITY_CPU_MAX))
		return 0;
	n = measure(in, t);
	if (n == 0)
		return 0;
	demand = complete(t, n);
	divide(&bound, t, demand, n);
	for (size_t i = 0; i < t->n_nodes; i++) {
		const struct decide_node *node = &t->nodes[i];
		int r;

		if (!node->held)
			continue;
		r = hold(in, plan, node, bound.reason);
		if (r < 0)
			return r;
	}
	return 0;
}
