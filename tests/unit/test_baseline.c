// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/baseline.h"

#include <malloc.h>
#include <stdio.h>

#include "policy/score.h"
#include "tests/lib/alloc_count.h"
#include "tests/lib/calm_case.h"
#include "tests/lib/test.h"

#define HOUR_US INT64_C(3600000000)

static struct calm_case c;
static struct scores scores;

static int make(void **state)
{
	(void)state;
	calm_case_open(&c);
	return 0;
}

static int drop(void **state)
{
	(void)state;
	scores_free(&scores);
	scores = (struct scores){0};
	calm_case_close(&c);
	return 0;
}

static struct score_baseline at(uint64_t load_milli)
{
	struct score_baseline b = {0};

	assert_true(baselines_look(c.baselines, c.web, RESOURCE_CPU, load_milli, c.now_us, &b));
	return b;
}

static const struct pod_score *scored(void)
{
	const struct score_look look = {
		.model = &c.f.model,
		.samples = &c.f.samples,
		.plan = &c.f.plan,
		.baselines = c.baselines,
	};

	assert_int_equal(score(&look, &scores), 0);
	return &scores.pods[c.web->slot];
}

TEST(a_baseline_is_valid_from_sixty_calm_windows_in_three_spells)
{
	calm_case_learn(&c, 2, 300000, 20000);
	assert_int_equal(at(300).basis, SCORE_BASIS_FEW);
	assert_true(at(300).windows < BASELINE_WINDOWS);
	calm_case_learn(&c, 2, 300000, 20000);
	assert_int_equal(at(300).basis, SCORE_BASIS_CALM);
	assert_true(at(300).windows >= BASELINE_WINDOWS && at(300).episodes >= BASELINE_EPISODES);
	assert_in_range(at(300).median_permille, 18, 22);
	assert_in_range(at(300).sigma_permille, 1, 4);
	assert_true(at(300).age_us <= 10000000);
	assert_true(at(300).load_over_milli < 300 && at(300).load_to_milli >= 300);
}

TEST(one_long_calm_is_no_baseline)
{
	const struct calm_second calm = {.web_cpu = 300000, .web_stalled = 20000};

	calm_case_run(&c, 3600, &calm);
	assert_true(at(300).windows > 300);
	assert_int_equal(at(300).episodes, 1);
	assert_int_not_equal(at(300).basis, SCORE_BASIS_CALM);
}

TEST(load_that_comes_and_goes_in_one_long_calm_makes_no_spells_of_it)
{
	const struct calm_second some = {.web_cpu = 300000, .web_stalled = 20000};
	const struct calm_second less = {.web_cpu = 60000, .web_stalled = 20000};

	calm_case_run(&c, 310, &some);
	for (int i = 0; i < 20; i++) {
		calm_case_run(&c, 60, &some);
		calm_case_run(&c, 60, &less);
	}
	assert_true(at(300).windows > BASELINE_WINDOWS);
	assert_int_equal(at(300).episodes, 1);
	assert_int_equal(at(60).episodes, 1);
}

TEST(what_was_not_measured_for_a_while_makes_no_spells_of_one_calm)
{
	const struct calm_second calm = {.web_cpu = 300000, .web_stalled = 20000};

	calm_case_run(&c, 310, &calm);
	for (int i = 0; i < 5; i++) {
		calm_case_run(&c, 200, &calm);
		c.now_us += 15000000;
	}
	assert_true(at(300).windows > BASELINE_WINDOWS);
	assert_int_equal(at(300).episodes, 1);
}

TEST(calm_windows_too_few_for_a_baseline_still_bound_what_is_blamed_on_others)
{
	const struct calm_second still = {.web_cpu = 300000};
	const struct calm_second own = {.web_cpu = 300000, .web_stalled = 100000};

	calm_case_run(&c, 310, &own);
	for (int i = 0; i < 10; i++) {
		calm_case_run(&c, 50, &still);
		calm_case_run(&c, 150, &own);
	}
	assert_int_equal(at(300).basis, SCORE_BASIS_FEW);
	assert_true(at(300).windows > BASELINE_WINDOWS);
	assert_in_range(at(300).median_permille, 85, 115);
	assert_int_equal(scored()->state, SCORE_NO_BASELINE);
	assert_int_equal(scored()->permille, 0);
	assert_true(scored()->at_least);
}

TEST(a_hog_that_was_there_first_teaches_nothing)
{
	const struct calm_second hog = {
		.web_cpu = 300000, .web_stalled = 400000, .batch_cpu = 900000};

	calm_case_run(&c, 599, &hog);
	assert_int_equal(scored()->by[RESOURCE_CPU].state, SCORE_LEARNING);
	calm_case_run(&c, 300, &hog);
	assert_int_equal(at(300).windows, 0);
	assert_int_equal(at(300).basis, SCORE_BASIS_ESTIMATE);
	assert_int_equal(scored()->state, SCORE_NO_BASELINE);
	assert_true(scored()->at_least);
}

TEST(a_hog_after_calm_is_scored_and_calm_is_not)
{
	const struct calm_second hog = {
		.web_cpu = 300000, .web_stalled = 520000, .batch_cpu = 900000};

	calm_case_learn(&c, 4, 300000, 20000);
	assert_int_equal(scored()->state, SCORE_BASELINE);
	assert_int_equal(scored()->permille, 0);
	calm_case_run(&c, 10, &hog);
	assert_int_equal(scored()->by[RESOURCE_CPU].stalled_permille, 520);
	assert_in_range(scored()->permille, 470, 510);
	assert_int_equal(scores.pods[c.batch->slot].state, SCORE_NONE);
	/* and it stays as it was learned while the hog is there */
	calm_case_run(&c, 3600, &hog);
	assert_in_range(at(300).median_permille, 18, 22);
	assert_in_range(scored()->permille, 470, 510);
}

TEST(a_pod_that_is_throttled_or_young_teaches_nothing)
{
	const struct calm_second throttled = {
		.web_cpu = 300000, .web_stalled = 20000, .throttled = true};
	const struct calm_second calm = {.web_cpu = 300000, .web_stalled = 20000};

	calm_case_run(&c, 290, &calm);
	assert_int_equal(at(300).windows, 0);
	calm_case_run(&c, 20, &throttled);
	calm_case_run(&c, 300, &throttled);
	assert_int_equal(at(300).windows, 0);
	calm_case_run(&c, 60, &calm);
	assert_true(at(300).windows > 0);
}

TEST(more_load_than_was_ever_seen_has_no_number_and_less_has_a_lower_bound)
{
	const struct calm_second more = {.web_cpu = 1100000, .web_stalled = 300000};
	const struct calm_second less = {
		.web_cpu = 60000, .web_stalled = 300000, .batch_cpu = 900000};

	calm_case_learn(&c, 4, 300000, 20000);
	calm_case_run(&c, 11, &less);
	assert_int_equal(scored()->by[RESOURCE_CPU].state, SCORE_BASELINE);
	assert_true(scored()->by[RESOURCE_CPU].baseline.higher_load && scored()->at_least);
	calm_case_run(&c, 11, &more);
	assert_int_equal(scored()->by[RESOURCE_CPU].state, SCORE_LEARNING);
}

TEST(a_hog_that_makes_it_use_twice_the_cpu_is_scored_as_long_as_it_is_there)
{
	/* The same work on a core that is shared: in an octave in which it was never calm. */
	const struct calm_second hog = {
		.web_cpu = 600000, .web_stalled = 520000, .batch_cpu = 900000};

	calm_case_learn(&c, 4, 300000, 10000);
	for (int i = 0; i < 30; i++) {
		calm_case_run(&c, i == 0 ? 10 : 60, &hog);
		assert_int_equal(scored()->by[RESOURCE_CPU].baseline.basis, SCORE_BASIS_LESS_LOAD);
		assert_in_range(scored()->by[RESOURCE_CPU].baseline.median_permille, 36, 44);
		assert_in_range(scored()->permille, 440, 500);
	}
	assert_int_equal(scored()->state, SCORE_NO_BASELINE);
	assert_false(scored()->at_least);
	/* and what it loses to nobody at so much load is not blamed */
	calm_case_run(&c, 11, &(struct calm_second){.web_cpu = 600000, .web_stalled = 40000});
	assert_int_equal(scored()->permille, 0);
	calm_case_run(&c, 11, &(struct calm_second){.web_cpu = 300000, .web_stalled = 10000});
	assert_int_equal(scored()->state, SCORE_BASELINE);
}

/* 250 and 262 of a thousand are on both sides of an edge: twice of either is two bins above the one that knows. */
TEST(a_hog_beside_a_pod_at_the_edge_of_two_loads_is_scored)
{
	const struct calm_second hog = {
		.web_cpu = 520000, .web_stalled = 520000, .batch_cpu = 900000};

	calm_case_learn(&c, 4, 250000, 10000);
	calm_case_run(&c, 11, &hog);
	assert_int_equal(scored()->state, SCORE_LEARNING);
	calm_case_run(&c, 120, &(struct calm_second){.web_cpu = 250000, .web_stalled = 10000});
	calm_case_run(&c, 60, &(struct calm_second){.web_cpu = 262000, .web_stalled = 20000});
	assert_true(at(262).windows > 0);
	calm_case_run(&c, 11, &hog);
	assert_int_equal(scored()->by[RESOURCE_CPU].baseline.basis, SCORE_BASIS_LESS_LOAD);
	/* the higher of the two: that of the few */
	assert_in_range(scored()->by[RESOURCE_CPU].baseline.median_permille, 72, 88);
	assert_int_equal(scored()->by[RESOURCE_CPU].baseline.load_to_milli, 256);
	assert_in_range(scored()->permille, 380, 460);
	assert_false(scored()->at_least);
}

TEST(what_was_seen_calm_at_its_own_load_goes_before_what_less_load_says)
{
	const struct calm_second own = {.web_cpu = 600000, .web_stalled = 200000};

	calm_case_learn(&c, 4, 300000, 10000);
	calm_case_run(&c, 60, &own);
	assert_true(at(600).windows > 0 && at(600).seen < BASELINE_WINDOWS);
	assert_int_equal(at(600).basis, SCORE_BASIS_FEW);
	assert_in_range(at(600).median_permille, 180, 220);
	assert_int_equal(scored()->permille, 0);
	assert_true(scored()->at_least);
	calm_case_run(&c, 800, &own);
	assert_int_equal(at(600).basis, SCORE_BASIS_FEW);
}

TEST(bins_move_down_when_more_is_used_and_keep_what_they_know)
{
	const struct calm_second more = {.web_cpu = 3500000, .web_stalled = 20000};

	calm_case_learn(&c, 4, 300000, 20000);
	assert_int_equal(baselines_of(c.baselines, c.web)->top_milli, 512);
	calm_case_run(&c, 12, &more);
	assert_int_equal(baselines_of(c.baselines, c.web)->top_milli, 4096);
	assert_int_equal(at(300).basis, SCORE_BASIS_CALM);
	assert_int_equal(at(3500).basis, SCORE_BASIS_LEARNING);
}

TEST(weights_halve_in_a_day_and_a_baseline_lapses_in_time)
{
	struct baseline_workload *w;
	uint64_t before, after;

	calm_case_learn(&c, 4, 300000, 20000);
	w = c.baselines->workloads[0];
	before = stall_hist_weight(&w->cells[RESOURCE_CPU][4].calm);
	baseline_fade(w, c.now_us + 24 * HOUR_US);
	after = stall_hist_weight(&w->cells[RESOURCE_CPU][4].calm);
	assert_true(before > 60 * STALL_HIST_ONE);
	assert_in_range(after * 1000 / before, 480, 505);
	assert_int_equal(at(300).basis, SCORE_BASIS_CALM);
	baseline_fade(w, c.now_us + 24 * 30 * HOUR_US);
	assert_int_equal(at(300).basis, SCORE_BASIS_LEARNING);
}

TEST(a_pod_that_is_made_anew_has_the_baseline_of_its_workload)
{
	calm_case_learn(&c, 4, 300000, 20000);
	c.web->serial += 100;
	assert_null(baselines_of(c.baselines, c.web));
	calm_case_run(&c, 30, &(struct calm_second){.web_cpu = 300000, .web_stalled = 20000});
	assert_int_equal(at(300).basis, SCORE_BASIS_CALM);
}

TEST(the_workload_not_seen_for_longest_makes_room)
{
	char key[32];

	for (int i = 0; i < BASELINE_WORKLOADS; i++) {
		(void)snprintf(key, sizeof(key), "Pod:a/%d", i);
		assert_non_null(baselines_add(c.baselines, key, i < 5 ? 9 - i : 100000000));
	}
	/* All were seen within the minute. */
	assert_null(baselines_add(c.baselines, "Pod:a/new", 50000000));
	assert_ptr_equal(baselines_add(c.baselines, "Pod:a/new", 100000000),
			 c.baselines->workloads[4]);
	assert_string_equal(c.baselines->workloads[4]->key, "Pod:a/new");
	assert_string_equal(c.baselines->workloads[3]->key, "Pod:a/3");
}

TEST(memory_is_taken_by_the_workloads_that_there_are)
{
	size_t before = mallinfo2().uordblks;
	struct baselines *many = NULL;

	assert_int_equal(baselines_new(&many), 0);
	assert_true(mallinfo2().uordblks - before < 8192);
	assert_non_null(baselines_add(many, "Pod:a/1", 5));
	assert_true(mallinfo2().uordblks - before < 8192 + BASELINE_WORKLOAD_BYTES + 64);
	baselines_free(many);
}

TEST(a_window_allocates_nothing)
{
	const struct calm_second calm = {.web_cpu = 300000, .web_stalled = 20000};
	struct calm_look look;
	unsigned long before;

	calm_case_run(&c, 30, &calm);
	c.now_us += 10000000;
	look = calm_case_look(&c);
	before = alloc_count();
	assert_int_equal(baselines_feed(c.baselines, &look), 0);
	assert_int_equal(alloc_count(), before);
}

#define T(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_baseline_is_valid_from_sixty_calm_windows_in_three_spells),
		T(one_long_calm_is_no_baseline),
		T(load_that_comes_and_goes_in_one_long_calm_makes_no_spells_of_it),
		T(what_was_not_measured_for_a_while_makes_no_spells_of_one_calm),
		T(calm_windows_too_few_for_a_baseline_still_bound_what_is_blamed_on_others),
		T(a_hog_that_was_there_first_teaches_nothing),
		T(a_hog_after_calm_is_scored_and_calm_is_not),
		T(a_pod_that_is_throttled_or_young_teaches_nothing),
		T(more_load_than_was_ever_seen_has_no_number_and_less_has_a_lower_bound),
		T(a_hog_that_makes_it_use_twice_the_cpu_is_scored_as_long_as_it_is_there),
		T(a_hog_beside_a_pod_at_the_edge_of_two_loads_is_scored),
		T(what_was_seen_calm_at_its_own_load_goes_before_what_less_load_says),
		T(bins_move_down_when_more_is_used_and_keep_what_they_know),
		T(weights_halve_in_a_day_and_a_baseline_lapses_in_time),
		T(a_pod_that_is_made_anew_has_the_baseline_of_its_workload),
		T(the_workload_not_seen_for_longest_makes_room),
		T(memory_is_taken_by_the_workloads_that_there_are),
		T(a_window_allocates_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
