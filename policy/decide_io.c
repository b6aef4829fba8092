// SPDX-License-Identifier: LGPL-2.1-or-later
// io.weight by level, and io.bfq.weight where BFQ is loaded: it heeds no other. Weight compares siblings only: a pod needs one where it has neighbours of
// another level, a class so that it is worth its best pod. Above the Kubernetes root nothing is
// raised: that would weigh pods against the system's own services.
#include "policy/decide.h"
#include "policy/decide_tree.h"
#include "policy/knob.h"
#include "policy/who.h"

static const enum knob knobs[] = {KNOB_IO_WEIGHT, KNOB_IO_BFQ_WEIGHT};

#define N_KNOBS (sizeof(knobs) / sizeof(knobs[0]))

static bool is_one_bit(uint32_t bits)
{
	return (bits & (bits - 1)) == 0;
}

/* Children of more than one kind: levels, processes of no pod, pods whose level is open. */
static bool is_shared(const struct decide_node *node)
{
	return !is_one_bit(node->levels) || node->others || node->waiting + node->unmatched > 0;
}

/* The largest weight of the levels below; 0 where the policy gives none of them one. */
static uint32_t largest(const struct decide_input *in, const struct decide_node *node)
{
	uint32_t weight = 0;

	for (int i = 0; i < LEVEL_COUNT; i++)
		if ((node->levels & (1u << i)) && in->policy->levels[i].io.weight > weight)
			weight = in->policy->levels[i].io.weight;
	return weight;
}

/* A pod below whose level says nothing of IO keeps what it has, and its class with it. */
static bool has_keeper(const struct decide_input *in, const struct decide_node *node)
{
	for (int i = 0; i < LEVEL_COUNT; i++)
		if ((node->levels & (1u << i)) && in->policy->levels[i].io.weight == 0)
			return true;
	return false;
}

/* The reason says the policy's weight, whatever numbers the knob has. */
static int add(struct plan *plan, const struct decide_node *node, enum knob knob, uint32_t weight,
	       const struct reason *reason)
{
	return decide_tree_add(plan, node, knob, EFFECT_SHARE,
			       knob_value_of(knob_io_weight(knob, weight)), reason);
}

static int decide_pod(const struct decide_input *in, struct plan *plan,
		      const struct decide_node *node, enum knob knob)
{
	const struct assignment *a = plan_assignment(plan, node->pod);
	uint32_t weight = in->policy->levels[a->level].io.weight;
	struct reason reason = {.code = REASON_IO_LEVEL, .limit = weight};

	if (weight == 0 || !is_shared(&plan->tree->nodes[node->parent]))
		return 0;
	return add(plan, node, knob, weight, &reason);
}

/* A QoS class, or the highest cgroup that holds offline pods only. */
static bool is_class(const struct decide_tree *t, const struct decide_node *node)
{
	if (node->in_pod || node->blocked || node->parent == DECIDE_NONE)
		return false;
	return node->cgroup->kind == CGROUP_QOS ||
	       (decide_tree_all_offline(node) && !decide_tree_all_offline(&t->nodes[node->parent]));
}

static int decide_class(const struct decide_input *in, struct plan *plan,
			const struct decide_node *node, enum knob knob)
{
	const struct knob_value *before = decide_tree_base(node->cgroup, knob);
	uint32_t weight = largest(in, node);
	struct reason reason = {
		.code = REASON_IO_CLASS,
		.limit = weight,
		.extra = node->online + node->offline,
	};

	if (weight == 0)
		return 0;
	/* A pod whose level is open, or a process of no pod, may be worth more: never lowered. */
	if ((node->waiting + node->unmatched > 0 || node->others || has_keeper(in, node)) &&
	    before->state == KNOB_KNOWN && knob_io_weight(knob, weight) < before->value)
		return 0;
	who_set_pod(&reason, in->model,
		    node->online > 0 ? node->first_online : node->first_offline);
	return add(plan, node, knob, weight, &reason);
}

static int decide_node(const struct decide_input *in, struct plan *plan,
		       const struct decide_node *node)
{
	bool is_pod = node->pod && !node->blocked && node->parent != DECIDE_NONE;
	int r = 0;

	if (!is_pod && !is_class(plan->tree, node))
		return 0;
	for (size_t i = 0; i < N_KNOBS && r == 0; i++)
		r = is_pod ? decide_pod(in, plan, node, knobs[i])
			   : decide_class(in, plan, node, knobs[i]);
	return r;
}

int decide_io(const struct decide_input *in, struct plan *plan)
{
	const struct decide_tree *t = plan->tree;

	if (!model_can(in->model, CAPABILITY_IO_WEIGHT))
		return 0;
	for (size_t i = 0; i < t->n_nodes; i++) {
		int r = decide_node(in, plan, &t->nodes[i]);

		if (r < 0)
			return r;
	}
	return 0;
}
