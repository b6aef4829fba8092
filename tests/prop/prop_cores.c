// SPDX-License-Identifier: LGPL-2.1-or-later
// Own cores over machines and pods made at random, step by step: pods come, leave and are resized, CPUs go
// offline and come back, others set cpusets, a static CPU manager appears. After each step what is planned
// is safe, and once it is written nothing more is asked for. The seed is printed; COLOD_SEED=N runs the
// same again.
#include "policy/decide_cores.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/cores.h"
#include "policy/cpu_place.h"
#include "policy/knob.h"
#include "tests/lib/decide_case.h"
#include "tests/lib/fake_random.h"
#include "tests/lib/fake_topology.h"
#include "tests/lib/test.h"

#define CASES 300
#define STEPS 12
#define PODS 10

static uint64_t seed;
static size_t n_owners, n_refused, n_kept_off, n_apart;

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fail_msg("COLOD_SEED=%" PRIu64 " case %d step %d: %s", seed, c->number,    \
				 c->step, #condition);                                             \
	} while (0)

struct story {
	struct fake f;
	struct node all; /* with every CPU online */
	uint64_t state;
	int number, step;
	bool exclusive;
	struct pod *pods[PODS];
	struct cpu_set had[PODS]; /* before this step; empty: none */
	bool touched[PODS];	  /* by this step */
	bool shook;		  /* something that may move anybody */
};

static uint64_t below(struct story *c, uint64_t n)
{
	return fake_random_below(&c->state, n);
}

static void copy_cpus(struct story *c)
{
	struct node *n = &c->f.model.node;

	free(n->cpus);
	*n = c->all;
	n->cpus = malloc(n->n_cpus * sizeof(*n->cpus));
	assert_non_null(n->cpus);
	memcpy(n->cpus, c->all.cpus, n->n_cpus * sizeof(*n->cpus));
}

static void resize(struct story *c, struct pod *pod)
{
	uint64_t milli = below(c, 4) ? (1 + below(c, 6)) * 1000 : below(c, 7000);

	fake_request(pod, milli, 1 << 28);
	fake_limit(pod, below(c, 8) ? milli : milli + below(c, 3000), 1 << 28);
}

static void give_level(struct story *c, struct pod *pod)
{
	static const enum level levels[] = {LEVEL_P0, LEVEL_P0, LEVEL_P1, LEVEL_P4, LEVEL_P7};

	fake_level(&c->f, pod, levels[below(c, 5)]);
}

static void begin(struct story *c)
{
	static const struct fake_topology shapes[] = {
		{1, 1, 2, 2, true},   {1, 1, 8, 1, false}, {1, 4, 4, 2, true}, {2, 2, 4, 2, false},
		{2, 1, 16, 1, false}, {4, 2, 4, 2, true},  {1, 1, 1, 2, true},
	};
	static const char *const classes[] = {KUBE "/kubepods-pod",
					      BURSTABLE "/kubepods-burstable-pod",
					      BESTEFFORT "/kubepods-besteffort-pod"};

	fake_init(&c->f);
	memset(&c->all, 0, sizeof(c->all));
	c->all = c->f.model.node;
	c->all.cpus = NULL;
	fake_topology(&c->all, shapes[below(c, sizeof(shapes) / sizeof(shapes[0]))]);
	copy_cpus(c);
	c->exclusive = below(c, 3) > 0;
	if (!c->exclusive)
		c->f.model.capabilities &= ~(1u << CAPABILITY_CPUSET_EXCLUSIVE);
	c->f.policy.levels[LEVEL_P0].cpu.cores = CORES_EXCLUSIVE;
	if (below(c, 2))
		c->f.policy.levels[LEVEL_P1].cpu.cores = CORES_EXCLUSIVE;
	c->f.policy.levels[LEVEL_P4].cpu.smt = below(c, 2) ? SMT_AVOID_OFFLINE : SMT_SHARED;
	fake_service(&c->f, "system.slice");
	for (size_t i = 0; i < PODS; i++) {
		size_t class = below(c, 3);
		char path[256];

		(void)snprintf(path, sizeof(path), "%s%c%zu.slice", classes[class],
			       (char)('a' + below(c, 26)), i);
		c->pods[i] = fake_pod(&c->f, path,
				      class == 0   ? QOS_GUARANTEED
				      : class == 1 ? QOS_BURSTABLE
						   : QOS_BESTEFFORT);
		give_level(c, c->pods[i]);
		resize(c, c->pods[i]);
	}
	fake_rare_knobs(&c->f);
}

static void end(struct story *c)
{
	free(c->all.cpus);
	fake_free(&c->f);
}

static void foreign_set(struct story *c, struct cgroup *cg)
{
	struct knob_state *s = &cg->knobs[KNOB_CPUSET_CPUS];
	struct cpu_set set = {0};

	for (unsigned n = 0; below(c, 2) && n < c->all.n_cpus; n++)
		cpu_set_add(&set, n);
	for (uint64_t n = below(c, 3); n > 0; n--)
		cpu_set_add(&set, (unsigned)below(c, c->all.n_cpus));
	*s = (struct knob_state){.now = knob_value_cpus(&set)};
}

static void happen(struct story *c)
{
	size_t i = below(c, PODS);

	c->touched[i] = true;
	switch (below(c, 8)) {
	case 0:
	case 1:
		give_level(c, c->pods[i]);
		break;
	case 2:
		resize(c, c->pods[i]);
		break;
	case 3:
		if (c->f.model.node.n_cpus > 1)
			fake_topology_offline(
				&c->f.model.node,
				c->f.model.node.cpus[below(c, c->f.model.node.n_cpus)].id);
		c->shook = true;
		break;
	case 4:
		copy_cpus(c);
		c->shook = true;
		break;
	case 5:
		foreign_set(c, c->pods[i]->cgroup);
		c->shook = true;
		break;
	case 6:
		c->f.model.cpu_manager = below(c, 4) ? CPU_MANAGER_NONE : CPU_MANAGER_STATIC;
		c->shook = true;
		break;
	default:
		fake_waiting(&c->f, c->pods[i]);
		break;
	}
}

static const struct plan_entry *entry(struct story *c, const struct cgroup *cg, enum knob knob)
{
	return plan_find(&c->f.plan, cg, knob);
}

static struct cpu_set online(const struct story *c)
{
	struct cpu_set set = {0};

	for (size_t i = 0; i < c->f.model.node.n_cpus; i++)
		cpu_set_add(&set, c->f.model.node.cpus[i].id);
	return set;
}

/* Whole online cores that nobody else has, for pods that asked; together with what others need. */
static struct cpu_set check_owners(struct story *c)
{
	const struct node *node = &c->f.model.node;
	struct cpu_set all = {0}, left = online(c), whole;
	uint64_t others = 0;

	for (size_t i = 0; i < PODS; i++) {
		const struct plan_cores *p = plan_cores(&c->f.plan, c->pods[i]);
		const struct assignment *a = plan_assignment(&c->f.plan, c->pods[i]);
		uint64_t milli = c->pods[i]->resources.cpu_request_milli.value;

		n_refused += p->state == CORES_REFUSED;
		if (p->state != CORES_OWN) {
			others += a->role == ROLE_OFFLINE ? 0 : milli;
			CHECK(!entry(c, c->pods[i]->cgroup, KNOB_CPUSET_PARTITION));
			CHECK(!entry(c, c->pods[i]->cgroup, KNOB_CPUSET_EXCLUSIVE));
			continue;
		}
		n_owners++;
		CHECK(a->role == ROLE_ONLINE);
		CHECK(c->f.policy.levels[a->level].cpu.cores == CORES_EXCLUSIVE);
		CHECK(c->f.model.cpu_manager != CPU_MANAGER_STATIC);
		CHECK(cores_suit(node, &p->cpus, (milli + 999) / 1000));
		CHECK(!cpu_set_overlaps(&all, &p->cpus));
		CHECK(c->pods[i]->resources.cpu_limit_milli.value <=
		      cpu_set_count(&p->cpus) * 1000);
		cpu_set_union(&all, &p->cpus);
	}
	cpu_set_minus(&left, &all);
	whole = cores_whole(node, &left);
	if (!cpu_set_is_empty(&all)) {
		CHECK(cpu_set_count(&left) * 1000 >= others);
		CHECK(!cpu_set_is_empty(&whole));
	}
	return all;
}

/* What each knob is asked to be, by where it is. */
static void check_entries(struct story *c, const struct cpu_set *own)
{
	struct cpu_set on = online(c);

	for (size_t i = 0; i < c->f.plan.n_entries; i++) {
		const struct plan_entry *e = &c->f.plan.entries[i];
		const struct pod *pod = e->cgroup->pod;
		bool owner = pod && plan_cores(&c->f.plan, pod)->state == CORES_OWN;
		struct decide_subtree s;

		if (!knob_is_cpus(e->knob))
			continue;
		CHECK(!cpu_set_is_empty(&e->want.cpus));
		/* The CPUs of a partition are never changed. */
		if (owner && e->knob == KNOB_CPUSET_EXCLUSIVE)
			CHECK(knob_same(e->knob, &e->want, &e->cgroup->knobs[e->knob].now) ||
			      e->cgroup->knobs[KNOB_CPUSET_PARTITION].now.value ==
				      PARTITION_MEMBER);
		if (owner && knob_same(e->knob, &e->want, &e->cgroup->knobs[e->knob].now))
			continue; /* nothing is written; it may have to wait for its new ones */
		if (owner || e->knob == KNOB_CPUSET_CPUS)
			CHECK(cpu_set_contains(&on, &e->want.cpus));
		if (owner) {
			CHECK(cpu_set_equal(&e->want.cpus, &plan_cores(&c->f.plan, pod)->cpus));
			continue;
		}
		s = decide_subtree(&c->f.plan, e->cgroup);
		if (e->knob == KNOB_CPUSET_CPUS) {
			struct cpu_set whole = cores_whole(&c->f.model.node, &e->want.cpus);

			n_kept_off++;
			CHECK(s.offline > 0 && s.online == 0 && !s.others);
			CHECK(!cpu_set_overlaps(&e->want.cpus, own));
			CHECK(!cpu_set_is_empty(&whole));
		} else {
			CHECK(c->exclusive);
			CHECK(!pod && e->cgroup->parent);
		}
	}
}

/* Where the kernel keeps others off, it has to be told on the whole way, and nobody beside the pod may have a
 * set with these CPUs; where not, offline work is kept off. `settled`: nobody waits for others any more. */
static void check_covered(struct story *c, const struct cpu_set *own, bool settled)
{
	struct cpu_set set;

	for (size_t i = 0; i < PODS; i++) {
		const struct plan_cores *p = plan_cores(&c->f.plan, c->pods[i]);
		const struct cgroup *cg = c->pods[i]->cgroup;
		const struct plan_entry *mine = entry(c, cg, KNOB_CPUSET_EXCLUSIVE);

		if (c->exclusive && p->state == CORES_OWN)
			CHECK(!settled || (mine && cpu_set_equal(&mine->want.cpus, &p->cpus)));
		for (const struct cgroup *up = cg->parent; mine && up->parent; up = up->parent) {
			const struct plan_entry *e = entry(c, up, KNOB_CPUSET_EXCLUSIVE);

			CHECK(e && cpu_set_contains(&e->want.cpus, &mine->want.cpus));
		}
		for (const struct cgroup *beside = cg->parent->first_child; mine && beside;
		     beside = beside->next_sibling)
			CHECK(beside == cg ||
			      knob_same(KNOB_CPUSET_EXCLUSIVE, &mine->want,
					&cg->knobs[KNOB_CPUSET_EXCLUSIVE].now) ||
			      !cpu_set_overlaps(&beside->knobs[KNOB_CPUSET_CPUS].now.cpus,
						&mine->want.cpus));
		if (c->exclusive || cpu_set_is_empty(own) ||
		    plan_assignment(&c->f.plan, c->pods[i])->role != ROLE_OFFLINE)
			continue;
		CHECK(entry(c, cg, KNOB_CPUSET_CPUS) || entry(c, cg->parent, KNOB_CPUSET_CPUS) ||
		      decide_cores_foreign(&c->f.model.node, cg, KNOB_CPUSET_CPUS, &set));
	}
}

/* Beside a partition that stays no set with a CPU of it is written, nor given back. */
static void check_beside(struct story *c)
{
	for (size_t i = 1; i < c->f.model.n_cgroups; i++) {
		const struct cgroup *cg = c->f.model.cgroups[i];
		const struct knob_state *s = &cg->knobs[KNOB_CPUSET_CPUS];
		const struct plan_entry *e = entry(c, cg, KNOB_CPUSET_CPUS);
		const struct knob_value *next = e ? &e->want : s->owned ? &s->original : &s->now;

		if (knob_same(KNOB_CPUSET_CPUS, next, &s->now))
			continue;
		for (const struct cgroup *b = cg->parent->first_child; b; b = b->next_sibling)
			CHECK(b == cg || !entry(c, b, KNOB_CPUSET_PARTITION) ||
			      b->knobs[KNOB_CPUSET_PARTITION].now.value == PARTITION_MEMBER ||
			      !cpu_set_overlaps(&next->cpus,
						&b->knobs[KNOB_CPUSET_EXCLUSIVE].now.cpus));
	}
}

/* Nobody is moved who was not touched. */
static void check_stable(struct story *c)
{
	for (size_t i = 0; i < PODS; i++) {
		const struct plan_cores *p = plan_cores(&c->f.plan, c->pods[i]);

		if (!c->shook && !c->touched[i] && p->state == CORES_OWN &&
		    !cpu_set_is_empty(&c->had[i]))
			CHECK(cpu_set_equal(&c->had[i], &p->cpus));
		c->had[i] = p->state == CORES_OWN ? p->cpus : (struct cpu_set){0};
		c->touched[i] = false;
	}
	c->shook = false;
}

static struct cpu_set place_of(const struct cpu_places *places, const struct decide_node *node)
{
	return node->pod ? cpu_place_pod(places, node->pod)
			 : cpu_place_cgroup(places, node->cgroup);
}

/* All that is offline below one parent against those of its online siblings that it can meet on some CPU, by what
 * is written: a pod on cores of its own lifts nobody. */
static void check_weights(struct story *c)
{
	struct cpu_places places = cpu_place_look(&c->f.model, NULL);
	struct decide_tree *t = c->f.plan.tree;
	uint64_t least = c->f.model.node.n_cpus * 10;

	for (size_t p = 0; places.bounded && p < t->n_nodes; p++) {
		uint64_t online = 0, offline = 0, n = 0;
		struct cpu_set room = {0}, set;

		for (size_t i = 0; i < t->n_nodes; i++) {
			const struct plan_entry *e =
				plan_find(&c->f.plan, t->nodes[i].cgroup, KNOB_CPU_WEIGHT);

			if (t->nodes[i].parent != p || t->nodes[i].offline == 0)
				continue;
			set = place_of(&places, &t->nodes[i]);
			cpu_set_union(&room, &set);
			if (!e || e->reason.code != REASON_YIELD_RATIO)
				continue;
			offline += e->want.value;
			n++;
		}
		for (size_t i = 0; i < t->n_nodes; i++) {
			if (t->nodes[i].parent != p || !decide_tree_is_online(&t->nodes[i]))
				continue;
			set = place_of(&places, &t->nodes[i]);
			if (cpu_set_overlaps(&set, &room))
				online += t->nodes[i].weight;
			else
				n_apart += n > 0;
		}
		CHECK(offline <= n || offline * (least > 50 ? least : 50) <= online);
	}
}

static struct cpu_set decide_and_check(struct story *c, bool settled)
{
	struct cpu_set own;

	decide_run(&c->f);
	own = check_owners(c);
	check_entries(c, &own);
	check_covered(c, &own, settled);
	check_beside(c);
	return own;
}

/* What another gave back in one pass may be taken in the next, offline work beside it may have to be narrowed
 * before that, and what is above them narrows last; then it is quiet. */
#define PASSES 4

static void step(struct story *c)
{
	happen(c);
	(void)decide_and_check(c, false);
	check_stable(c);
	(void)fake_apply(&c->f);
	for (int pass = 0; pass < PASSES; pass++) {
		(void)decide_and_check(c, false);
		(void)fake_apply(&c->f);
	}
	(void)decide_and_check(c, true);
	CHECK(fake_apply(&c->f) == 0);
	check_weights(c);
	for (size_t i = 0; i < PODS; i++) {
		const struct plan_cores *p = plan_cores(&c->f.plan, c->pods[i]);

		c->had[i] = p->state == CORES_OWN ? p->cpus : (struct cpu_set){0};
	}
}

TEST(own_cores_are_whole_apart_covered_and_leave_room_for_all_others)
{
	for (int i = 0; i < CASES; i++) {
		struct story story = {.number = i}, *c = &story;

		c->state = (seed * 1000003u + (uint64_t)i) * 0x9e3779b97f4a7c15ull + 1;
		begin(c);
		for (c->step = 0; c->step < STEPS; c->step++)
			step(c);
		end(c);
	}
	print_message("# %zu times own cores, %zu refused, %zu cgroups kept off, %zu apart\n",
		      n_owners, n_refused, n_kept_off, n_apart);
	assert_true(n_owners > CASES && n_refused > CASES && n_kept_off > CASES && n_apart > CASES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_cores_are_whole_apart_covered_and_leave_room_for_all_others),
	};
	const char *given = getenv("COLOD_SEED");

	seed = given ? strtoull(given, NULL, 10) : 20260101;
	print_message("# COLOD_SEED=%" PRIu64 ", %d cases of %d steps\n", seed, CASES, STEPS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
