// SPDX-License-Identifier: LGPL-2.1-or-later
// Random nodes that run out of memory and back again, second by second, with facts, guards, modes of probing and
// other people's hands that come and go: nobody is frozen who must not be, nobody for longer than may be, nor twice in a
// minute, and what does not change does not swing. The seed is printed; COLOD_SEED=N runs the same again.
#include "policy/freeze.h"

#include <inttypes.h>
#include <stdlib.h>

#include "policy/knob.h"
#include "tests/lib/fake_random.h"
#include "tests/lib/memory_case.h"
#include "tests/lib/test.h"

#define CASES 60
#define SECONDS 300
#define SECOND MEMORY_CASE_SECOND
#define MIB MEMORY_CASE_MIB
#define N_PODS 3

static uint64_t seed;

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fail_msg("COLOD_SEED=%" PRIu64 " case %d second %d: %s", seed, number, n,  \
				 #condition);                                                      \
	} while (0)

/* What is remembered of one pod. */
struct seen {
	bool frozen;
	int64_t since_us;
	int64_t ended_us;
};

static uint64_t below(uint64_t *r, uint64_t n)
{
	return fake_random_below(r, n);
}

static void shake_pod(uint64_t *r, struct memory_case *c, struct pod *pod)
{
	static const uint64_t probes[] = {UINT64_MAX, UINT64_MAX, 21000000, 12000000,
					  8000000,    3000000,	  0};
	struct pod_freeze *f = &pod->facts->freeze;

	f->known = below(r, 12) > 0;
	f->host_ipc = below(r, 20) == 0;
	f->shared_volume = below(r, 20) == 0 ? (char *)"data" : NULL;
	f->runtime_class = below(r, 20) == 0 ? (char *)"kata" : NULL;
	f->probe_us = probes[below(r, sizeof(probes) / sizeof(probes[0]))];
	pod->facts->deleting = below(r, 15) == 0;
	pod->facts_state = below(r, 15) ? FACT_KNOWN : FACT_UNKNOWN;
	if (below(r, 15) == 0)
		fake_waiting(&c->f, pod);
	else
		fake_level(&c->f, pod, LEVEL_P7);
	/* Somebody else thaws it, or freezes it. */
	if (below(r, 25) == 0)
		pod->cgroup->knobs[KNOB_CGROUP_FREEZE].now = knob_value_of(below(r, 2));
}

static void shake(uint64_t *r, struct memory_case *c)
{
	if (below(r, 3) == 0)
		shake_pod(r, c, c->hog);
	if (below(r, 3) == 0)
		shake_pod(r, c, c->tame);
	if (below(r, 20) == 0)
		c->f.model.freeze.most_us = below(r, 3) * 5 * SECOND;
	if (below(r, 30) == 0)
		c->f.policy.pressure_memory.steps ^= 1u << ACTION_FREEZE;
	if (below(r, 40) == 0)
		*memory_case_ladder(c) = (struct ladder){.rung = RUNG_CALM};
	if (below(r, 4) == 0)
		c->free_bytes = (150 + below(r, 2500)) * MIB;
}

/* By what is true of it, not by what the code under test makes of that. */
static bool may_be(const struct memory_case *c, const struct pod *pod)
{
	const struct pod_freeze *f = &pod->facts->freeze;
	const struct assignment *a = &c->f.plan.assignments[pod->slot];

	return pod != c->web && a->state == ASSIGNMENT_LEVEL && a->role == ROLE_OFFLINE &&
	       pod->facts_state == FACT_KNOWN && !pod->facts->deleting && f->known &&
	       !f->host_ipc && !f->shared_volume && !f->runtime_class &&
	       f->probe_us >= 7 * SECOND && c->f.model.freeze.most_us > 0 &&
	       (c->f.policy.pressure_memory.steps & (1u << ACTION_FREEZE));
}

static void check_pod(const struct memory_case *c, const struct pod *pod, struct seen *seen,
		      int number, int n)
{
	bool frozen = plan_find(&c->f.plan, pod->cgroup, KNOB_CGROUP_FREEZE) != NULL;

	if (frozen) {
		uint64_t most = c->f.model.freeze.most_us;
		uint64_t half = pod->facts->freeze.probe_us / 2;

		CHECK(may_be(c, pod));
		if (!seen->frozen) {
			CHECK(seen->ended_us == 0 || c->now_us - seen->ended_us >= 60 * SECOND);
			CHECK(c->f.ladders.of[RESOURCE_MEMORY].rung == RUNG_FREEZE);
			seen->since_us = c->now_us;
		}
		CHECK((uint64_t)(c->now_us - seen->since_us) < (most < half ? most : half));
	} else if (seen->frozen) {
		seen->ended_us = c->now_us;
	}
	seen->frozen = frozen;
}

static void check_case(uint64_t *r, int number, unsigned *ret_freezes)
{
	struct seen seen[N_PODS] = {0};
	struct memory_case c;
	int n;

	memory_case_init(&c, 300 + below(r, 3000));
	memory_case_may_freeze(&c);
	for (n = 0; n < SECONDS; n++) {
		const struct pod *pods[N_PODS] = {c.hog, c.tame, c.web};

		shake(r, &c);
		memory_case_run(&c, 1,
				(struct memory_second){
					.hog_grows = (int64_t)below(r, 300),
					.tame_grows = (int64_t)below(r, 60),
					.web_waits_us = below(r, 3) == 0 ? below(r, 500000) : 0,
				});
		for (size_t i = 0; i < N_PODS; i++) {
			bool before = seen[i].frozen;

			check_pod(&c, pods[i], &seen[i], number, n);
			*ret_freezes += seen[i].frozen && !before;
		}
	}
	memory_case_done(&c);
}

TEST(nobody_is_frozen_who_must_not_be_nor_for_too_long_nor_too_often)
{
	unsigned freezes = 0;
	uint64_t r = seed;

	for (int number = 0; number < CASES; number++)
		check_case(&r, number, &freezes);
	print_message("# %u freezes in %d nodes\n", freezes, CASES);
	assert_true(freezes > CASES);
}

/* The same second for an hour: up and down once a minute at most. */
TEST(a_constant_input_does_not_swing)
{
	uint64_t r = seed;

	for (int number = 0; number < 20; number++) {
		int64_t grows = 50 + (int64_t)below(&r, 400);
		struct memory_case c;

		memory_case_init(&c, 400 + below(&r, 1500));
		memory_case_may_freeze(&c);
		for (int n = 0; n < 600; n++) {
			/* Somebody who is no pod gives back what they took. */
			c.free_bytes = (250 + (uint64_t)grows * 3) * MIB;
			memory_case_run(&c, 1, (struct memory_second){.hog_grows = grows});
			c.hog_bytes = 512 * MIB;
		}
		if (memory_case_ladder(&c)->steps > 4 + 2 * 600 / 60)
			fail_msg("COLOD_SEED=%" PRIu64 " case %d: %" PRIu64 " steps", seed, number,
				 memory_case_ladder(&c)->steps);
		memory_case_done(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_is_frozen_who_must_not_be_nor_for_too_long_nor_too_often),
		cmocka_unit_test(a_constant_input_does_not_swing),
	};
	const char *given = getenv("COLOD_SEED");

	seed = given ? strtoull(given, NULL, 10) : 20261126;
	print_message("# COLOD_SEED=%" PRIu64 "\n", seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
