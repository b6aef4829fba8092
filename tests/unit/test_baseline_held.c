// SPDX-License-Identifier: LGPL-2.1-or-later
// What seconds with offline work at its floor have shown, as a baseline.
#include "policy/baseline.h"

#include <string.h>

#include "policy/score.h"
#include "tests/lib/calm_case.h"
#include "tests/lib/test.h"

#define DAY_US INT64_C(86400000000)

static struct calm_case c;
static const struct calm_second busy = {
	.web_cpu = 300000, .batch_cpu = 2500000, .web_stalled = 300000};

static int make(void **state)
{
	(void)state;
	calm_case_open(&c);
	return 0;
}

static int drop(void **state)
{
	(void)state;
	calm_case_close(&c);
	return 0;
}

static struct score_baseline look(enum resource resource, uint64_t load_milli)
{
	struct score_baseline b = {0};

	assert_true(baselines_look(c.baselines, c.web, resource, load_milli, c.now_us, &b));
	return b;
}

static void hold(uint32_t permille)
{
	assert_true(baselines_add_held(c.baselines, c.web, look(RESOURCE_CPU, 300).load_to_milli,
				       permille, c.now_us));
}

static void hold_all(const uint32_t permille[BASELINE_HOLDS])
{
	for (int i = 0; i < BASELINE_HOLDS; i++)
		hold(permille[i]);
}

TEST(eight_seconds_are_a_baseline_and_seven_are_none)
{
	calm_case_run(&c, 21, &busy);
	for (int i = 0; i < BASELINE_HOLDS - 1; i++)
		hold(20);
	assert_int_equal(look(RESOURCE_CPU, 300).basis, SCORE_BASIS_LEARNING);
	assert_int_equal(look(RESOURCE_CPU, 300).holds, BASELINE_HOLDS - 1);
	hold(20);
	assert_int_equal(look(RESOURCE_CPU, 300).basis, SCORE_BASIS_HELD);
	assert_int_equal(look(RESOURCE_CPU, 300).holds, BASELINE_HOLDS);
	assert_int_equal(look(RESOURCE_CPU, 300).median_permille, 20);
	assert_int_equal(look(RESOURCE_CPU, 300).sigma_permille, 1);
	/* of that load, and of CPU, only */
	assert_int_equal(look(RESOURCE_CPU, 100).basis, SCORE_BASIS_LEARNING);
	assert_int_equal(look(RESOURCE_MEMORY, 300).basis, SCORE_BASIS_LEARNING);
	assert_int_equal(look(RESOURCE_MEMORY, 300).holds, 0);
}

TEST(no_second_that_was_measured_would_count_as_lost)
{
	static const uint32_t one_far[BASELINE_HOLDS] = {10, 12, 90, 10, 11, 12, 10, 11};
	struct score_baseline b;

	calm_case_run(&c, 21, &busy);
	hold_all(one_far);
	b = look(RESOURCE_CPU, 300);
	assert_int_equal(b.median_permille, 11);
	assert_int_equal(b.sigma_permille, 27);
	for (int i = 0; i < BASELINE_HOLDS; i++)
		assert_int_equal(score_excess(one_far[i], b.median_permille, b.sigma_permille), 0);
}

TEST(the_oldest_second_goes_first)
{
	static const uint32_t first[BASELINE_HOLDS] = {900, 900, 900, 900, 900, 900, 900, 900};

	calm_case_run(&c, 21, &busy);
	hold_all(first);
	for (int i = 0; i < 5; i++)
		hold(20);
	assert_int_equal(look(RESOURCE_CPU, 300).median_permille, 20);
	assert_int_equal(c.baselines->workloads[0]->held[4].n, BASELINE_HOLDS);
	assert_int_equal(c.baselines->workloads[0]->held[4].permille[2], 900);
	assert_int_equal(c.baselines->workloads[0]->held[4].permille[3], 20);
}

TEST(they_stand_before_an_estimate_and_behind_calm_windows)
{
	static const uint32_t shown[BASELINE_HOLDS] = {40, 40, 40, 40, 40, 40, 40, 40};

	calm_case_run(&c, 700, &busy);
	assert_int_equal(look(RESOURCE_CPU, 300).basis, SCORE_BASIS_ESTIMATE);
	hold_all(shown);
	assert_int_equal(look(RESOURCE_CPU, 300).basis, SCORE_BASIS_HELD);
	assert_int_equal(look(RESOURCE_CPU, 300).median_permille, 40);
	calm_case_learn(&c, 4, 300000, 20000);
	assert_int_equal(look(RESOURCE_CPU, 300).basis, SCORE_BASIS_CALM);
	assert_in_range(look(RESOURCE_CPU, 300).median_permille, 18, 22);
}

TEST(a_day_later_they_say_nothing_any_more)
{
	static const uint32_t shown[BASELINE_HOLDS] = {40, 40, 40, 40, 40, 40, 40, 40};
	struct baseline_workload *w;

	calm_case_run(&c, 21, &busy);
	hold_all(shown);
	w = c.baselines->workloads[0];
	baseline_fade(w, c.now_us + DAY_US);
	assert_int_equal(w->held[4].n, BASELINE_HOLDS);
	baseline_fade(w, c.now_us + DAY_US + INT64_C(3600000000));
	assert_int_equal(w->held[4].n, 0);
}

TEST(they_move_with_their_load)
{
	static const uint32_t shown[BASELINE_HOLDS] = {40, 40, 40, 40, 40, 40, 40, 40};
	const struct calm_second more = {
		.web_cpu = 900000, .batch_cpu = 2500000, .web_stalled = 300000};

	calm_case_run(&c, 21, &busy);
	hold_all(shown);
	calm_case_run(&c, 40, &more);
	assert_int_equal(c.baselines->workloads[0]->top_milli, 1024);
	assert_int_equal(look(RESOURCE_CPU, 300).basis, SCORE_BASIS_HELD);
	assert_int_equal(look(RESOURCE_CPU, 900).basis, SCORE_BASIS_LEARNING);
}

TEST(without_a_place_nothing_is_taken)
{
	assert_false(baselines_add_held(c.baselines, c.web, 300, 20, c.now_us));
	calm_case_run(&c, 21, &busy);
	assert_false(baselines_add_held(c.baselines, c.web, 5000, 20, c.now_us));
	assert_false(baselines_add_held(c.baselines, c.batch, 300, 20, c.now_us));
}

#define T(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(eight_seconds_are_a_baseline_and_seven_are_none),
		T(no_second_that_was_measured_would_count_as_lost),
		T(the_oldest_second_goes_first),
		T(they_stand_before_an_estimate_and_behind_calm_windows),
		T(a_day_later_they_say_nothing_any_more),
		T(they_move_with_their_load),
		T(without_a_place_nothing_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
