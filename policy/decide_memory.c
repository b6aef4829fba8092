// SPDX-License-Identifier: LGPL-2.1-or-later
// memory.min and low: what pods were promised, covered by every cgroup above them (a parent with 0
// gives its children 0). memory.high: the static bound on offline pods. Must never lower a
// protection, nor raise a bound, that somebody else set.

#include "policy/decide.h"
#include "policy/decide_memory_freeze.h"
#include "policy/decide_memory_hold.h"
#include "policy/decide_memory_oom.h"
#include "policy/decide_memory_reclaim.h"
#include "policy/decide_tree.h"
#include "policy/knob.h"
#include "policy/memory_strict.h"
#include "policy/rule.h"

/* At least this part of the node is promised to nobody: the kernel and everything without a pod
 * live there. */
#define UNPROMISED_PART 10u
#define PERMILLE 1000u
/* For each unit that the node cannot work without: this, and at most that part of a small node. */
#define SYSTEM_BYTES ((uint64_t)256 << 20)
#define OWN_BYTES ((uint64_t)32 << 20)
#define SYSTEM_PART 16u
#define PAGE_BYTES_DEFAULT 4096u

enum { MIN, LOW };
static const enum knob knobs[] = {[MIN] = KNOB_MEMORY_MIN, [LOW] = KNOB_MEMORY_LOW};

static uint64_t page_bytes(const struct decide_input *in)
{
	return in->model->node.page_bytes > 0 ? in->model->node.page_bytes : PAGE_BYTES_DEFAULT;
}

static uint64_t page_down(const struct decide_input *in, uint64_t bytes)
{
	return bytes - bytes % page_bytes(in);
}

/* Sums stay below the word "max". */
static uint64_t add_bytes(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) || sum == KNOB_VALUE_MAX ? KNOB_VALUE_MAX - 1
									   : sum;
}

/* bytes × permille ÷ 1000, rounded down. */
static uint64_t part_of(uint64_t bytes, uint64_t permille)
{
	uint64_t whole;

	if (permille > UINT32_MAX || __builtin_mul_overflow(bytes / PERMILLE, permille, &whole))
		return KNOB_VALUE_MAX - 1;
	return add_bytes(whole, bytes % PERMILLE * permille / PERMILLE);
}

/* What a protection that is there is worth: "max" protects what the node has. */
static uint64_t present(const struct decide_input *in, const struct cgroup *cg, enum knob knob)
{
	const struct knob_value *v = decide_tree_base(cg, knob);

	if (v->state != KNOB_KNOWN)
		return 0;
	return v->value == KNOB_VALUE_MAX ? in->model->node.memory_bytes : v->value;
}

static bool is_finite_limit(const struct fact_u64 *limit)
{
	return fact_has_value(limit) && limit->value != KNOB_VALUE_MAX;
}

/* Node allocatable: what the kubelet gave to all pods, else all there is. */
static uint64_t allocatable(const struct decide_input *in)
{
	uint64_t total = in->model->node.memory_bytes;

	for (size_t i = 0; i < in->model->n_cgroups; i++) {
		const struct cgroup *cg = in->model->cgroups[i];
		const struct knob_value *max = &cg->knobs[KNOB_MEMORY_MAX].now;

		if (cg->kind == CGROUP_KUBEPODS && max->state == KNOB_KNOWN && max->value > 0 &&
		    max->value < total)
			total = max->value;
	}
	return total;
}

/* What a level promises to one pod, page-aligned; 0 for nothing. */
static uint64_t promise(const struct decide_input *in, const struct pod *pod,
			const struct amount *amount, struct reason *reason)
{
	const struct fact_u64 *request = &pod->resources.memory_request_bytes;
	const struct fact_u64 *limit = &pod->resources.memory_limit_bytes;

	switch (amount->kind) {
	case AMOUNT_BYTES:
		*reason = (struct reason){.code = REASON_MEMORY_FIXED, .limit = amount->value};
		return page_down(in, amount->value);
	case AMOUNT_REQUEST:
		/* Of the derived requests only a Guaranteed pod's is sure: it is its limit. */
		if (request->state != FACT_KNOWN &&
		    !(request->state == FACT_DERIVED && pod->qos == QOS_GUARANTEED))
			return 0;
		*reason = (struct reason){
			.code = REASON_MEMORY_REQUEST,
			.observed = request->value,
		};
		return page_down(in, request->value);
	case AMOUNT_PERMILLE_OF_LIMIT:
		if (!is_finite_limit(limit))
			return 0;
		*reason = (struct reason){
			.code = REASON_MEMORY_OF_LIMIT,
			.observed = limit->value,
			.limit = amount->value,
		};
		return page_down(in, part_of(limit->value, amount->value));
	case AMOUNT_HEADROOM: /* of memory.high alone */
	case AMOUNT_NONE:
	default:
		return 0;
	}
}

/* Adds a promise where it is more than what is there, and counts it into the node. */
static int protect(const struct decide_input *in, struct plan *plan, struct decide_node *node,
		   int which, uint64_t bytes, const struct reason *reason)
{
	if (bytes == 0 || bytes < present(in, node->cgroup, knobs[which]) ||
	    bytes < node->need[which])
		return 0;
	node->need[which] = bytes;
	node->need_pods[which] = 1;
	return decide_tree_add(plan, node, knobs[which], EFFECT_PROTECTION, knob_value_of(bytes),
			       reason);
}

/* Kubelet, runtime and colod, which the built-in rules match: nobody tells a request of them. Low, so
 * that they cannot drive anybody out of memory; but for colod, whose own unit asks for a memory.min that
 * is worth nothing until the slice above covers it. */
static int protect_system(const struct decide_input *in, struct plan *plan)
{
	for (size_t i = 0; i < in->model->n_pods; i++) {
		struct decide_node *node = decide_tree_pod(plan->tree, i);
		uint64_t bytes = in->model->node.memory_bytes / SYSTEM_PART;
		struct reason reason = {.code = REASON_MEMORY_SYSTEM};
		bool own;
		int32_t rule;
		int r;

		if (!node)
			continue;
		rule = plan_assignment(plan, node->pod)->rule;
		if (rule < 0 || (size_t)rule >= in->policy->n_rules ||
		    !in->policy->rules[rule].built_in)
			continue;
		own = rule_is_own(node->cgroup->name);
		if (bytes > (own ? OWN_BYTES : SYSTEM_BYTES))
			bytes = own ? OWN_BYTES : SYSTEM_BYTES;
		reason.limit = page_down(in, bytes);
		r = protect(in, plan, node, own ? MIN : LOW, reason.limit, &reason);
		if (r < 0)
			return r;
	}
	return 0;
}

static int protect_low(const struct decide_input *in, struct plan *plan)
{
	for (size_t i = 0; i < in->model->n_pods; i++) {
		struct decide_node *node = decide_tree_pod(plan->tree, i);
		const struct pod *pod = in->model->pods[i];
		const struct amount *low;
		struct reason reason;
		uint64_t bytes;
		int r;

		if (!node)
			continue;
		low = &in->policy->levels[plan_assignment(plan, pod)->level].memory.low;
		bytes = promise(in, pod, low, &reason);
		r = protect(in, plan, node, LOW, bytes, &reason);
		if (r < 0)
			return r;
	}
	return 0;
}

/* What the node can promise as memory.min: all but a tenth, or what the kubelet keeps back from
 * pods if that is more, less what others were promised already. */
static uint64_t promisable(const struct decide_input *in, const struct plan *plan)
{
	uint64_t total = in->model->node.memory_bytes, keep = total / UNPROMISED_PART;
	uint64_t reserved = total - allocatable(in), others = 0;

	for (size_t i = 0; i < plan->tree->n_nodes; i++) {
		const struct decide_node *node = &plan->tree->nodes[i];
		bool is_top = node->parent == 0;
		bool has_pods = node->levels != 0 || node->waiting + node->unmatched > 0;

		/* Each pod, and each cgroup at the top that holds none. */
		if (node->pod || (is_top && !has_pods))
			others = add_bytes(others, present(in, node->cgroup, KNOB_MEMORY_MIN));
	}
	keep = add_bytes(keep > reserved ? keep : reserved, others);
	return keep < total ? total - keep : 0;
}

/* One pod's min out of what is left. What does not fit becomes low: all of it, since low counts
 * from 0, as min does. */
static int protect_min_pod(const struct decide_input *in, struct plan *plan,
			   struct decide_node *node, uint64_t bound, uint64_t *left)
{
	const struct amount *amount =
		&in->policy->levels[plan_assignment(plan, node->pod)->level].memory.min;
	uint64_t before = present(in, node->cgroup, KNOB_MEMORY_MIN), fits;
	struct reason reason;
	uint64_t bytes = promise(in, node->pod, amount, &reason);
	int r;

	if (bytes < before || bytes == 0)
		return 0;
	/* What is there already was counted as somebody's, so only the rest is taken. */
	fits = bytes - before <= *left ? bytes : page_down(in, add_bytes(before, *left));
	if (fits < bytes)
		reason = (struct reason){
			.code = REASON_MEMORY_BOUND,
			.observed = bytes,
			.limit = bound,
		};
	if (fits > before)
		*left -= fits - before;
	r = protect(in, plan, node, MIN, fits, &reason);
	if (r < 0 || fits == bytes)
		return r;
	return protect(in, plan, node, LOW, bytes, &reason);
}

/* By level, then by path: the lowest level loses first, within a level the last path. */
static int protect_min(const struct decide_input *in, struct plan *plan)
{
	uint64_t bound = promisable(in, plan), left = bound;

	for (int level = 0; level < LEVEL_COUNT; level++) {
		for (size_t i = 0; i < in->model->n_pods; i++) {
			struct decide_node *node = decide_tree_pod(plan->tree, i);
			int r;

			if (!node || plan_assignment(plan, node->pod)->level != (enum level)level)
				continue;
			r = protect_min_pod(in, plan, node, bound, &left);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* One cgroup above protected pods gets the sum of its children, never less than it has. */
static int cover(const struct decide_input *in, struct plan *plan, struct decide_node *node,
		 int which)
{
	struct reason reason = {
		.code = REASON_MEMORY_CHILDREN,
		.observed = node->children_need[which],
		.extra = node->children_pods[which],
	};

	if (node->children_pods[which] == 0 || node->blocked ||
	    node->children_need[which] < node->need[which] ||
	    node->children_need[which] < present(in, node->cgroup, knobs[which]))
		return 0;
	node->need[which] = node->children_need[which];
	return decide_tree_add(plan, node, knobs[which], EFFECT_PROTECTION,
			       knob_value_of(node->need[which]), &reason);
}

static int cover_all(const struct decide_input *in, struct plan *plan)
{
	struct decide_tree *t = plan->tree;

	for (size_t i = t->n_nodes; i-- > 0;) {
		struct decide_node *node = &t->nodes[i], *parent;

		if (node->parent == DECIDE_NONE)
			continue;
		parent = &t->nodes[node->parent];
		for (int which = MIN; which <= LOW; which++) {
			uint64_t there = present(in, node->cgroup, knobs[which]);
			int r = cover(in, plan, node, which);

			if (r < 0)
				return r;
			/* Below a pod only the pod's own value counts, unless another pod is there. */
			if (parent->in_pod &&
			    node->need_pods[which] + node->children_pods[which] == 0)
				continue;
			parent->children_need[which] =
				add_bytes(parent->children_need[which],
					  node->need[which] > there ? node->need[which] : there);
			parent->children_pods[which] +=
				node->need_pods[which] + node->children_pods[which];
		}
	}
	return 0;
}

/* KEP-2570's memory.high: the request, and a part of what is left up to the limit (of the node, where
 * there is none). Nothing while either is not known. */
static uint64_t headroom(const struct decide_input *in, const struct pod *pod,
			 const struct amount *amount, uint64_t node_bytes, struct reason *reason)
{
	const struct fact_u64 *request = &pod->resources.memory_request_bytes;
	const struct fact_u64 *limit = &pod->resources.memory_limit_bytes;
	uint64_t top = is_finite_limit(limit) ? limit->value : node_bytes;
	uint64_t from = request->state == FACT_KNOWN ? request->value : 0;

	if (request->state == FACT_UNKNOWN || limit->state == FACT_UNKNOWN)
		return 0;
	from = from < top ? from : top;
	*reason = (struct reason){
		.code = REASON_MEMORY_HEADROOM,
		.observed = from,
		.limit = amount->value,
		.extra = top,
	};
	return page_down(in, from + part_of(top - from, amount->value));
}

static uint64_t high_of(const struct decide_input *in, const struct pod *pod,
			const struct amount *amount, uint64_t node_bytes, struct reason *reason)
{
	const struct fact_u64 *limit = &pod->resources.memory_limit_bytes;

	if (amount->kind == AMOUNT_HEADROOM)
		return headroom(in, pod, amount, node_bytes, reason);
	if (amount->kind != AMOUNT_PERMILLE_OF_LIMIT || is_finite_limit(limit))
		return promise(in, pod, amount, reason);
	/* Somebody should know the limit and has not told yet: nothing to act on. */
	if (limit->state == FACT_UNKNOWN)
		return 0;
	*reason = (struct reason){
		.code = REASON_MEMORY_OF_NODE,
		.observed = node_bytes,
		.limit = amount->value,
	};
	return page_down(in, part_of(node_bytes, amount->value));
}

/* Offline pods of which enough is known; online ones only where the policy gives their level a
 * high, and then nothing else may live below. */
static bool may_limit(const struct decide_node *node, const struct assignment *a)
{
	if (node->waiting + node->unmatched > 0)
		return false;
	if (a->role == ROLE_OFFLINE)
		return a->may_hold && node->online == 0;
	return node->pod->kind != POD_KUBERNETES || node->pod->facts_state == FACT_KNOWN;
}

/* An online pod: raised from what the policy asks for, so that it never crawls because of that. False where what it
 * uses is not known yet. */
static bool strict_high(const struct decide_input *in, const struct decide_node *node,
			uint64_t node_bytes, uint64_t *bytes, struct reason *reason)
{
	const struct fact_u64 *limit = &node->pod->resources.memory_limit_bytes;
	const struct knob_state *s = &node->cgroup->knobs[KNOB_MEMORY_HIGH];
	struct memory_strict strict = {
		.base_bytes = *bytes,
		.cap_bytes = page_down(in, is_finite_limit(limit) ? limit->value : node_bytes),
		/* Also while somebody has just written over it: systemd does, when it is told of the pod. */
		.had_bytes = s->owned ? s->written.value : 0,
		.page_bytes = page_bytes(in),
	};
	uint64_t permille = 0, span_us = 0;

	strict.stalls =
		memory_strict_stalls(in->samples, node->pod, in->now_us, &permille, &span_us);
	if (!memory_strict_used(in->samples, node->pod, in->now_us, &strict.used_bytes) &&
	    !s->owned)
		return false;
	*bytes = memory_strict_high(&strict);
	if (*bytes > strict.base_bytes)
		*reason = (struct reason){
			.code = strict.stalls ? REASON_MEMORY_LIFT : REASON_MEMORY_LIFTED,
			.observed = permille,
			.limit = strict.base_bytes,
			.for_us = span_us,
		};
	return true;
}

static int limit_high(const struct decide_input *in, struct plan *plan)
{
	uint64_t node_bytes = allocatable(in);

	for (size_t i = 0; i < in->model->n_pods; i++) {
		struct decide_node *node = decide_tree_pod(plan->tree, i);
		const struct assignment *a;
		const struct knob_value *there;
		struct reason reason = {.code = REASON_NONE};
		uint64_t bytes;
		int r;

		if (!node)
			continue;
		a = plan_assignment(plan, node->pod);
		if (!may_limit(node, a))
			continue;
		bytes = high_of(in, node->pod, &in->policy->levels[a->level].memory.high,
				node_bytes, &reason);
		if (reason.code == REASON_NONE)
			continue;
		if (bytes == 0)
			bytes = page_bytes(in);
		if (a->role == ROLE_ONLINE && !strict_high(in, node, node_bytes, &bytes, &reason))
			continue;
		there = decide_tree_base(node->cgroup, KNOB_MEMORY_HIGH);
		/* A tighter one that somebody else set stays. */
		if (there->state == KNOB_KNOWN && there->value < bytes)
			continue;
		r = decide_tree_add(plan, node, KNOB_MEMORY_HIGH, EFFECT_LIMIT,
				    knob_value_of(bytes), &reason);
		if (r < 0)
			return r;
	}
	return 0;
}

int decide_memory(const struct decide_input *in, struct plan *plan)
{
	struct decide_tree *t = plan->tree;
	int r;

	if (!model_can(in->model, CAPABILITY_MEMORY))
		return 0;
	for (size_t i = 0; i < t->n_nodes; i++)
		for (int which = MIN; which <= LOW; which++) {
			t->nodes[i].need[which] = 0;
			t->nodes[i].need_pods[which] = 0;
			t->nodes[i].children_need[which] = 0;
			t->nodes[i].children_pods[which] = 0;
		}
	r = protect_low(in, plan);
	if (r < 0)
		return r;
	r = protect_min(in, plan);
	if (r < 0)
		return r;
	r = protect_system(in, plan);
	if (r < 0)
		return r;
	r = cover_all(in, plan);
	if (r < 0)
		return r;
	r = limit_high(in, plan);
	if (r == 0)
		r = decide_memory_oom(in, plan);
	if (r == 0)
		r = decide_memory_hold(in, plan);
	if (r == 0)
		decide_memory_reclaim(in, plan);
	if (r == 0)
		r = decide_memory_freeze(in, plan);
	return r;
}
