// SPDX-License-Identifier: LGPL-2.1-or-later
// See cores.h. A core is named by its lowest online CPU; a group is the cores of one NUMA node that
// share a last-level cache. With at most 512 CPUs everything is a walk over short arrays.
#include "policy/cores.h"

struct core {
	struct cpu_set cpus;
	uint16_t n_cpus;
	uint16_t numa;
	uint16_t llc;
};

/* What is left to choose from; cores that were taken have n_cpus 0. */
struct choice {
	struct core cores[CPU_SET_MAX];
	size_t n_cores;
	struct cpu_set taken;
	size_t missing; /* CPUs still to be found */
};

/* Where to look: one NUMA node, one LLC group of it, or anywhere. */
struct place {
	bool numa_set, llc_set;
	uint16_t numa, llc;
};

bool cores_fit(const struct node *node)
{
	if (node->n_cpus == 0 || !node->cpus)
		return false;
	/* Ascending. */
	return node->cpus[node->n_cpus - 1].id < CPU_SET_MAX;
}

struct cpu_set cores_usable(const struct node *node)
{
	struct cpu_set set = {0};

	for (size_t i = 0; i < node->n_cpus; i++)
		if (!node->cpus[i].isolated)
			cpu_set_add(&set, node->cpus[i].id);
	return set;
}

struct cpu_set cores_siblings(const struct node *node, const struct cpu_set *set)
{
	struct cpu_set siblings = {0};

	for (size_t i = 0; i < node->n_cpus; i++) {
		for (size_t k = 0; k < node->n_cpus; k++)
			if (i != k && node->cpus[i].core_first == node->cpus[k].core_first &&
			    cpu_set_has(set, node->cpus[k].id))
				cpu_set_add(&siblings, node->cpus[i].id);
	}
	return siblings;
}

/* All online CPUs of a core. */
static struct core core_of(const struct node *node, uint16_t first)
{
	struct core core = {0};

	for (size_t i = 0; i < node->n_cpus; i++) {
		const struct node_cpu *cpu = &node->cpus[i];

		if (cpu->core_first != first)
			continue;
		if (cpu->id == first) {
			core.numa = cpu->numa;
			core.llc = cpu->llc_first;
		}
		cpu_set_add(&core.cpus, cpu->id);
		core.n_cpus++;
	}
	return core;
}

struct cpu_set cores_whole(const struct node *node, const struct cpu_set *set)
{
	struct cpu_set whole = {0};

	for (size_t i = 0; i < node->n_cpus; i++) {
		struct core core;

		if (node->cpus[i].core_first != node->cpus[i].id ||
		    !cpu_set_has(set, node->cpus[i].id))
			continue;
		core = core_of(node, node->cpus[i].id);
		if (cpu_set_contains(set, &core.cpus))
			cpu_set_union(&whole, &core.cpus);
	}
	return whole;
}

bool cores_suit(const struct node *node, const struct cpu_set *set, size_t n_cpus)
{
	struct cpu_set whole = cores_whole(node, set);
	size_t count = cpu_set_count(set);

	if (count < n_cpus || !cpu_set_equal(&whole, set))
		return false;
	for (size_t i = 0; i < node->n_cpus; i++) {
		const struct node_cpu *cpu = &node->cpus[i];

		if (cpu->core_first == cpu->id && cpu_set_has(set, cpu->id) &&
		    count - core_of(node, cpu->id).n_cpus >= n_cpus)
			return false;
	}
	return true;
}

static void list_cores(struct choice *c, const struct node *node, const struct cpu_set *from)
{
	struct cpu_set whole = cores_whole(node, from);

	for (size_t i = 0; i < node->n_cpus; i++)
		if (node->cpus[i].core_first == node->cpus[i].id &&
		    cpu_set_has(&whole, node->cpus[i].id))
			c->cores[c->n_cores++] = core_of(node, node->cpus[i].id);
}

static bool is_in(const struct core *core, const struct place *place)
{
	return core->n_cpus > 0 && (!place->numa_set || core->numa == place->numa) &&
	       (!place->llc_set || core->llc == place->llc);
}

static size_t room_in(const struct choice *c, const struct place *place)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_cores; i++)
		if (is_in(&c->cores[i], place))
			n += c->cores[i].n_cpus;
	return n;
}

static void take(struct choice *c, struct core *core)
{
	cpu_set_union(&c->taken, &core->cpus);
	c->missing -= core->n_cpus < c->missing ? core->n_cpus : c->missing;
	core->n_cpus = 0;
}

/* Lowest ids first, until nothing is missing or nothing is left there. */
static void take_from(struct choice *c, const struct place *place)
{
	for (size_t i = 0; i < c->n_cores && c->missing > 0; i++)
		if (is_in(&c->cores[i], place))
			take(c, &c->cores[i]);
}

/* The place of this core: its group within `within`, or its whole NUMA node. */
static struct place place_of(const struct core *core, bool llc)
{
	return (struct place){
		.numa_set = true,
		.numa = core->numa,
		.llc_set = llc,
		.llc = core->llc,
	};
}

/* The group (or node) inside `within` that has enough room and the least of it; with `most` the one
 * that has the most. Cores come by id, so that the first of equals is the one with the lowest. */
static bool find_place(const struct choice *c, const struct place *within, bool llc, bool most,
		       struct place *ret_place)
{
	size_t best = 0;

	for (size_t i = 0; i < c->n_cores; i++) {
		struct place place = place_of(&c->cores[i], llc);
		size_t room;

		if (!is_in(&c->cores[i], within))
			continue;
		room = room_in(c, &place);
		if (!most && room < c->missing)
			continue;
		if (best > 0 && (most ? room <= best : room >= best))
			continue;
		best = room;
		*ret_place = place;
	}
	return best > 0;
}

/* Fills what is missing; there is enough. */
static void choose(struct choice *c)
{
	struct place within = {0}, place;

	while (c->missing > 0) {
		if (find_place(c, &within, true, false, &place)) {
			take_from(c, &place);
		} else if (within.numa_set) {
			if (!find_place(c, &within, true, true, &place))
				return;
			take_from(c, &place);
		} else if (find_place(c, &within, false, false, &place)) {
			within = place;
		} else if (find_place(c, &within, false, true, &place)) {
			take_from(c, &place);
		} else {
			return;
		}
	}
}

/* What is nearest to the cores that the pod has: of their groups, then of their NUMA nodes. */
static void choose_near(struct choice *c, const struct node *node, const struct cpu_set *keep)
{
	for (int llc = 1; llc >= 0; llc--) {
		for (size_t i = 0; i < node->n_cpus && c->missing > 0; i++) {
			struct core core;
			struct place place;

			if (!cpu_set_has(keep, node->cpus[i].id) ||
			    node->cpus[i].core_first != node->cpus[i].id)
				continue;
			core = core_of(node, node->cpus[i].id);
			place = place_of(&core, llc);
			take_from(c, &place);
		}
	}
}

/* A last core that is smaller may have made an earlier one needless. */
static void drop_needless(struct choice *c, const struct node *node, size_t n_cpus)
{
	for (size_t i = node->n_cpus; i-- > 0;) {
		const struct node_cpu *cpu = &node->cpus[i];
		struct core core;

		if (cpu->core_first != cpu->id || !cpu_set_has(&c->taken, cpu->id))
			continue;
		core = core_of(node, cpu->id);
		if (cpu_set_count(&c->taken) - core.n_cpus >= n_cpus)
			cpu_set_minus(&c->taken, &core.cpus);
	}
}

bool cores_choose(const struct node *node, const struct cpu_set *from, const struct cpu_set *keep,
		  size_t n_cpus, struct cpu_set *ret_set)
{
	struct choice c = {.missing = n_cpus};
	struct cpu_set had = cores_whole(node, keep), all = cores_whole(node, from);

	if (n_cpus == 0 || cpu_set_count(&all) < n_cpus)
		return false;
	if (cpu_set_count(&had) >= n_cpus) {
		list_cores(&c, node, &had);
	} else {
		cpu_set_minus(&all, &had);
		list_cores(&c, node, &all);
		c.taken = had;
		c.missing -= cpu_set_count(&had);
		choose_near(&c, node, &had);
	}
	choose(&c);
	drop_needless(&c, node, n_cpus);
	*ret_set = c.taken;
	return true;
}
