// SPDX-License-Identifier: LGPL-2.1-or-later
// Where offline work may not run: on own cores where the kernel itself keeps nobody off them, and on the
// siblings of CPUs that sensitive pods are pinned to (smt: avoid-offline). One set for all of it, in
// cpuset.cpus of the highest cgroups with nothing but offline pods. Never the last whole core, and never
// over a set of somebody else's.
//
// Example, cores 0-1, 2-3; a static CPU manager pinned "db" to CPU 0: offline work gets 0,2-3. On CPU 0
// itself its weight is enough, and while db sleeps that CPU is of use.
#include "policy/decide_cores.h"

#include "policy/cores.h"
#include "policy/knob.h"
#include "policy/who.h"

static bool avoids(const struct cores_view *v, const struct pod *pod, enum level level)
{
	const struct assignment *a = plan_assignment(v->plan, pod);

	return a->state == ASSIGNMENT_LEVEL && a->level == level && a->role == ROLE_ONLINE &&
	       v->in->policy->levels[level].cpu.smt == SMT_AVOID_OFFLINE;
}

/* Takes the siblings of this pod's CPUs from *left, unless no whole core would be left. */
static bool avoid(const struct cores_view *v, const struct pod *pod, struct cpu_set *left)
{
	struct plan_cores *note = decide_cores_note(v, pod);
	const struct node *node = &v->in->model->node;
	struct cpu_set pinned, siblings, rest = *left, whole;
	enum reason_code code = REASON_SMT_AVOIDED;

	note->state = CORES_REFUSED;
	note->reason = (struct reason){.code = REASON_SMT_NOT_PINNED};
	if (!decide_cores_pinned(v, pod, &pinned))
		return false;
	siblings = cores_siblings(node, &pinned);
	cpu_set_minus(&rest, &siblings);
	whole = cores_whole(node, &rest);
	if (cpu_set_is_empty(&siblings))
		code = REASON_SMT_NO_SIBLING;
	else if (cpu_set_is_empty(&whole))
		code = REASON_SMT_ROOM;
	note->reason = (struct reason){
		.code = code,
		.observed = cpu_set_count(&siblings),
		.limit = cpu_set_count(&pinned),
	};
	if (code != REASON_SMT_AVOIDED)
		return false;
	note->state = CORES_SIBLINGS;
	note->cpus = siblings;
	*left = rest;
	return true;
}

/* One set for all: it is not asked which pod an offline cgroup stands beside. */
static bool is_target(const struct decide_node *node)
{
	return decide_tree_all_offline(node);
}

/* As all-offline, but some of its pods wait for facts, and colod gave it a set already: that stays until
 * they are there, else each new pod would move all others to and fro. */
static bool is_kept(const struct decide_node *node)
{
	struct cpu_set set;

	return node->parent != DECIDE_NONE && !node->blocked && !node->pod && node->offline > 0 &&
	       node->waiting > 0 && node->online + node->unmatched == 0 && !node->others &&
	       decide_cores_written(node->cgroup, KNOB_CPUSET_CPUS, &set);
}

static bool is_covered(const struct decide_tree *t, const struct decide_node *node)
{
	for (uint32_t up = node->parent; up != DECIDE_NONE; up = t->nodes[up].parent)
		if (is_target(&t->nodes[up]) || is_kept(&t->nodes[up]))
			return true;
	return false;
}

/* CPUs of partitions beside this cgroup, as they are now: no set with one of them may be written there. The
 * kernel would then end these partitions, and 6.12 loses its books over a remote one (a WARN). */
static struct cpu_set taken_beside(const struct cgroup *cgroup)
{
	struct cpu_set all = {0};

	for (const struct cgroup *c = cgroup->parent->first_child; c; c = c->next_sibling) {
		const struct knob_state *s = &c->knobs[KNOB_CPUSET_EXCLUSIVE];

		if (c == cgroup || !decide_cores_is_partition(c))
			continue;
		if (s->now.state == KNOB_KNOWN)
			cpu_set_union(&all, &s->now.cpus);
		if (s->owned && s->written.state == KNOB_KNOWN)
			cpu_set_union(&all, &s->written.cpus);
	}
	return all;
}

/* Whether it has, or would have without colod, a set with CPUs that pods own: the kernel grants no partition
 * beside that. */
static bool is_in_the_way(const struct cores_view *v, const struct decide_node *node)
{
	const struct knob_value *base = decide_tree_base(node->cgroup, KNOB_CPUSET_CPUS);
	const struct knob_value *now = &node->cgroup->knobs[KNOB_CPUSET_CPUS].now;

	return (base->state == KNOB_KNOWN && cpu_set_overlaps(&base->cpus, &v->own)) ||
	       (now->state == KNOB_KNOWN && cpu_set_overlaps(&now->cpus, &v->own));
}

/* What colod wrote there stays as long as it could not come back beside a partition. */
static int keep(struct cores_view *v, const struct decide_node *node)
{
	const struct knob_value *base = decide_tree_base(node->cgroup, KNOB_CPUSET_CPUS);
	struct reason reason = {.code = REASON_CORES_OFFLINE};
	struct cpu_set has, taken;

	if (node->parent == DECIDE_NONE ||
	    !decide_cores_written(node->cgroup, KNOB_CPUSET_CPUS, &has))
		return 0;
	taken = taken_beside(node->cgroup);
	if (base->state != KNOB_KNOWN || !cpu_set_overlaps(&base->cpus, &taken))
		return 0;
	reason.observed = cpu_set_count(&v->usable) - cpu_set_count(&has);
	reason.limit = cpu_set_count(&has);
	return decide_tree_add(v->plan, node, KNOB_CPUSET_CPUS, EFFECT_SHARE, knob_value_cpus(&has),
			       &reason);
}

static int add(struct cores_view *v, const struct decide_node *node, const struct cpu_set *set,
	       struct reason reason)
{
	struct cpu_set foreign, want = *set, taken = taken_beside(node->cgroup);

	if (decide_cores_foreign(&v->in->model->node, node->cgroup, KNOB_CPUSET_CPUS, &foreign))
		return 0;
	/* Those that end in this pass are free in the next. */
	cpu_set_minus(&want, &taken);
	if (cpu_set_is_empty(&want))
		return keep(v, node);
	return decide_tree_add(v->plan, node, KNOB_CPUSET_CPUS, EFFECT_SHARE,
			       knob_value_cpus(&want), &reason);
}

int decide_cores_offline(struct cores_view *v)
{
	const struct model *m = v->in->model;
	struct decide_tree *t = v->plan->tree;
	struct cpu_set left = v->usable;
	struct reason reason = {.code = REASON_CORES_OFFLINE};
	const struct pod *cause = NULL;
	bool all;

	cpu_set_minus(&left, &v->own);
	for (int level = 0; level < LEVEL_COUNT; level++)
		for (size_t i = 0; i < m->n_pods; i++)
			if (avoids(v, m->pods[i], (enum level)level) &&
			    avoid(v, m->pods[i], &left) && !cause)
				cause = m->pods[i];
	all = cause || !cpu_set_is_empty(&v->plain);
	if (cause) {
		reason.code = REASON_SMT_OFFLINE;
		who_set(&reason, cause->name);
	}
	reason.observed = cpu_set_count(&v->usable) - cpu_set_count(&left);
	reason.limit = cpu_set_count(&left);
	for (size_t i = 0; i < t->n_nodes; i++) {
		const struct decide_node *node = &t->nodes[i];
		int r;

		if (((is_target(node) || is_kept(node)) && !is_covered(t, node)) &&
		    (all || is_in_the_way(v, node)))
			r = add(v, node, &left, reason);
		else
			r = plan_find(v->plan, node->cgroup, KNOB_CPUSET_CPUS) ? 0 : keep(v, node);
		if (r < 0)
			return r;
	}
	return 0;
}
