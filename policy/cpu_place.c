// SPDX-License-Identifier: LGPL-2.1-or-later
// See cpu_place.h. The kernel's rule: a cgroup runs on the CPUs of the one above it that are in its own set,
// on all of them where it has no set or none of them is in it; and a partition takes its CPUs away from
// everybody else.
//
// Example, CPUs 0-7: "db" is a partition of 0-1, and AllowedCPUs=4-7 stands on besteffort. db runs on 0-1,
// besteffort on 4-7, everybody else on 2-7: db and besteffort never meet.
#include "policy/cpu_place.h"

#include "policy/cores.h"
#include "policy/decide.h"
#include "policy/decide_tree.h"
#include "policy/knob.h"

static const struct knob_value *value_of(const struct cpu_places *p, const struct cgroup *cgroup,
					 enum knob knob)
{
	const struct plan_entry *e;

	/* Nothing is planned for what was not read. */
	if (!p->plan || !decide_tree_has(cgroup, knob))
		return &cgroup->knobs[knob].now;
	e = plan_find(p->plan, cgroup, knob);
	return e ? &e->want : decide_tree_base(cgroup, knob);
}

/* The set that the cgroup was given; false: none, or it was not read. */
static bool set_of(const struct cpu_places *p, const struct cgroup *cgroup, enum knob knob,
		   struct cpu_set *ret_set)
{
	const struct knob_value *value = value_of(p, cgroup, knob);

	if (value->state != KNOB_KNOWN || cpu_set_is_empty(&value->cpus))
		return false;
	*ret_set = value->cpus;
	return true;
}

/* A valid one. *ret_set: its CPUs. */
static bool is_partition(const struct cpu_places *p, const struct cgroup *cgroup,
			 struct cpu_set *ret_set)
{
	const struct knob_value *value = value_of(p, cgroup, KNOB_CPUSET_PARTITION);

	return cgroup->parent && value->state == KNOB_KNOWN &&
	       (value->value & PARTITION_MASK) != PARTITION_MEMBER &&
	       knob_partition_why(value) == NULL &&
	       (set_of(p, cgroup, KNOB_CPUSET_EXCLUSIVE, ret_set) ||
		set_of(p, cgroup, KNOB_CPUSET_CPUS, ret_set));
}

/* Leaves *set as it is where nothing of it would remain. */
static void narrow_to(struct cpu_set *set, const struct cpu_set *to)
{
	if (cpu_set_overlaps(set, to))
		cpu_set_intersect(set, to);
}

static void narrow_by(struct cpu_set *set, const struct cpu_set *by)
{
	struct cpu_set rest = *set;

	cpu_set_minus(&rest, by);
	if (!cpu_set_is_empty(&rest))
		*set = rest;
}

struct cpu_places cpu_place_look(const struct model *model, const struct plan *plan)
{
	struct cpu_places p = {.model = model, .plan = plan};
	const struct node *node = &model->node;
	struct cpu_set usable, set;

	if (!cores_fit(node))
		return p;
	for (size_t i = 0; i < node->n_cpus; i++)
		cpu_set_add(&p.online, node->cpus[i].id);
	usable = cores_usable(node);
	p.isolated = p.online;
	cpu_set_minus(&p.isolated, &usable);
	p.bounded = !cpu_set_is_empty(&p.isolated);
	for (size_t i = 0; i < model->n_cgroups; i++) {
		p.bounded |= set_of(&p, model->cgroups[i], KNOB_CPUSET_CPUS, &set) ||
			     set_of(&p, model->cgroups[i], KNOB_CPUSET_EXCLUSIVE, &set);
		if (is_partition(&p, model->cgroups[i], &set))
			cpu_set_union(&p.taken, &set);
	}
	return p;
}

/* From the root down. *taken: what is left of the CPUs that only others may use. */
static void narrow_down(const struct cpu_places *p, const struct cgroup *cgroup,
			struct cpu_set *set, struct cpu_set *taken)
{
	struct cpu_set own;

	if (!cgroup->parent)
		return;
	narrow_down(p, cgroup->parent, set, taken);
	if (is_partition(p, cgroup, &own)) {
		cpu_set_minus(taken, &own);
		narrow_to(set, &own);
	} else if (set_of(p, cgroup, KNOB_CPUSET_CPUS, &own)) {
		narrow_to(set, &own);
	}
}

struct cpu_set cpu_place_cgroup(const struct cpu_places *places, const struct cgroup *cgroup)
{
	struct cpu_set set = places->online, taken = places->taken;

	narrow_down(places, cgroup, &set, &taken);
	narrow_by(&set, &taken);
	narrow_by(&set, &places->isolated);
	return set;
}

struct cpu_set cpu_place_pod(const struct cpu_places *places, const struct pod *pod)
{
	/* A static CPU manager gives a set to every container but the one that only keeps the pod's
	 * namespaces. */
	bool bare_is_idle = places->model->cpu_manager == CPU_MANAGER_STATIC;
	struct cpu_set all = {0}, set;

	for (size_t i = 0; i < pod->n_containers; i++) {
		const struct cgroup *c = pod->containers[i].cgroup;

		if (!c || !decide_tree_has(c, KNOB_CPUSET_CPUS))
			return cpu_place_cgroup(places, pod->cgroup);
		if (!set_of(places, c, KNOB_CPUSET_CPUS, &set) && bare_is_idle)
			continue;
		set = cpu_place_cgroup(places, c);
		cpu_set_union(&all, &set);
	}
	return cpu_set_is_empty(&all) ? cpu_place_cgroup(places, pod->cgroup) : all;
}

uint64_t cpu_place_part(uint64_t amount, const struct cpu_set *place, const struct cpu_set *room)
{
	struct cpu_set both = *place;
	uint64_t n = cpu_set_count(place), in, whole;

	cpu_set_intersect(&both, room);
	in = cpu_set_count(&both);
	if (n == 0)
		return 0;
	whole = amount / n * in;
	return whole + (amount % n * in + n - 1) / n;
}

bool cpu_place_is_foreign(const struct model *model, const struct cgroup *cgroup)
{
	const struct knob_state *s = &cgroup->knobs[KNOB_CPUSET_CPUS];
	const struct node *node = &model->node;

	if (s->now.state != KNOB_KNOWN || cpu_set_is_empty(&s->now.cpus) ||
	    (s->owned && knob_same(KNOB_CPUSET_CPUS, &s->now, &s->written)))
		return false;
	/* One with every CPU keeps nobody off anything, and is what is left where a kernel takes no empty one. */
	for (size_t i = 0; i < node->n_cpus; i++)
		if (!cpu_set_has(&s->now.cpus, node->cpus[i].id))
			return true;
	return false;
}
