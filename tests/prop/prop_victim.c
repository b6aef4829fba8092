// SPDX-License-Identifier: LGPL-2.1-or-later
// Whom a kill would take, on nodes made at random: never online work, never a pod that is not known, never one
// while another of a lower level is spared, always the same one. And one victim after another empties
// the node of candidates, each of them once. The seed is printed; COLOD_SEED=N runs the same nodes again.
#include "policy/victim.h"
#include "tests/lib/cpu_case.h"
#include "tests/lib/evict_case.h"
#include "tests/lib/test.h"

#include <string.h>

#define SLOTS 256
#define MIB ((uint64_t)1 << 20)

static struct victim_memory memory[SLOTS];
static uint64_t nodes; /* that run short; 0: the machine does */

/* Numbers, facts that fail, deletions and static pods, drawn over what fake_random() made. */
static void draw(struct fake *f, uint64_t *seed)
{
	struct policy *policy = &f->policy;

	policy->evict.n_order = fake_random_below(seed, EVICT_KEY_COUNT + 1);
	for (size_t i = 0; i < policy->evict.n_order; i++)
		policy->evict.order[i] = (enum evict_key)fake_random_below(seed, EVICT_KEY_COUNT);
	assert_true(f->model.n_slots <= SLOTS);
	memset(memory, 0, sizeof(memory));
	nodes = fake_random_below(seed, 2) * 5;
	for (size_t i = 0; i < f->model.n_pods; i++) {
		struct pod *p = f->model.pods[i];

		memory[p->slot] = (struct victim_memory){
			.serial = p->serial + (fake_random_below(seed, 16) == 0),
			.at_us = FAKE_RANDOM_NOW_US - (int64_t)fake_random_below(seed, 6000000),
			.anon_bytes = fake_random_below(seed, 64) * MIB,
			.shmem_bytes = fake_random_below(seed, 64) * MIB,
			.there_bytes = fake_random_below(seed, 200) * MIB,
			.elsewhere_bytes = fake_random_below(seed, 64) * MIB,
		};
		p->cgroup->inode = fake_random_below(seed, 4);
		if (p->facts && fake_random_below(seed, 8) == 0)
			p->facts->is_static = true;
		if (p->facts && fake_random_below(seed, 8) == 0)
			p->facts->deleting = true;
		if (p->kind == POD_KUBERNETES && fake_random_below(seed, 8) == 0)
			p->facts_state = FACT_UNKNOWN;
	}
}

static uint64_t fall;
static uint64_t rates[SLOTS]; /* of growth, by slot */

static void run(const struct fake *f, const struct victim_state *state,
		struct victim_list *ret_list)
{
	const struct victim_input in = {
		.model = &f->model,
		.samples = &f->samples,
		.policy = &f->policy,
		.plan = &f->plan,
		.memory = memory,
		.n_memory = SLOTS,
		.state = state,
		.way = EVICT_KILL,
		.nodes = nodes,
		.fall_bytes_per_s = fall,
		.now_us = FAKE_RANDOM_NOW_US,
	};

	victim_choose(&in, ret_list);
}

static void never(const struct fake *f, const struct victim *v, int number)
{
	const struct pod *p = v->pod;
	const struct assignment *a = &f->plan.assignments[p->slot];

	if (a->state != ASSIGNMENT_LEVEL || a->role != ROLE_OFFLINE || a->level != v->level)
		fail_msg("node %d: %s is not offline", number, p->name);
	if (p->kind == POD_KUBERNETES &&
	    (p->facts_state != FACT_KNOWN || p->facts->is_static || p->facts->deleting))
		fail_msg("node %d: %s is not known, static or going", number, p->name);
	if (memory[p->slot].serial != p->serial || memory[p->slot].anon_bytes != v->estimate_bytes)
		fail_msg("node %d: %s was not measured", number, p->name);
	/* Whatever it has elsewhere. */
	if (v->estimate_bytes < VICTIM_LEAST_BYTES)
		fail_msg("node %d: %s has next to nothing there", number, p->name);
	if (nodes != 0 && v->usage_bytes != memory[p->slot].there_bytes)
		fail_msg("node %d: what %s has elsewhere counts", number, p->name);
	for (size_t i = 0; i < f->model.n_cgroups; i++) {
		const struct cgroup *c = f->model.cgroups[i], *up = c;

		while (up && up != p->cgroup)
			up = up->parent;
		if (up && c->pod && c->pod != p)
			fail_msg("node %d: %s would go with %s", number, c->path, p->name);
	}
}

static void check_victims(struct fake *f, int number)
{
	uint64_t seed = cpu_case_current() + (uint64_t)number + 1;
	struct victim_state state = {0};
	struct victim_list l, again;
	enum level level = LEVEL_P7;
	size_t left;

	draw(f, &seed);
	run(f, &state, &l);
	fake_reverse_siblings(f);
	run(f, &state, &again);
	CPU_CASE_CHECK(memcmp(&l, &again, sizeof(l)) == 0);
	cpu_case_looked += l.n_candidates > 0;
	left = l.n_candidates;
	for (size_t i = 0; i < VICTIM_OUT_COUNT; i++)
		left += l.n_out[i];
	assert_int_equal(left, f->model.n_pods);
	/* More than rest at a time are none of these nodes' business. */
	for (left = l.n_candidates; left > 0 && l.n_candidates <= VICTIM_RESTING; left--) {
		run(f, &state, &l);
		assert_int_equal(l.n_candidates, left);
		never(f, &l.list[0], number);
		if (l.list[0].level > level)
			fail_msg("node %d: %s was spared for a higher level", number,
				 l.list[0].pod->name);
		level = l.list[0].level;
		victim_taken(&state, &l.list[0], FAKE_RANDOM_NOW_US);
		if (victim_may_go_on(&state, FAKE_RANDOM_NOW_US, 0) != VICTIM_WAIT)
			fail_msg("node %d: two at once", number);
	}
}

TEST(never_online_never_unknown_lowest_first_and_always_the_same)
{
	cpu_case_each(check_victims);
}

/* One after another, as long as whatever takes the room is offline: each that rests comes after all of its level that grow. */
static void check_growth(struct fake *f, int number)
{
	uint64_t seed = cpu_case_current() + (uint64_t)number + 1;
	bool rested[LEVEL_COUNT] = {false};
	struct victim_state state = {0};
	struct victim_list l;

	draw(f, &seed);
	evict_case_grow(f, &seed, memory, rates);
	nodes = 0;
	fall = fake_random_below(&seed, 4) ? 0 : 1000 * MIB;
	run(f, &state, &l);
	for (size_t left = l.n_candidates; left > 0 && l.n_candidates <= VICTIM_RESTING; left--) {
		const struct victim *v = &l.list[0];
		uint64_t rate;

		run(f, &state, &l);
		rate = rates[v->pod->slot];
		if (fall > 0 && v->grows)
			fail_msg("node %d: %s is not why it falls", number, v->pod->name);
		if (fall == 0 && rate > 0 && rested[v->level])
			fail_msg("node %d: %s grows, and one that rests went before it", number,
				 v->pod->name);
		cpu_case_looked += fall == 0 && rate > 0;
		rested[v->level] |= rate == 0;
		victim_taken(&state, v, FAKE_RANDOM_NOW_US);
	}
	fall = 0;
}

TEST(what_rests_survives_all_of_its_level_that_grow)
{
	cpu_case_each(check_growth);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(never_online_never_unknown_lowest_first_and_always_the_same),
		cmocka_unit_test(what_rests_survives_all_of_its_level_that_grow),
	};

	cpu_case_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
