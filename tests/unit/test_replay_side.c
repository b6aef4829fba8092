// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "agent/life.h"
#include "agent/replay_side.h"
#include "tests/lib/fake.h"

#define START_US 1000000000ll

static struct fake f;
static struct modes modes;
static struct replay_side side;
static struct record_pass out;
static uint32_t ids[16];

static int setup(void **state)
{
	(void)state;
	fake_init(&f);
	fake_pod(&f, "kubepods.slice/kubepods-besteffort.slice/p.slice", QOS_BESTEFFORT);
	replay_side_init(&side, NULL);
	modes.all = MODE_SQUEEZE;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	replay_side_done(&side);
	fake_free(&f);
	return 0;
}

static const struct floor_cpu *given_floor;

static void pass(int64_t now_us, const struct ladder *ladder, const struct assignment *assignments)
{
	const struct record_replayed given = {
		.now_us = now_us,
		.model = &f.model,
		.samples = &f.samples,
		.ids = ids,
		.modes = &modes,
		.ladders = {[RESOURCE_CPU] = ladder},
		.floor = given_floor,
		.policy = &f.policy,
		.assignments = assignments,
		.n_assignments = assignments ? f.model.n_slots : 0,
	};

	assert_int_equal(replay_side_pass(&side, &given, &out), 0);
}

/* Calm, with a word on when nobody can be held: nothing else moves it. */
static const struct ladder told = {.rung = RUNG_CALM, .steps = 9, .pressure_us = 5};

TEST(a_ladder_that_is_told_is_taken_and_kept)
{
	pass(START_US, &told, NULL);
	assert_int_equal(out.ladders_after->of[RESOURCE_CPU].steps, 9);
	pass(START_US + LIFE_BOUND_US, NULL, NULL);
	assert_int_equal(out.ladders_after->of[RESOURCE_CPU].steps, 9);
	assert_int_equal(out.ladders_after->of[RESOURCE_CPU].pressure_us, 5);
}

TEST(a_gap_longer_than_the_bound_puts_it_back)
{
	pass(START_US, &told, NULL);
	pass(START_US + LIFE_BOUND_US + 1, NULL, NULL);
	assert_int_equal(out.ladders_after->of[RESOURCE_CPU].reason.code, REASON_GAP);
	assert_int_equal(out.ladders_after->of[RESOURCE_CPU].reason.for_us, LIFE_BOUND_US + 1);
	assert_int_equal(out.ladders_after->of[RESOURCE_CPU].pressure_us, 0);
}

TEST(what_the_record_says_of_the_ladder_wins_over_a_gap)
{
	pass(START_US, &told, NULL);
	pass(START_US + 10 * LIFE_BOUND_US, &told, NULL);
	assert_int_equal(out.ladders_after->of[RESOURCE_CPU].reason.code, REASON_NONE);
	assert_int_equal(out.ladders_after->of[RESOURCE_CPU].pressure_us, 5);
}

TEST(a_floor_that_is_told_is_taken_and_a_gap_forgets_it)
{
	const struct floor_cpu floor_told = {.raises = 9, .starved = 4};
	struct assignment offline = {
		.state = ASSIGNMENT_LEVEL, .level = LEVEL_P7, .role = ROLE_OFFLINE};

	(void)fake_service(&f, "kubepods.slice/online.service");
	given_floor = &floor_told;
	pass(START_US, NULL, &offline);
	given_floor = NULL;
	assert_int_equal(out.floor_after->raises, 9);
	assert_int_equal(out.floor_after->n, 1);
	pass(START_US + LIFE_BOUND_US, NULL, &offline);
	assert_int_equal(out.floor_after->branches[0].since_us, START_US + LIFE_BOUND_US);
	side.floor.branches[0].doublings = 1;
	pass(START_US + 2 * LIFE_BOUND_US + 1, NULL, &offline);
	assert_int_equal(out.floor_after->branches[0].doublings, 0);
	assert_int_equal(out.floor_after->starved, 4);
}

/* Pseudonyms: no rule could find the pod, so its level is the recorded one. */
TEST(levels_that_are_given_are_not_worked_out)
{
	struct assignment given = {
		.state = ASSIGNMENT_LEVEL,
		.level = LEVEL_P7,
		.role = ROLE_OFFLINE,
		.rule = 0,
		.may_hold = true,
	};

	pass(START_US, NULL, NULL);
	assert_int_equal(out.plan->assignments[0].state, ASSIGNMENT_NONE);
	pass(START_US + 1000000, NULL, &given);
	assert_int_equal(out.plan->assignments[0].level, LEVEL_P7);
	assert_true(out.plan->n_entries > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_ladder_that_is_told_is_taken_and_kept, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_gap_longer_than_the_bound_puts_it_back, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_the_record_says_of_the_ladder_wins_over_a_gap,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_floor_that_is_told_is_taken_and_a_gap_forgets_it,
						setup, teardown),
		cmocka_unit_test_setup_teardown(levels_that_are_given_are_not_worked_out, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
