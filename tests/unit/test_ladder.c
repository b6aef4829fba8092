// SPDX-License-Identifier: LGPL-2.1-or-later
// The ladder itself, over a table of three rungs that no resource has: when it goes up, when down, and what it
// leaves alone. What each resource makes of it is in the tests of that resource.
#include "policy/ladder.h"

#include "tests/lib/fake.h"
#include "tests/lib/fake_random.h"
#include "tests/lib/test.h"

#define SECOND 1000000
#define WEB "kubepods.slice/kubepods-podweb.slice"

/* The rungs there are serve as names; a second one above squeeze needs a number of its own. */
#define LOW RUNG_SQUEEZE
#define MIDDLE ((enum rung)(RUNG_SQUEEZE + 1))
#define HIGH ((enum rung)(RUNG_SQUEEZE + 2))
#define ALL (1u << LOW | 1u << MIDDLE | 1u << HIGH)

static const struct ladder_rung rungs[] = {
	{.rung = LOW, .dwell_us = 0, .calm_us = 10 * SECOND},
	{.rung = MIDDLE, .dwell_us = 5 * SECOND, .calm_us = 4 * SECOND},
	{.rung = HIGH, .dwell_us = 2 * SECOND, .calm_us = 0},
};
static const struct ladder_table table = {rungs, 3};

static struct fake f;
static struct pod *web;
static struct ladder ladder;
static struct wait_look look;
static uint64_t waited_us;

static int setup(void **state)
{
	(void)state;
	fake_init(&f);
	web = fake_pod(&f, WEB, QOS_GUARANTEED);
	fake_level(&f, web, LEVEL_P0);
	ladder = (struct ladder){0};
	waited_us = 0;
	look = (struct wait_look){
		.model = &f.model,
		.samples = &f.samples,
		.policy = &f.policy,
		.plan = &f.plan,
		.rule = &f.policy.pressure_cpu,
		.resource = RESOURCE_CPU,
		.now_us = 100 * SECOND,
	};
	fake_sample(&f, web, look.now_us, 0, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_free(&f);
	return 0;
}

/* A rung that is on is written; going up would take something. */
static struct ladder_signal signal_of(bool pressure)
{
	return (struct ladder_signal){
		.allowed = ALL,
		.pressure = pressure,
		.useful = true,
		.spent = true,
		.in_force = true,
		.reason = {.code = REASON_SQUEEZE, .rule = -1, .level = LEVEL_NONE, .observed = 77},
	};
}

/* `seconds` looks, in which web waits `permille` of the time. */
static enum rung run(int seconds, struct ladder_signal signal, uint64_t permille)
{
	for (int i = 0; i < seconds; i++) {
		look.now_us += SECOND;
		waited_us += permille * 1000;
		fake_sample(&f, web, look.now_us, 0, waited_us);
		(void)ladder_step(&ladder, &table, &signal, &look);
	}
	return ladder.rung;
}

TEST(it_goes_up_one_rung_at_a_time_each_after_its_dwell)
{
	const struct ladder_signal waits = signal_of(true);

	assert_int_equal(run(1, waits, 100), LOW);
	assert_int_equal(ladder.reason.observed, 77);
	assert_int_equal(run(4, waits, 100), LOW);
	assert_int_equal(run(1, waits, 100), MIDDLE);
	assert_int_equal(ladder.since_us, look.now_us);
	assert_int_equal(run(1, waits, 100), MIDDLE);
	assert_int_equal(run(1, waits, 100), HIGH);
	assert_int_equal(run(5, waits, 100), HIGH);
	assert_int_equal(ladder.steps, 3);
}

TEST(it_comes_down_one_rung_at_a_time_each_after_its_calm)
{
	(void)run(8, signal_of(true), 100);
	assert_int_equal(ladder.rung, HIGH);
	assert_int_equal(run(1, signal_of(false), 0), MIDDLE);
	assert_int_equal(ladder.reason.code, REASON_RELEASED);
	assert_int_equal(run(2, signal_of(false), 0), MIDDLE);
	assert_int_equal(run(1, signal_of(false), 0), LOW);
	assert_int_equal(run(5, signal_of(false), 0), LOW);
	assert_int_equal(run(1, signal_of(false), 0), RUNG_CALM);
	assert_int_equal(ladder.reason.for_us, 10 * SECOND);
	assert_int_equal(ladder.steps, 6);
}

/* Peace counts from the last wait, however short that was. */
TEST(a_wait_in_between_starts_the_calm_anew)
{
	(void)run(1, signal_of(true), 100);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(run(9, signal_of(false), 0), LOW);
		assert_int_equal(run(1, signal_of(true), 100) == RUNG_CALM, false);
		ladder.since_us = look.now_us; /* not the dwell of the next rung */
	}
}

TEST(without_anybody_to_take_from_it_does_not_go_up_and_while_it_takes_it_stays)
{
	struct ladder_signal s = signal_of(true);

	s.useful = false;
	assert_int_equal(run(30, s, 100), RUNG_CALM);
	s.useful = true;
	assert_int_equal(run(1, s, 100), LOW);
	s = signal_of(false);
	s.spent = false;
	assert_int_equal(run(100, s, 0), LOW);
	s.spent = true;
	assert_int_equal(run(1, s, 0), RUNG_CALM);
}

TEST(a_rung_that_is_not_allowed_is_passed_over_and_left_at_once)
{
	struct ladder_signal s = signal_of(true);

	s.allowed = 1u << LOW | 1u << HIGH;
	assert_int_equal(run(2, s, 100), LOW);
	assert_int_equal(run(1, s, 100), HIGH); /* by its own dwell */
	s.allowed = 1u << LOW;
	assert_int_equal(run(1, s, 100), LOW);
	s.allowed = 0;
	assert_int_equal(run(1, s, 100), RUNG_CALM);
	assert_int_equal(run(30, s, 100), RUNG_CALM);
}

TEST(what_is_due_at_once_waits_for_no_dwell_and_stops_at_what_is_allowed)
{
	struct ladder_signal s = signal_of(false);

	s.at_once = HIGH;
	assert_int_equal(run(1, s, 0), HIGH);
	assert_int_equal(ladder.steps, 1);
	ladder = (struct ladder){0};
	s.allowed = 1u << LOW | 1u << MIDDLE;
	assert_int_equal(run(1, s, 0), MIDDLE);
	ladder = (struct ladder){0};
	s.useful = false;
	assert_int_equal(run(1, s, 0), RUNG_CALM);
}

/* It waits as before on LOW (with no rung above to go to): two windows, then its rest. */
TEST(a_rung_that_helped_nobody_is_left_for_the_one_below)
{
	struct ladder_signal s = signal_of(true);

	s.allowed = 1u << LOW;
	(void)run(2, signal_of(false), 300);
	assert_int_equal(run(20, s, 300), LOW);
	assert_int_equal(run(1, s, 300), RUNG_CALM);
	assert_int_equal(ladder.reason.code, REASON_INEFFECTIVE);
	assert_int_equal(ladder.efficacy.n_marks, 1);
}

TEST(a_rung_above_is_judged_by_what_was_there_when_it_began)
{
	(void)run(2, signal_of(false), 300);
	assert_int_equal(run(1, signal_of(true), 300), LOW);
	assert_int_equal(run(5, signal_of(true), 200), MIDDLE);
	assert_int_equal(ladder.efficacy.started_us, look.now_us);
	assert_int_equal(ladder.efficacy.trial[0].number, 200);
}

TEST(a_gap_is_calm)
{
	(void)run(8, signal_of(true), 100);
	ladder_reset(&ladder, look.now_us + SECOND, 3600 * (uint64_t)SECOND);
	assert_int_equal(ladder.rung, RUNG_CALM);
	assert_int_equal(ladder.steps, 4);
	assert_int_equal(ladder.reason.code, REASON_GAP);
	assert_int_equal(ladder.pressure_us, 0);
}

/* However it is driven: never past the top, never up without a reason, and each look moves it by at most one
 * rung down. */
TEST(any_series_of_signals_keeps_the_rules)
{
	uint64_t dice = 20261126;
	int64_t stands_us = 0;

	for (int i = 0; i < 20000; i++) {
		struct ladder_signal s = signal_of(fake_random_below(&dice, 2) == 1);
		enum rung before = ladder.rung;

		s.allowed = (uint32_t)fake_random_below(&dice, 8) << LOW;
		s.useful = fake_random_below(&dice, 4) > 0;
		s.spent = fake_random_below(&dice, 2) == 1;
		s.in_force = fake_random_below(&dice, 2) == 1;
		s.at_once = fake_random_below(&dice, 50) ? RUNG_CALM : HIGH;
		(void)run(1, s, fake_random_below(&dice, 1000));
		assert_true(ladder.rung <= HIGH);
		if (ladder.rung > before) {
			assert_true(s.useful && (s.pressure || s.at_once == HIGH));
			assert_true(s.allowed & (1u << ladder.rung));
		}
		if (ladder.rung < before && (s.allowed & (1u << before)) &&
		    ladder.reason.code != REASON_INEFFECTIVE)
			assert_true(!s.pressure && s.spent && look.now_us >= stands_us);
		stands_us = ladder_stands_us(&ladder, &table, look.now_us);
		assert_true(stands_us == 0 || stands_us > look.now_us);
		assert_true(ladder.rung != RUNG_CALM || stands_us == 0);
	}
}

/* The very look at which it may be left is the one at which it is, where nothing is taken any more. */
TEST(a_rung_stands_until_the_moment_it_tells)
{
	struct ladder_signal calm = signal_of(false);
	int64_t stands_us;

	calm.spent = true;
	(void)run(1, signal_of(true), 100);
	assert_true(ladder.rung != RUNG_CALM);
	stands_us = ladder_stands_us(&ladder, &table, look.now_us);
	assert_true(stands_us > look.now_us);
	while (look.now_us + SECOND < stands_us) {
		(void)run(1, calm, 100);
		assert_true(ladder.rung != RUNG_CALM);
		assert_true(ladder_stands_us(&ladder, &table, look.now_us) == stands_us);
	}
	(void)run(1, calm, 100);
	assert_int_equal(ladder.rung, RUNG_CALM);
	assert_true(ladder_stands_us(&ladder, &table, look.now_us) == 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(it_goes_up_one_rung_at_a_time_each_after_its_dwell),
		CASE(it_comes_down_one_rung_at_a_time_each_after_its_calm),
		CASE(a_wait_in_between_starts_the_calm_anew),
		CASE(without_anybody_to_take_from_it_does_not_go_up_and_while_it_takes_it_stays),
		CASE(a_rung_that_is_not_allowed_is_passed_over_and_left_at_once),
		CASE(what_is_due_at_once_waits_for_no_dwell_and_stops_at_what_is_allowed),
		CASE(a_rung_that_helped_nobody_is_left_for_the_one_below),
		CASE(a_rung_above_is_judged_by_what_was_there_when_it_began),
		CASE(a_gap_is_calm),
		CASE(any_series_of_signals_keeps_the_rules),
		CASE(a_rung_stands_until_the_moment_it_tells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
