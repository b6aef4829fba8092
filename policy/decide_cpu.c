// SPDX-License-Identifier: LGPL-2.1-or-later
// cpu.weight and cpu.idle: who yields to whom. Weight compares siblings only, so everything here
// asks "who are the siblings". Quotas are in decide_cpu_hold.c.
//
//  kubepods (online)              W = 2500 + 39: its online children
//  ├── burstable   2500 (online)
//  ├── pod-a         39 (online)
//  └── besteffort    all offline:  2539 / 50 = 50, where the kubelet wrote 1
//
// A sibling on CPUs of its own (cpu_place.h) shares no CPU time and is no part of W: with pod-a pinned to CPUs that
// besteffort may not use, W = 2500. Else a large pinned pod would lift offline work above a small online one.
#include "policy/decide_cpu.h"

#include "policy/cpu_place.h"
#include "policy/decide.h"
#include "policy/decide_cpu_sched.h"
#include "policy/decide_tree.h"
#include "policy/knob.h"
#include "policy/release.h"
#include "policy/who.h"

/*
 * Why 50:1 and not cpu.idle. Worst wait (ms) of an online 64-byte write for an inode lock that
 * offline work takes for 5 ms of CPU at a time, all CPUs full of online work; in brackets what the
 * offline work got, % of one CPU. make bench-cpu, 2 emulated CPUs, the worse of two runs, 2026-11-27; 7.3 one run, a day later.
 *
 *   online class of    100                                  2500
 *   kernel             6.1    6.12         7.3              6.1    6.12         7.3
 *   equal weights      55     13 (97)      31 (69)          88     47 (98)      26 (63)
 *   10000:1            69542  25435 (0.2)  67438 (0.1)      17180  13356 (0.3)  55170 (0)
 *   cpu.idle           5038   6547 (0.8)   4117 (0.2)       11652  20372 (0.1)  62114 (0)
 *   50:1               552    630 (5)      879 (2.1)        463    814 (5)      450 (2.2)
 *   1 ms per 20 ms     254    1492 (5)     0.9 (5)          316    985 (5)      66 (5)
 *   10 % per 20 ms     75     86 (20)      1.8 (20)         94     102 (20)     8 (20)
 *   50:1, on CPU 0     263    1432 (21)    285 (9)          4834   441 (19)     358 (9)
 *
 * What it costs beside a minute of full online load (6.12, the same two CPUs): a probe's p99 is 4.5 ms without offline work, 4.8 with
 * the kubelet's weights, 4.5 beside cpu.idle (which gives offline work 0.6 % of a CPU) and 5.2 here (4.0 to 4.6 %, 3.3 promised). On 7.3
 * 17 without, 8, 12 and 28 to 32 (4.5 to 6.0 %). Eight CPUs (6.12), one busy offline thread: 297 ms and 12 %, cpu.idle 2221 and 3; eight
 * threads: 553 ms and 11 %, cpu.idle 5451 and 5.
 *
 * What bounds the wait is the share that the holder really gets. Not taken: a quota at equal weight
 * (short waits where the kernel lets a throttled task leave its locks, but work that may run then
 * competes 1:1, and an idle node is held back: it is for the rung squeeze); CPUs of its own (the
 * whole weight comes to them: three times the share is lost there, for much the same wait); slices of its own (sched_setattr() for
 * each offline thread, 6.12, 3 or 4 rounds, p99 of nginx beside offline pods of its class: 4.0 to 6.7 ms with the kernel's own, 27 to 57 with
 * 100, 10 to 18 with 20, 3.7 to 7.0 with 1, 3.7 to 7.1 with 0.1, where a probe's p99 was 24 and 37 ms in two rounds of four and 1.1 and 1.7 in the others).
 *
 * Why nginx pays there (6.12, 11 rounds with the policy, fewer of the rest): which CPU it wakes up on. With the policy SCHED_IDLE on each offline thread and
 * the weight as it is (`scheduling: idle`, decide_cpu_sched.c), so that a CPU with only those is one to wake up on, it answers 2940 to 3043
 * requests with a p50 of 1.17 to 1.20 ms (weight alone 1679 to 3000, 1.2 to 2.1; cpu.idle 2982 to 3364, 1.13 to 1.18), and offline work
 * gets 51 to 62 % of a CPU (74 to 99; 43 to 57). Beside a minute of full online load a probe's p99 is 5.1 and 5.2 ms in two boots
 * (weight alone 8.9 and 10.3 in the one, 4.8 in the other; 5.1 and 4.5 without offline work), on 7.3 6.2 (11 and 17; 3.1 and 4.3; one boot), and
 * offline work has what its weight promises. Lock holders keep their
 * share: worst wait in ms of 2 or 3 runs with it and with the weight alone, weight 100: 6.1 278, 249; 6.12 695, 719 (cpu.idle 2533); 7.3 528, 764;
 * weight 2500: 497, 741; 527, 584 (22737); 346, 513. Opt-in, because it takes a capability that the unit leaves out.
 *
 * nginx's p99 does not fall: 5.3 to 7.9 ms with it beside offline pods of its class, a median of 6.7 (weight alone 3.6 to 6.1, 5.3; cpu.idle 4.1
 * to 5.0), 4.8 to 5.3 beside a slice (4.7 to 9.1; 2.3 to 3.7); 1.2 without offline work. Not preemption at its wake-up: 6.2
 * to 6.6 ms without RUN_TO_PARITY, 7.7 to 9.0 without PLACE_LAG. Nor the share: with it 5.3 to 6.9 ms at 50:1, 6.2 to
 * 7.7 at 200:1, 6.1 to 8.6 at 1000:1. What does was not found.
 */
#define RATIO_DEFAULT 50u
/* The kernel splits a group's weight over the CPUs it runs on: one busy offline thread brings all
 * of it to one CPU, and there online work must still win 10:1. Beside 313 on 8 full CPUs (6.12),
 * one thread at 313 / 50 got 14 % of its CPU and left the online loop there 80; at 313 / 80, 91. */
#define RATIO_PER_CPU 10u

#define WEIGHT_MIN 1u
#define WEIGHT_MAX 10000u

/* From here on an idle group's weight reads 1; before it read 0 (seen on 6.1), which a kubelet
 * refuses when it reads the weight of a pod back. */
#define IDLE_READS_ONE_MAJOR 6
#define IDLE_READS_ONE_MINOR 12

static uint64_t clamp_weight(uint64_t weight)
{
	if (weight < WEIGHT_MIN)
		return WEIGHT_MIN;
	return weight > WEIGHT_MAX ? WEIGHT_MAX : weight;
}

static int add(const struct decide_input *in, struct plan *plan, struct decide_node *node,
	       enum knob knob, uint64_t value, struct reason reason)
{
	/* A class is written because of the pods below: it names the first. */
	if (!node->pod && reason.who[0] == '\0')
		who_set_pod(&reason, in->model, node->first_offline);
	if (knob == KNOB_CPU_WEIGHT)
		node->weight = value;
	return decide_tree_add(plan, node, knob, EFFECT_SHARE, knob_value_of(value), &reason);
}

/* Whether a weight can be written: read, and not made idle by somebody else (EINVAL then). */
static bool takes_weight(const struct cgroup *cg)
{
	const struct knob_value *idle = decide_tree_base(cg, KNOB_CPU_IDLE);

	return decide_tree_has(cg, KNOB_CPU_WEIGHT) &&
	       !(idle->state == KNOB_KNOWN && idle->value == 1);
}

static bool is_mixed_class(const struct decide_node *node)
{
	return node->cgroup->kind == CGROUP_QOS && node->online > 0 && !node->blocked;
}

/* An offline BestEffort pod in a QoS class that holds an online pod too. */
static bool is_mixed_pod(const struct decide_tree *t, const struct decide_node *node)
{
	return node->pod && node->pod->qos == QOS_BESTEFFORT && decide_tree_all_offline(node) &&
	       is_mixed_class(&t->nodes[node->parent]);
}

/* A class whose pods wait for facts keeps its weight only where there is one to be given. */
static bool yields(const struct decide_tree *t, const struct decide_node *node)
{
	return decide_tree_all_offline(node) ||
	       (decide_tree_kept(node) && takes_weight(node->cgroup) &&
		t->nodes[node->parent].siblings_weight > 0);
}

/* The highest one that yields, and is weighed against its siblings. */
static bool is_yielding(const struct decide_tree *t, const struct decide_node *node)
{
	return yields(t, node) && !yields(t, &t->nodes[node->parent]) && !is_mixed_pod(t, node);
}

/* The smallest ratio of the offline levels below: a level that was promised more must not get
 * less because it shares a class with another. */
static uint64_t ratio_of(const struct decide_input *in, const struct decide_node *node)
{
	uint64_t ratio = UINT64_MAX, per_cpu = in->model->node.n_cpus * RATIO_PER_CPU;

	for (int i = 0; i < LEVEL_COUNT; i++) {
		const struct level_policy *level = &in->policy->levels[i];
		uint64_t own = level->cpu.yield == YIELD_RATIO ? level->cpu.yield_ratio : 0;

		if (!(node->levels & (1u << i)) || level->role != ROLE_OFFLINE)
			continue;
		if (own == 0)
			own = RATIO_DEFAULT;
		ratio = own < ratio ? own : ratio;
	}
	if (ratio == UINT64_MAX)
		ratio = RATIO_DEFAULT;
	return ratio > per_cpu ? ratio : per_cpu;
}

/* Every level below asks for idle. */
static bool wants_idle(const struct decide_input *in, const struct decide_node *node)
{
	for (int i = 0; i < LEVEL_COUNT; i++)
		if ((node->levels & (1u << i)) && in->policy->levels[i].cpu.yield != YIELD_IDLE)
			return false;
	return decide_tree_all_offline(node);
}

static bool can_idle(const struct decide_input *in, const struct decide_node *node)
{
	bool reads_one = release_at_least(in->model->node.kernel, IDLE_READS_ONE_MAJOR,
					  IDLE_READS_ONE_MINOR);

	if (!model_can(in->model, CAPABILITY_CPU_IDLE) ||
	    !decide_tree_has(node->cgroup, KNOB_CPU_IDLE))
		return false;
	return reads_one || node->requesting == 0;
}

/* A cgroupfs kubelet writes the weights of its own classes every minute, gets EINVAL from an idle
 * one, and then stops updating the others too. */
static bool is_kubelets_own(const struct decide_input *in, const struct decide_node *node)
{
	return in->model->driver == DRIVER_CGROUPFS &&
	       (node->cgroup->kind == CGROUP_QOS || node->cgroup->kind == CGROUP_KUBEPODS);
}

static int add_request_weight(const struct decide_input *in, struct plan *plan,
			      struct decide_node *node)
{
	const struct fact_u64 *request = &node->pod->resources.cpu_request_milli;
	struct reason reason = {.code = REASON_WEIGHT_REQUEST, .observed = request->value};

	/* A derived request came from this very weight: nothing to be gained. */
	if (request->state != FACT_KNOWN)
		return 0;
	return add(in, plan, node, KNOB_CPU_WEIGHT, decide_cpu_request_weight(request->value),
		   reason);
}

/* The level's weight; for a Kubernetes pod never above what its request says, and where that is
 * not known never above what is there. */
static int add_fixed_weight(const struct decide_input *in, struct plan *plan,
			    struct decide_node *node, uint64_t weight)
{
	const struct fact_u64 *request = &node->pod->resources.cpu_request_milli;
	struct reason reason = {.code = REASON_WEIGHT_FIXED, .limit = weight};

	if (node->pod->kind == POD_KUBERNETES) {
		if (request->state == FACT_KNOWN &&
		    weight > decide_cpu_request_weight(request->value))
			return add_request_weight(in, plan, node);
		if (request->state != FACT_KNOWN && weight > node->weight)
			return 0;
	}
	return add(in, plan, node, KNOB_CPU_WEIGHT, clamp_weight(weight), reason);
}

static int decide_online(const struct decide_input *in, struct plan *plan)
{
	struct decide_tree *t = plan->tree;

	for (size_t i = 0; i < in->model->n_pods; i++) {
		const struct pod *pod = in->model->pods[i];
		const struct assignment *a = plan_assignment(plan, pod);
		const struct level_cpu *cpu;
		struct decide_node *node;
		int r = 0;

		if (t->of_pod[i] == DECIDE_NONE || a->state != ASSIGNMENT_LEVEL ||
		    a->role != ROLE_ONLINE)
			continue;
		node = &t->nodes[t->of_pod[i]];
		if (node->blocked || !takes_weight(node->cgroup))
			continue;
		/* The kubelet itself lowers the weight of a pod that ends. */
		if (pod->facts && pod->facts->deleting)
			continue;
		cpu = &in->policy->levels[a->level].cpu;
		if (cpu->weight == WEIGHT_REQUEST)
			r = add_request_weight(in, plan, node);
		else if (cpu->weight == WEIGHT_FIXED)
			r = add_fixed_weight(in, plan, node, cpu->weight_value);
		if (r < 0)
			return r;
	}
	return 0;
}

static void read_weights(struct decide_tree *t)
{
	for (size_t i = 0; i < t->n_nodes; i++) {
		const struct knob_value *w = decide_tree_base(t->nodes[i].cgroup, KNOB_CPU_WEIGHT);

		t->nodes[i].weight = w->state == KNOB_KNOWN ? w->value : 0;
	}
}

/* By cpu.idle on itself, not by a weight. */
static bool yields_by_idle(const struct decide_input *in, const struct decide_node *node)
{
	return wants_idle(in, node) && can_idle(in, node) && !is_kubelets_own(in, node);
}

/* Of a class: where its pods run, if all that runs there are pods. */
static void find_place(const struct cpu_places *places, struct decide_tree *t,
		       struct decide_node *node)
{
	size_t n_pods = (size_t)node->online + node->offline + node->waiting + node->unmatched;

	if (node->pod)
		node->place = cpu_place_pod(places, node->pod);
	else if (node->others || n_pods == 0)
		node->place = cpu_place_cgroup(places, node->cgroup);
	if (node->parent != DECIDE_NONE && (node->others || n_pods > 0))
		cpu_set_union(&t->nodes[node->parent].place, &node->place);
}

/* Who can meet whom: a sibling of offline work on CPUs of its own does not. */
static void find_places(const struct decide_input *in, const struct plan *plan)
{
	struct cpu_places places = cpu_place_look(in->model, plan);
	struct decide_tree *t = plan->tree;

	for (size_t i = 0; i < t->n_nodes; i++) {
		t->nodes[i].place = t->nodes[i].room = (struct cpu_set){0};
		t->nodes[i].apart = false;
	}
	if (!places.bounded)
		return;
	/* Parents come first: from below. */
	for (size_t i = t->n_nodes; i-- > 0;) {
		struct decide_node *node = &t->nodes[i];

		/* What is below a pod is part of it. */
		if (node->in_pod && !node->pod)
			continue;
		find_place(&places, t, node);
		if (node->parent != DECIDE_NONE && node->offline > 0)
			cpu_set_union(&t->nodes[node->parent].room, &node->place);
	}
	for (size_t i = 0; i < t->n_nodes; i++) {
		struct decide_node *node = &t->nodes[i];

		node->apart = node->parent != DECIDE_NONE &&
			      !cpu_set_overlaps(&node->place, &t->nodes[node->parent].room);
	}
}

static void sum_siblings(const struct decide_input *in, struct decide_tree *t)
{
	/* Parents come first: what is cleared here is summed up later. */
	for (size_t i = 0; i < t->n_nodes; i++) {
		const struct decide_node *node = &t->nodes[i];

		t->nodes[i].siblings_weight = 0;
		t->nodes[i].n_yielding = 0;
		t->nodes[i].lightest = DECIDE_NONE;
		if (node->parent == DECIDE_NONE || !decide_tree_is_online(node) || node->apart)
			continue;
		t->nodes[node->parent].siblings_weight += node->weight;
		if (takes_weight(node->cgroup))
			decide_cpu_note_lightest(t, node);
	}
	for (size_t i = 0; i < t->n_nodes; i++) {
		const struct decide_node *node = &t->nodes[i];

		/* One that takes no weight has no part in what is shared. */
		if (node->parent != DECIDE_NONE && is_yielding(t, node) &&
		    takes_weight(node->cgroup) && !yields_by_idle(in, node))
			t->nodes[node->parent].n_yielding++;
	}
}

static bool has_mixed_pod(const struct decide_tree *t, const struct decide_node *class)
{
	for (size_t i = (size_t)(class - t->nodes) + 1; i < t->n_nodes; i++)
		if (&t->nodes[t->nodes[i].parent] == class && is_mixed_pod(t, &t->nodes[i]))
			return true;
	return false;
}

/* A mixed class weighs what an all-offline one would, never less than without colod: it holds
 * online work too. Two of them under one parent are each compared with what the other was. */
static int decide_mixed_classes(const struct decide_input *in, struct plan *plan)
{
	struct decide_tree *t = plan->tree;

	for (size_t i = 0; i < t->n_nodes; i++) {
		struct decide_node *node = &t->nodes[i];
		uint64_t siblings, ratio, before = node->weight, want;
		struct reason reason;
		int r;

		if (!is_mixed_class(node) || node->offline == 0 || !takes_weight(node->cgroup) ||
		    !has_mixed_pod(t, node))
			continue;
		siblings = t->nodes[node->parent].siblings_weight - before;
		ratio = ratio_of(in, node);
		want = clamp_weight(siblings / ratio);
		if (want <= before)
			continue;
		reason = (struct reason){
			.code = REASON_MIXED_WEIGHT,
			.observed = siblings,
			.limit = ratio,
		};
		r = add(in, plan, node, KNOB_CPU_WEIGHT, want, reason);
		if (r < 0)
			return r;
	}
	return 0;
}

/* An idle pod beside an online one of weight 1 still gets a share of 3:10, so nobody starves; and
 * any weight would be as much as the online pod has. */
static int decide_mixed_pod(const struct decide_input *in, struct plan *plan,
			    struct decide_node *node)
{
	const struct decide_node *class = &plan->tree->nodes[node->parent];
	struct reason reason = {.code = REASON_MIXED_IDLE};

	who_set_pod(&reason, in->model, class->first_online);
	if (can_idle(in, node))
		return add(in, plan, node, KNOB_CPU_IDLE, 1, reason);
	if (!takes_weight(node->cgroup))
		return 0;
	return add(in, plan, node, KNOB_CPU_WEIGHT, WEIGHT_MIN, reason);
}

/* W / ratio, shared by all siblings that yield by weight: together they are bounded, not each. */
static int decide_yield(const struct decide_input *in, struct plan *plan, struct decide_node *node)
{
	const struct decide_node *parent = &plan->tree->nodes[node->parent];
	struct reason reason = {.code = REASON_YIELD_IDLE};
	uint64_t ratio, part, most;
	uint32_t who;

	if (yields_by_idle(in, node))
		return add(in, plan, node, KNOB_CPU_IDLE, 1, reason);
	if (parent->siblings_weight == 0 || !takes_weight(node->cgroup))
		return 0;
	ratio = ratio_of(in, node);
	part = clamp_weight(parent->siblings_weight / ratio / parent->n_yielding);
	most = clamp_weight(decide_cpu_most(plan->tree, node, &who));
	reason = (struct reason){
		.code = REASON_YIELD_RATIO,
		.observed = parent->siblings_weight,
		.limit = ratio,
		.extra = parent->n_yielding,
	};
	if (most < part) {
		reason.code = REASON_YIELD_REQUEST;
		reason.extra = most;
		if (who != DECIDE_NONE)
			who_set(&reason, plan->tree->nodes[who].pod->name);
	}
	return add(in, plan, node, KNOB_CPU_WEIGHT, most < part ? most : part, reason);
}

/* Where the class that yields may not be idle itself, its pods are. */
static int decide_idle_below(const struct decide_input *in, struct plan *plan,
			     struct decide_node *node)
{
	struct decide_tree *t = plan->tree;
	const struct decide_node *top = node;
	struct reason reason = {.code = REASON_YIELD_IDLE};

	while (top->parent != DECIDE_NONE && yields(t, &t->nodes[top->parent]))
		top = &t->nodes[top->parent];
	if (top == node || !is_kubelets_own(in, top) || !wants_idle(in, top) || !can_idle(in, node))
		return 0;
	return add(in, plan, node, KNOB_CPU_IDLE, 1, reason);
}

static int decide_offline(const struct decide_input *in, struct plan *plan)
{
	struct decide_tree *t = plan->tree;

	for (size_t i = 0; i < t->n_nodes; i++) {
		struct decide_node *node = &t->nodes[i];
		int r = 0;

		if (!yields(t, node))
			continue;
		if (is_mixed_pod(t, node))
			r = decide_mixed_pod(in, plan, node);
		else if (is_yielding(t, node))
			r = decide_yield(in, plan, node);
		else if (node->pod)
			r = decide_idle_below(in, plan, node);
		if (r < 0)
			return r;
	}
	return 0;
}

int decide_cpu(const struct decide_input *in, struct plan *plan)
{
	struct decide_tree *t = plan->tree;
	int r;

	if (model_can(in->model, CAPABILITY_CPU)) {
		read_weights(t);
		find_places(in, plan);
		r = decide_online(in, plan);
		if (r < 0)
			return r;
		sum_siblings(in, t);
		r = decide_mixed_classes(in, plan);
		if (r < 0)
			return r;
		sum_siblings(in, t);
		r = decide_offline(in, plan);
		if (r == 0)
			r = decide_cpu_sched(in, plan);
		if (r < 0)
			return r;
	}
	return decide_cpu_hold(in, plan);
}
