// SPDX-License-Identifier: LGPL-2.1-or-later
// See decide_tree.h. Linear in cgroups: parents come before their children in the model, so one
// walk forwards hands things down and one backwards sums them up.
#include "policy/decide_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/decide.h"
#include "policy/knob.h"

static size_t start(const struct decide_tree *t, const struct cgroup *cg)
{
	uint64_t h = (uint64_t)(uintptr_t)cg >> 4;

	return (size_t)((h * 0x9e3779b97f4a7c15ull) >> 32) & (t->n_index - 1);
}

/* The slot that holds this cgroup's node, or the empty one where it belongs. */
static uint32_t *slot_of(const struct decide_tree *t, const struct cgroup *cg)
{
	size_t at = start(t, cg);

	while (t->index[at] != DECIDE_NONE && t->nodes[t->index[at]].cgroup != cg)
		at = (at + 1) & (t->n_index - 1);
	return &t->index[at];
}

static int reserve(struct decide_tree *t, size_t n_cgroups, size_t n_pods)
{
	if (n_cgroups > t->cap_nodes) {
		size_t cap = 64;
		struct decide_node *nodes;
		uint32_t *index;

		while (cap < n_cgroups)
			cap *= 2;
		nodes = reallocarray(t->nodes, cap, sizeof(*nodes));
		if (!nodes)
			return -ENOMEM;
		t->nodes = nodes;
		index = reallocarray(t->index, cap * 2, sizeof(*index));
		if (!index)
			return -ENOMEM;
		t->index = index;
		t->n_index = cap * 2;
		t->cap_nodes = cap;
	}
	if (n_pods > t->cap_pods) {
		uint32_t *of_pod = reallocarray(t->of_pod, n_pods * 2, sizeof(*of_pod));

		if (!of_pod)
			return -ENOMEM;
		t->of_pod = of_pod;
		t->cap_pods = n_pods * 2;
	}
	return 0;
}

static void add_nodes(struct decide_tree *t, const struct model *model)
{
	t->n_nodes = 0;
	memset(t->index, 0xff, t->n_index * sizeof(*t->index));
	for (size_t i = 0; i < model->n_cgroups; i++) {
		struct cgroup *cg = model->cgroups[i];

		t->nodes[i] = (struct decide_node){
			.cgroup = cg,
			.parent = cg->parent ? *slot_of(t, cg->parent) : DECIDE_NONE,
			.first_online = DECIDE_NONE,
			.first_offline = DECIDE_NONE,
		};
		*slot_of(t, cg) = (uint32_t)i;
		t->n_nodes++;
	}
}

static void count_decided(struct decide_node *node, const struct policy *policy,
			  const struct assignment *a, uint32_t pod)
{
	bool asks = node->pod->kind == POD_KUBERNETES && node->pod->qos != QOS_BESTEFFORT;

	node->levels = 1u << a->level;
	if (a->role == ROLE_ONLINE) {
		node->online = 1;
		node->first_online = pod;
		return;
	}
	node->offline = 1;
	node->first_offline = pod;
	node->holdable = a->may_hold && policy->levels[a->level].cpu.squeeze;
	node->boundable = a->may_hold && policy->levels[a->level].io.squeeze;
	node->requesting = asks;
}

static void add_pods(struct decide_tree *t, const struct model *model, const struct policy *policy,
		     const struct plan *plan)
{
	for (size_t i = 0; i < model->n_pods; i++) {
		const struct pod *pod = model->pods[i];
		const struct assignment *a = plan_assignment(plan, pod);
		struct decide_node *node;

		t->of_pod[i] = pod->cgroup ? *slot_of(t, pod->cgroup) : DECIDE_NONE;
		if (t->of_pod[i] == DECIDE_NONE)
			continue;
		node = &t->nodes[t->of_pod[i]];
		node->pod = pod;
		if (a->state == ASSIGNMENT_LEVEL)
			count_decided(node, policy, a, (uint32_t)i);
		else if (a->state == ASSIGNMENT_WAITING)
			node->waiting = 1;
		else
			node->unmatched = 1;
	}
}

static void hand_down(struct decide_tree *t)
{
	for (size_t i = 0; i < t->n_nodes; i++) {
		struct decide_node *node = &t->nodes[i];
		const struct decide_node *parent =
			node->parent == DECIDE_NONE ? NULL : &t->nodes[node->parent];

		node->in_pod = node->pod || (parent && parent->in_pod);
		node->blocked = node->waiting + node->unmatched > 0 || (parent && parent->blocked);
	}
}

static uint32_t first(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static void sum_up(struct decide_tree *t)
{
	for (size_t i = t->n_nodes; i-- > 0;) {
		struct decide_node *node = &t->nodes[i], *parent;

		if (node->cgroup->populated && !node->in_pod &&
		    node->online + node->offline + node->waiting + node->unmatched == 0)
			node->others = true;
		/* Whoever has no object may be anybody. */
		if (node->cgroup->hidden && !node->in_pod)
			node->others = true;
		if (node->parent == DECIDE_NONE)
			continue;
		parent = &t->nodes[node->parent];
		parent->online += node->online;
		parent->offline += node->offline;
		parent->waiting += node->waiting;
		parent->unmatched += node->unmatched;
		parent->holdable += node->holdable;
		parent->boundable += node->boundable;
		parent->requesting += node->requesting;
		parent->levels |= node->levels;
		parent->others |= node->others;
		parent->first_online = first(parent->first_online, node->first_online);
		parent->first_offline = first(parent->first_offline, node->first_offline);
	}
}

int decide_tree_build(const struct model *model, const struct policy *policy, struct plan *plan)
{
	int r;

	if (!plan->tree) {
		plan->tree = calloc(1, sizeof(*plan->tree));
		if (!plan->tree)
			return -ENOMEM;
	}
	r = reserve(plan->tree, model->n_cgroups, model->n_pods);
	if (r < 0)
		return r;
	if (plan->tree->n_index == 0)
		return 0; /* an empty model */
	add_nodes(plan->tree, model);
	add_pods(plan->tree, model, policy, plan);
	hand_down(plan->tree);
	sum_up(plan->tree);
	return 0;
}

void decide_tree_free(struct decide_tree *tree)
{
	if (!tree)
		return;
	free(tree->nodes);
	free(tree->of_pod);
	free(tree->index);
	free(tree);
}

bool decide_tree_all_offline(const struct decide_node *node)
{
	return node->parent != DECIDE_NONE && !node->blocked && node->offline > 0 &&
	       node->online + node->waiting + node->unmatched == 0 && !node->others;
}

bool decide_tree_kept(const struct decide_node *node)
{
	const struct knob_state *knobs = node->cgroup->knobs;

	return node->parent != DECIDE_NONE && !node->blocked && !node->pod && node->offline > 0 &&
	       node->waiting > 0 && node->online + node->unmatched == 0 && !node->others &&
	       (knobs[KNOB_CPU_WEIGHT].owned || knobs[KNOB_CPU_IDLE].owned);
}

bool decide_tree_is_online(const struct decide_node *node)
{
	return node->online > 0 || node->others;
}

/* What an idle group's weight reads as says nothing: 0 on 6.1, 1 later. Apply keeps the weight
 * from before as an original, unless it was the default, which the kernel gives back by itself. */
static const struct knob_value *weight_under_idle(const struct knob_state *knobs)
{
	static const struct knob_value after_idle = {.state = KNOB_KNOWN, .value = 100};
	const struct knob_state *weight = &knobs[KNOB_CPU_WEIGHT];

	if (weight->now.state != KNOB_KNOWN)
		return &weight->now;
	if (weight->owned)
		return &weight->original;
	return knobs[KNOB_CPU_IDLE].owned ? &after_idle : &weight->now;
}

const struct knob_value *decide_tree_base(const struct cgroup *cgroup, enum knob knob)
{
	const struct knob_state *s = &cgroup->knobs[knob];
	const struct knob_value *idle = &cgroup->knobs[KNOB_CPU_IDLE].now;

	if (knob == KNOB_CPU_WEIGHT && idle->state == KNOB_KNOWN && idle->value == 1)
		return weight_under_idle(cgroup->knobs);
	if (s->original.state == KNOB_KNOWN && knob_is_colods(knob, s))
		return &s->original;
	return &s->now;
}

int decide_tree_add(struct plan *plan, const struct decide_node *node, enum knob knob,
		    enum effect effect, struct knob_value want, const struct reason *reason)
{
	struct plan_entry e = {
		.cgroup = node->cgroup,
		.knob = knob,
		.effect = effect,
		.want = want,
		.reason = *reason,
	};

	if (!decide_tree_has(node->cgroup, knob))
		return 0;
	e.reason.level = LEVEL_NONE;
	e.reason.rule = -1;
	if (node->pod) {
		const struct assignment *a = plan_assignment(plan, node->pod);

		e.reason.level = a->level;
		e.reason.rule = a->ordered ? -1 : a->rule;
	}
	return plan_add(plan, &e);
}

struct decide_node *decide_tree_pod(const struct decide_tree *tree, size_t pod)
{
	struct decide_node *node;

	if (tree->of_pod[pod] == DECIDE_NONE)
		return NULL;
	node = &tree->nodes[tree->of_pod[pod]];
	return node->blocked ? NULL : node;
}

static struct decide_subtree count(const struct plan *plan, const struct cgroup *cg, bool in_pod)
{
	struct decide_subtree sum = {0};
	bool is_pod = cg->pod && cg->pod->cgroup == cg;

	if (is_pod) {
		const struct assignment *a = plan_assignment(plan, cg->pod);

		in_pod = true;
		if (a->state != ASSIGNMENT_LEVEL)
			sum.undecided++;
		else if (a->role == ROLE_OFFLINE)
			sum.offline++;
		else
			sum.online++;
	}
	for (const struct cgroup *c = cg->first_child; c; c = c->next_sibling) {
		struct decide_subtree below = count(plan, c, in_pod);

		sum.online += below.online;
		sum.offline += below.offline;
		sum.undecided += below.undecided;
		sum.others |= below.others;
	}
	if (cg->populated && !in_pod && sum.online + sum.offline + sum.undecided == 0)
		sum.others = true;
	if (cg->hidden && !in_pod)
		sum.others = true;
	return sum;
}

struct decide_subtree decide_subtree(const struct plan *plan, const struct cgroup *cgroup)
{
	for (const struct cgroup *up = cgroup->parent; up; up = up->parent)
		if (up->pod && up->pod->cgroup == up)
			return count(plan, cgroup, true);
	return count(plan, cgroup, false);
}
