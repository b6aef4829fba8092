// SPDX-License-Identifier: LGPL-2.1-or-later
// Cores of their own for sensitive online pods (cores: exclusive). There is no memory but of what the kernel
// did not grant: what a pod has is what colod wrote there, and it keeps that while it is still right; so that nothing moves between two
// passes, nor over a restart. Those who have something come first, then by level, then by path.
//
// A kernel that knows cpuset.cpus.exclusive gets the cores there, on the pod and (as the sum of all
// below) on each cgroup above it, and makes the pod a partition of its own: it then keeps everybody else
// off these cores itself. Elsewhere the pod gets cpuset.cpus, and offline work is kept off by
// decide_cores_offline.c; other online pods are not.
//
// Example, cores 0-1, 2-3, 4-5, 6-7; "db" asks for 2 CPUs, all other online pods for 3:
//  db       exclusive 0-1, partition root      left: 6 CPUs, needed: 3 and the reserve
//  kubepods exclusive 0-1
#include "policy/decide_cores.h"

#include "policy/cores.h"
#include "policy/knob.h"
#include "policy/names.h"
#include "policy/who.h"

#define MILLI_PER_CPU 1000u
/* A partition that the kernel called invalid is tried again after so long: what stood in its way may be
 * gone by then. */
#define RETRY_US 600000000
/* In the first of these it is asked for anew. */
#define INVALID_PASSES 3

struct plan_cores *decide_cores_note(const struct cores_view *view, const struct pod *pod)
{
	return &view->plan->cores[pod->slot];
}

static bool asks(const struct cores_view *v, const struct pod *pod, enum level level)
{
	const struct assignment *a = plan_assignment(v->plan, pod);

	return a->state == ASSIGNMENT_LEVEL && a->level == level && a->role == ROLE_ONLINE &&
	       v->in->policy->levels[level].cpu.cores == CORES_EXCLUSIVE;
}

static size_t cpus_of(const struct pod *pod)
{
	return (size_t)((pod->resources.cpu_request_milli.value + MILLI_PER_CPU - 1) /
			MILLI_PER_CPU);
}

static void refuse(struct plan_cores *note, enum reason_code code, uint64_t observed,
		   uint64_t limit)
{
	note->state = CORES_REFUSED;
	note->reason = (struct reason){.code = code, .observed = observed, .limit = limit};
}

/* The kernel did not grant what was written. */
static bool is_invalid(const struct pod *pod)
{
	const struct knob_state *s = &pod->cgroup->knobs[KNOB_CPUSET_PARTITION];

	return !s->under_way && s->now.state == KNOB_KNOWN &&
	       (s->now.value & PARTITION_MASK) != PARTITION_MEMBER &&
	       knob_partition_why(&s->now) != NULL;
}

/* True where it stayed invalid though it was asked for anew: it is remembered, so that it is given back and
 * not written again at every pass. A partition is invalid for a moment where a cgroup above it was changed. */
static bool is_denied(const struct cores_view *v, const struct pod *pod, const struct cpu_set *has)
{
	struct plan_cores *note = decide_cores_note(v, pod);

	/* CPUs that went offline make it invalid too: then it gets others. */
	if (!is_invalid(pod) || cpu_set_is_empty(has) || !cpu_set_contains(&v->usable, has)) {
		note->invalid = 0;
		return false;
	}
	if (++note->invalid < INVALID_PASSES)
		return false;
	note->why = pod->cgroup->knobs[KNOB_CPUSET_PARTITION].now.value;
	note->retry_us = v->in->now_us + RETRY_US;
	return true;
}

/* What is left for all others has to be as much as they ask for, and a whole core at least. */
static bool leaves_room(const struct cores_view *v, const struct pod *pod,
			const struct cpu_set *set, struct plan_cores *note)
{
	struct cpu_set left = v->usable, whole;
	uint64_t need = v->others_milli - pod->resources.cpu_request_milli.value + v->reserve_milli;
	uint64_t left_milli;

	cpu_set_minus(&left, &v->own);
	cpu_set_minus(&left, set);
	left_milli = cpu_set_count(&left) * MILLI_PER_CPU;
	whole = cores_whole(&v->in->model->node, &left);
	if (left_milli >= need && !cpu_set_is_empty(&whole))
		return true;
	refuse(note, REASON_CORES_ROOM, left_milli, need);
	return false;
}

/* The cores that it keeps, or the best ones that are free. */
static bool find(const struct cores_view *v, const struct pod *pod, const struct cpu_set *has,
		 struct cpu_set *ret_set)
{
	const struct node *node = &v->in->model->node;
	struct plan_cores *note = decide_cores_note(v, pod);
	struct cpu_set from = v->usable, others = v->held, keep = *has;
	size_t n_cpus = cpus_of(pod);

	/* What another pod has now is free in the pass after the one in which it is given back. */
	cpu_set_minus(&others, has);
	cpu_set_minus(&from, &others);
	cpu_set_minus(&from, &v->own);
	cpu_set_minus(&from, &v->given);
	cpu_set_intersect(&keep, &from);
	if (cpu_set_equal(&keep, has) && cores_suit(node, has, n_cpus)) {
		*ret_set = *has;
		return true;
	}
	if (cores_choose(node, &from, &keep, n_cpus, ret_set))
		return true;
	from = cores_whole(node, &from);
	refuse(note, REASON_CORES_FREE, cpu_set_count(&from), n_cpus);
	return false;
}

/* A limit above its cores would make them a hold: it may use more than they give. */
static bool is_held_back(const struct pod *pod, const struct cpu_set *set, struct plan_cores *note)
{
	const struct fact_u64 *limit = &pod->resources.cpu_limit_milli;
	uint64_t cores_milli = cpu_set_count(set) * MILLI_PER_CPU;

	if (fact_has_value(limit) && limit->value <= cores_milli)
		return false;
	refuse(note, REASON_CORES_LIMIT, fact_has_value(limit) ? limit->value : KNOB_VALUE_MAX,
	       cores_milli);
	return true;
}

/* Whether the kernel would grant the partition beside what is there. Offline work is narrowed first; nobody
 * else is, though a set with every CPU restricts nothing. */
static bool is_granted_beside(const struct cores_view *v, const struct pod *pod,
			      const struct cpu_set *set, struct plan_cores *note)
{
	const struct decide_node *beside;

	if (!decide_cores_can_exclude(v->in->model, pod->cgroup))
		return true;
	beside = decide_cores_beside(v, pod->cgroup, set);
	if (!beside || decide_tree_all_offline(beside))
		return true;
	refuse(note, REASON_CORES_FOREIGN, 0, 0);
	who_set(&note->reason, beside->cgroup->path);
	return false;
}

static void serve(struct cores_view *v, const struct pod *pod, const struct cpu_set *has)
{
	struct plan_cores *note = decide_cores_note(v, pod);
	bool denied = is_denied(v, pod, has);
	struct cpu_set set;

	if (!decide_cores_may(v, pod, !denied && !cpu_set_is_empty(has), &note->reason)) {
		note->state = CORES_REFUSED;
		return;
	}
	if (!find(v, pod, has, &set) || is_held_back(pod, &set, note) ||
	    !leaves_room(v, pod, &set, note) || !is_granted_beside(v, pod, &set, note))
		return;
	note->state = CORES_OWN;
	note->cpus = set;
	note->reason = (struct reason){
		.code = REASON_CORES_OWN,
		.observed = pod->resources.cpu_request_milli.value,
		.limit = cpu_set_count(&set),
		.extra = !decide_cores_can_exclude(v->in->model, pod->cgroup),
	};
	cpu_set_union(&v->own, &set);
	if (note->reason.extra)
		cpu_set_union(&v->plain, &set);
	v->others_milli -= pod->resources.cpu_request_milli.value;
}

static void serve_all(struct cores_view *v)
{
	const struct model *m = v->in->model;

	for (int has_some = 1; has_some >= 0; has_some--) {
		for (int level = 0; level < LEVEL_COUNT; level++) {
			for (size_t i = 0; i < m->n_pods; i++) {
				const struct pod *pod = m->pods[i];
				struct cpu_set has = {0};

				if (!asks(v, pod, (enum level)level))
					continue;
				if (decide_cores_written(pod->cgroup,
							 decide_cores_knob(v->in->model,
									   pod->cgroup),
							 &has) != has_some)
					continue;
				serve(v, pod, &has);
			}
		}
	}
}

/* --- the plan -------------------------------------------------------------------------------- */

static int add(struct cores_view *v, const struct decide_node *node, enum knob knob,
	       struct knob_value want, const struct reason *reason)
{
	return decide_tree_add(v->plan, node, knob, EFFECT_SHARE, want, reason);
}

/* Into the sum of everything above. */
static void hand_up(struct decide_tree *t, const struct decide_node *node,
		    const struct cpu_set *cpus)
{
	for (uint32_t up = node->parent; up != DECIDE_NONE; up = t->nodes[up].parent) {
		cpu_set_union(&t->nodes[up].cores, cpus);
		t->nodes[up].has_cores = true;
	}
}

/* On the pod; what is above it gets its sum later. The CPUs of a partition are never changed: 6.12 was seen
 * to WARN about its own books then. It ends first, in a pass of its own, and begins anew. */
static int add_pod(struct cores_view *v, struct decide_node *node, const struct plan_cores *note)
{
	struct decide_tree *t = v->plan->tree;
	struct cpu_set cpus = note->cpus, has = {0};
	bool ends = false;
	int r;

	if (note->reason.extra)
		return add(v, node, KNOB_CPUSET_CPUS, knob_value_cpus(&cpus), &note->reason);
	(void)decide_cores_written(node->cgroup, KNOB_CPUSET_EXCLUSIVE, &has);
	if (!cpu_set_equal(&cpus, &has)) {
		ends = !cpu_set_is_empty(&has) && decide_cores_is_partition(node->cgroup);
		/* Offline work beside it has to be narrowed first: then nothing is asked for in this pass. */
		if (ends || decide_cores_beside(v, node->cgroup, &cpus))
			cpus = has;
	}
	if (cpu_set_is_empty(&cpus))
		return 0;
	hand_up(t, node, &cpus);
	r = add(v, node, KNOB_CPUSET_EXCLUSIVE, knob_value_cpus(&cpus), &note->reason);
	if (r < 0 || ends || !cpu_set_equal(&cpus, &note->cpus))
		return r;
	return add(v, node, KNOB_CPUSET_PARTITION, knob_value_of(PARTITION_ROOT), &note->reason);
}

/* What a pod has until this pass is written stays in the sum above it: taken away there first, its
 * partition would be invalid, and would not become valid by itself. */
static void hand_up_held(struct cores_view *v)
{
	struct decide_tree *t = v->plan->tree;

	for (size_t i = 0; i < v->in->model->n_pods; i++) {
		struct cpu_set has;

		if (t->of_pod[i] != DECIDE_NONE &&
		    decide_cores_written(v->in->model->pods[i]->cgroup, KNOB_CPUSET_EXCLUSIVE,
					 &has))
			hand_up(t, &t->nodes[t->of_pod[i]], &has);
	}
}

static int add_classes(struct cores_view *v)
{
	struct decide_tree *t = v->plan->tree;

	for (size_t i = 0; i < t->n_nodes; i++) {
		struct decide_node *node = &t->nodes[i];
		struct reason reason = {.code = REASON_CORES_CLASS};
		struct cpu_set has;
		int r;

		/* The root gives all it has anyway. */
		if (!node->has_cores || node->parent == DECIDE_NONE)
			continue;
		/* Above a partition it only grows, and comes back when none is left below. */
		if (decide_cores_written(node->cgroup, KNOB_CPUSET_EXCLUSIVE, &has))
			cpu_set_union(&node->cores, &has);
		reason.observed = cpu_set_count(&node->cores);
		r = add(v, node, KNOB_CPUSET_EXCLUSIVE, knob_value_cpus(&node->cores), &reason);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Until somebody has told what the pods are, what an earlier colod gave them stays (diff.c). */
static void keep_waiting(struct cores_view *v)
{
	const struct model *m = v->in->model;

	for (size_t i = 0; m->facts_awaited && i < m->n_pods; i++) {
		const struct cgroup *cg = m->pods[i]->cgroup;
		struct cpu_set has;

		if (plan_assignment(v->plan, m->pods[i])->state != ASSIGNMENT_WAITING ||
		    !decide_cores_written(cg, decide_cores_knob(m, cg), &has))
			continue;
		cpu_set_union(&v->own, &has);
		if (!decide_cores_can_exclude(m, cg))
			cpu_set_union(&v->plain, &has);
	}
}

static void finish_notes(const struct cores_view *v)
{
	for (size_t i = 0; i < v->in->model->n_pods; i++) {
		const struct pod *pod = v->in->model->pods[i];
		const struct assignment *a = plan_assignment(v->plan, pod);
		struct reason *reason = &decide_cores_note(v, pod)->reason;

		reason->level = a->level;
		reason->rule = a->rule;
	}
}

static int add_all(struct cores_view *v)
{
	struct decide_tree *t = v->plan->tree;
	int r = 0;

	for (size_t i = 0; r == 0 && i < v->in->model->n_pods; i++) {
		const struct plan_cores *note = decide_cores_note(v, v->in->model->pods[i]);
		struct decide_node *node = decide_tree_pod(t, i);

		if (node && note->state == CORES_OWN)
			r = add_pod(v, node, note);
	}
	hand_up_held(v);
	return r < 0 ? r : add_classes(v);
}

/* Whether the policy asks for any of this. */
static bool is_asked(const struct policy *policy)
{
	for (int i = 0; i < LEVEL_COUNT; i++)
		if (policy->levels[i].cpu.cores == CORES_EXCLUSIVE ||
		    policy->levels[i].cpu.smt == SMT_AVOID_OFFLINE)
			return true;
	return false;
}

int decide_cores(const struct decide_input *in, struct plan *plan)
{
	struct cores_view v;
	int r = plan_reserve_cores(plan, in->model);

	if (r < 0 || !is_asked(in->policy))
		return r;
	v = decide_cores_look(in, plan);
	keep_waiting(&v);
	serve_all(&v);
	r = add_all(&v);
	if (r == 0 && v.refusal.code != REASON_CORES_IDS)
		r = decide_cores_offline(&v);
	finish_notes(&v);
	return r;
}
