// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/sli_case.h"

#include <stdio.h>

#include "tests/lib/alloc_count.h"
#include "tests/lib/test.h"

#define S 1000000

static struct sli_case c;
static struct pod_score list[4];
static const struct scores scores = {.pods = list, .n_slots = 4};
static uint64_t used_us, stalled_us;

static int make(void **state)
{
	(void)state;
	sli_case_open(&c);
	c.look.scores = &scores;
	memset(list, 0, sizeof(list));
	list[c.web->slot].by[RESOURCE_CPU].state = SCORE_LEARNING;
	used_us = stalled_us = 0;
	return 0;
}

static int drop(void **state)
{
	(void)state;
	sli_case_close(&c);
	return 0;
}

/* Seconds in each of which web waits so much; what began and ended in the last of them stays in the watch. */
static void seconds(int n, uint64_t permille)
{
	while (n-- > 0) {
		c.look.now_us += S;
		used_us += 300000;
		stalled_us += permille * 1000;
		fake_sample(&c.f, c.web, c.look.now_us, used_us, stalled_us);
		sli_case_step(&c);
	}
}

TEST(a_percentile_is_one_of_the_values_by_its_rank)
{
	static const struct {
		enum sli_statistic statistic;
		size_t n;
		uint32_t want;
	} rows[] = {
		{SLI_P50, 1, 0},    {SLI_P50, 2, 0},	{SLI_P50, 3, 10},     {SLI_P90, 10, 80},
		{SLI_P90, 11, 90},  {SLI_P95, 20, 180}, {SLI_P99, 99, 980},   {SLI_P99, 100, 980},
		{SLI_P99, 50, 490}, {SLI_MEAN, 3, 10},	{SLI_MEAN, 100, 495},
	};
	uint16_t values[100];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t value = 0, n = 0;

		/* In falling order: it does not matter. */
		for (size_t k = 0; k < rows[i].n; k++)
			values[k] = (uint16_t)((rows[i].n - 1 - k) * 10);
		assert_true(
			sli_statistic_of(values, rows[i].n, 1000, rows[i].statistic, &value, &n));
		assert_int_equal(n, rows[i].n);
		assert_int_equal(value, rows[i].want);
	}
}

TEST(seconds_without_a_value_count_for_nothing)
{
	static const uint16_t values[] = {UINT16_MAX, 40, UINT16_MAX - 1, 20};
	uint32_t value = 7, n = 7;

	assert_true(sli_statistic_of(values, 4, 1000, SLI_MEAN, &value, &n));
	assert_int_equal(value, 30);
	assert_int_equal(n, 2);
	assert_true(sli_statistic_of(values, 4, 1000, SLI_P99, &value, &n));
	assert_int_equal(value, 40);
	assert_false(sli_statistic_of(values, 1, 1000, SLI_P99, &value, &n));
	assert_int_equal(n, 0);
	assert_int_equal(value, 40);
}

TEST(a_violation_begins_with_the_first_whole_window_over_the_bound)
{
	/* The first sample is where to count from. */
	seconds(10, 101);
	assert_int_equal(sli_case_now(&c)->verdict, SLI_LEARNING);
	assert_int_equal(c.watch.n_events, 0);
	seconds(1, 101);
	assert_int_equal(sli_case_now(&c)->verdict, SLI_VIOLATED);
	assert_true(sli_case_now(&c)->since_us == c.look.now_us);
	sli_case_says(&c, "mean of cpu.some over 10 s is 10.1 %, more than 10.0 %");
	seconds(1, 101);
	assert_int_equal(c.watch.n_events, 0);
}

TEST(what_is_at_the_bound_is_met)
{
	seconds(20, 100);
	assert_int_equal(sli_case_now(&c)->verdict, SLI_MET);
	assert_int_equal(sli_case_now(&c)->value_permille, 100);
	assert_int_equal(sli_case_now(&c)->measured_s, 10);
}

TEST(it_ends_when_it_was_well_under_the_bound_for_ten_seconds)
{
	seconds(11, 200);
	/* Under the bound, but not by a tenth. */
	seconds(40, 95);
	assert_int_equal(sli_case_now(&c)->verdict, SLI_VIOLATED);
	seconds(9, 90);
	assert_true(sli_case_now(&c)->better_us == c.look.now_us);
	/* Once more not, and it begins anew. */
	seconds(9, 90);
	seconds(1, 300);
	seconds(10, 90);
	assert_int_equal(sli_case_now(&c)->verdict, SLI_VIOLATED);
	seconds(9, 90);
	assert_int_equal(c.watch.n_events, 0);
	seconds(1, 90);
	assert_int_equal(sli_case_now(&c)->verdict, SLI_MET);
	sli_case_says(
		&c,
		"mean of cpu.some over 10 s is 9.0 %, at most 10.0 % again; it was 20.0 % at worst");
}

TEST(what_is_not_measured_is_said_and_is_no_violation)
{
	seconds(11, 200);
	/* Longer than three seconds without a sample. */
	c.look.now_us += 4 * S;
	sli_case_step(&c);
	assert_int_equal(sli_case_now(&c)->verdict, SLI_UNMEASURED);
	sli_case_says(
		&c,
		"mean of cpu.some over 10 s: it is not measured any more; it was 20.0 % at worst, more "
		"than 10.0 %");
	seconds(1, 4000);
	/* Four seconds of ten are missing; of none but measured ones it is one again. */
	assert_int_equal(sli_case_now(&c)->verdict, SLI_UNMEASURED);
	seconds(4, 1000);
	assert_int_equal(sli_case_now(&c)->verdict, SLI_UNMEASURED);
	seconds(5, 1000);
	assert_int_equal(sli_case_now(&c)->verdict, SLI_VIOLATED);
}

TEST(a_sample_of_two_seconds_counts_for_both)
{
	seconds(1, 0);
	c.look.now_us += S;
	seconds(1, 400);
	seconds(8, 0);
	assert_int_equal(sli_case_now(&c)->value_permille, 40);
	assert_int_equal(sli_case_now(&c)->measured_s, 10);
}

TEST(its_own_quota_is_no_violation)
{
	list[c.web->slot].by[RESOURCE_CPU].state = SCORE_SELF_THROTTLED;
	seconds(12, 900);
	assert_int_equal(sli_case_now(&c)->verdict, SLI_OWN);
	list[c.web->slot].by[RESOURCE_CPU].state = SCORE_NONE;
	seconds(10, 900);
	assert_int_equal(sli_case_now(&c)->verdict, SLI_UNMEASURED);
	list[c.web->slot].by[RESOURCE_CPU].state = SCORE_BASELINE;
	seconds(8, 900);
	assert_int_equal(sli_case_now(&c)->verdict, SLI_UNMEASURED);
	/* One in ten may be missing. */
	seconds(1, 900);
	assert_int_equal(sli_case_now(&c)->verdict, SLI_VIOLATED);
}

TEST(the_score_counts_where_it_has_a_number)
{
	c.policy->slis[0].sign = SLI_SCORE;
	list[c.web->slot].state = SCORE_LEARNING;
	seconds(12, 0);
	assert_int_equal(sli_case_now(&c)->verdict, SLI_UNMEASURED);
	list[c.web->slot].state = SCORE_NO_BASELINE;
	list[c.web->slot].permille = 250;
	seconds(9, 0);
	assert_int_equal(sli_case_now(&c)->verdict, SLI_VIOLATED);
	sli_case_says(&c, "mean of score over 10 s is 25.0, more than 10.0");
}

TEST(a_sign_that_nobody_measures_is_never_violated)
{
	c.policy->slis[0].sign = SLI_SCHED_DELAY;
	seconds(20, 900);
	assert_int_equal(sli_case_now(&c)->verdict, SLI_UNMEASURED);
}

TEST(an_indicator_is_about_its_level_and_its_names_and_online_pods_only)
{
	static const struct {
		const char *pods;
		enum level level;
		bool about;
	} rows[] = {
		{"", LEVEL_P0, true},	     {"", LEVEL_P4, false},
		{"", LEVEL_NONE, true},	     {"shop/*", LEVEL_NONE, true},
		{"bank/*", LEVEL_P0, false}, {"shop/w?b", LEVEL_P0, true},
		{"shop/*", LEVEL_P4, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)snprintf(c.policy->slis[0].pods, sizeof(c.policy->slis[0].pods), "%s",
			       rows[i].pods);
		c.policy->slis[0].level = rows[i].level;
		seconds(1, 0);
		assert_true((sli_of(&c.watch, c.web) != NULL) == rows[i].about);
		assert_null(sli_of(&c.watch, c.hog));
	}
}

TEST(a_pod_that_goes_and_a_policy_that_changes_end_it)
{
	seconds(11, 200);
	/* Where it stands does not matter. */
	c.policy->slis[0].line = 7;
	seconds(1, 200);
	assert_int_equal(c.watch.n_events, 0);
	c.policy->slis[0].bound = 150;
	c.look.now_us += S / 10;
	sli_case_step(&c);
	sli_case_says(
		&c,
		"mean of cpu.some over 10 s: the pod is gone, or the policy says nothing of it any more; "
		"it was 20.0 % at worst, more than 10.0 %");
	/* What was measured is there still. */
	seconds(1, 200);
	assert_int_equal(sli_case_now(&c)->verdict, SLI_VIOLATED);
	c.f.model.n_pods = 0;
	c.look.now_us += S;
	sli_case_step(&c);
	assert_int_equal(c.watch.n_events, 1);
	assert_int_equal(c.watch.events[0].is, SLI_NOT_CONCERNED);
	c.f.model.n_pods = 2;
	assert_null(sli_of(&c.watch, c.web));
}

TEST(another_pod_in_the_same_place_begins_anew)
{
	seconds(11, 200);
	c.web->serial += 100;
	stalled_us = 0;
	seconds(1, 0);
	assert_int_equal(c.watch.n_events, 1);
	assert_int_equal(sli_case_now(&c)->verdict, SLI_LEARNING);
}

TEST(without_indicators_there_is_no_memory_for_pods_and_none_is_taken_for_a_sample)
{
	unsigned long before;

	c.policy->n_slis = 0;
	seconds(2, 200);
	assert_null(c.watch.pods);
	c.policy->n_slis = 1;
	seconds(2, 200);
	before = alloc_count();
	for (int i = 0; i < 100; i++) {
		c.look.now_us += S;
		sli_case_step(&c);
	}
	assert_int_equal(alloc_count(), before);
	c.look.policy = NULL;
	c.look.now_us += S;
	sli_case_step(&c);
	assert_null(sli_of(&c.watch, c.web));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_percentile_is_one_of_the_values_by_its_rank),
		CASE(seconds_without_a_value_count_for_nothing),
		CASE(a_violation_begins_with_the_first_whole_window_over_the_bound),
		CASE(what_is_at_the_bound_is_met),
		CASE(it_ends_when_it_was_well_under_the_bound_for_ten_seconds),
		CASE(what_is_not_measured_is_said_and_is_no_violation),
		CASE(a_sample_of_two_seconds_counts_for_both),
		CASE(its_own_quota_is_no_violation),
		CASE(the_score_counts_where_it_has_a_number),
		CASE(a_sign_that_nobody_measures_is_never_violated),
		CASE(an_indicator_is_about_its_level_and_its_names_and_online_pods_only),
		CASE(a_pod_that_goes_and_a_policy_that_changes_end_it),
		CASE(another_pod_in_the_same_place_begins_anew),
		CASE(without_indicators_there_is_no_memory_for_pods_and_none_is_taken_for_a_sample),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
