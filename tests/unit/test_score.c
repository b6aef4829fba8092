// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>

#include "policy/score.h"
#include "tests/lib/alloc_count.h"
#include "tests/lib/fake.h"

#define S 1000000

#define WEB "kubepods.slice/kubepods-pod1.slice"
#define API "kubepods.slice/kubepods-pod2.slice"
#define BATCH "kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod3.slice"

static struct fake f;
static struct scores scores;
static struct pod *web, *api, *batch;
static struct score_look look = {.model = &f.model, .samples = &f.samples, .plan = &f.plan};

static int make(void **state)
{
	(void)state;
	fake_init(&f);
	web = fake_pod(&f, WEB, QOS_GUARANTEED);
	api = fake_pod(&f, API, QOS_GUARANTEED);
	batch = fake_pod(&f, BATCH, QOS_BESTEFFORT);
	fake_level(&f, web, LEVEL_P0);
	fake_level(&f, api, LEVEL_P4);
	fake_level(&f, batch, LEVEL_P7);
	scores = (struct scores){0};
	return 0;
}

static int drop(void **state)
{
	(void)state;
	scores_free(&scores);
	fake_free(&f);
	return 0;
}

static const struct score_value *of(const struct pod *pod, enum resource resource)
{
	assert_int_equal(score(&look, &scores), 0);
	assert_true(pod->slot < scores.n_slots);
	return &scores.pods[pod->slot].by[resource];
}

/* The sample just added, to give it what fake_sample() has no argument for. */
static struct pod_sample *newest(const struct pod *pod)
{
	struct pod_history *h = f.samples.pods[pod->slot];

	return &h->ring[(h->head + SAMPLE_RING - 1) % SAMPLE_RING];
}

/* One sample a second; PSI grows by some_us_per_s. */
static void run(const struct pod *pod, int seconds, uint64_t some_us_per_s)
{
	for (int i = 0; i <= seconds; i++)
		fake_sample(&f, pod, (i + 1) * (int64_t)S, (uint64_t)i * 1000,
			    (uint64_t)i * some_us_per_s);
}

TEST(without_baselines_there_is_the_share_of_a_whole_window_and_no_number)
{
	run(web, 10, 124000);
	run(api, 10, 0);
	assert_int_equal(of(web, RESOURCE_CPU)->state, SCORE_LEARNING);
	assert_int_equal(of(web, RESOURCE_CPU)->stalled_permille, 124);
	assert_true(of(web, RESOURCE_CPU)->window_us == 10 * S);
	/* and who was not stalled has none of it */
	assert_int_equal(of(api, RESOURCE_CPU)->state, SCORE_LEARNING);
	assert_int_equal(of(api, RESOURCE_CPU)->stalled_permille, 0);
}

TEST(only_the_last_window_counts)
{
	run(web, 20, 0);
	for (int i = 1; i <= 10; i++)
		fake_sample(&f, web, (21 + i) * (int64_t)S, 0, (uint64_t)i * 500000);
	assert_int_equal(of(web, RESOURCE_CPU)->stalled_permille, 500);
	for (int i = 1; i <= 10; i++)
		fake_sample(&f, web, (31 + i) * (int64_t)S, 0, 10 * 500000);
	assert_int_equal(of(web, RESOURCE_CPU)->stalled_permille, 0);
}

TEST(less_than_a_window_is_learning_and_says_how_much_was_measured)
{
	run(web, 0, 0);
	assert_int_equal(of(web, RESOURCE_CPU)->state, SCORE_LEARNING);
	assert_true(of(web, RESOURCE_CPU)->window_us == 0);
	run(api, 9, 300000);
	assert_int_equal(of(api, RESOURCE_CPU)->state, SCORE_LEARNING);
	assert_int_equal(of(api, RESOURCE_CPU)->stalled_permille, 300);
	assert_true(of(api, RESOURCE_CPU)->window_us == 9 * S);
}

TEST(less_than_a_second_gives_no_share)
{
	fake_sample(&f, web, 1 * S, 0, 0);
	fake_sample(&f, web, 1 * S + 200000, 0, 100000);
	assert_int_equal(of(web, RESOURCE_CPU)->state, SCORE_LEARNING);
	assert_int_equal(of(web, RESOURCE_CPU)->stalled_permille, 0);
	assert_true(of(web, RESOURCE_CPU)->window_us == 200000);
}

TEST(offline_undecided_and_unmatched_pods_have_no_score)
{
	run(web, 10, 100000);
	run(api, 10, 100000);
	run(batch, 10, 900000);
	assert_int_equal(of(batch, RESOURCE_CPU)->state, SCORE_NONE);
	assert_int_equal(of(web, RESOURCE_CPU)->state, SCORE_LEARNING);
	fake_waiting(&f, web);
	assert_int_equal(of(web, RESOURCE_CPU)->state, SCORE_NONE);
	assert_int_equal(of(api, RESOURCE_CPU)->state, SCORE_LEARNING);
}

TEST(a_pod_throttled_in_more_than_one_percent_of_its_periods_has_no_cpu_number)
{
	fake_sample_throttled(&f, web, 1 * S, 0, 0, 1000, 50);
	fake_sample_throttled(&f, web, 11 * S, 0, 5 * S, 1100, 52);
	assert_int_equal(of(web, RESOURCE_CPU)->state, SCORE_SELF_THROTTLED);
	assert_int_equal(of(web, RESOURCE_CPU)->stalled_permille, 0);
}

TEST(a_pod_throttled_in_one_percent_of_its_periods_keeps_its_number)
{
	fake_sample_throttled(&f, web, 1 * S, 0, 0, 1000, 50);
	fake_sample_throttled(&f, web, 11 * S, 0, 5 * S, 1100, 51);
	assert_int_equal(of(web, RESOURCE_CPU)->state, SCORE_LEARNING);
	assert_int_equal(of(web, RESOURCE_CPU)->stalled_permille, 500);
}

TEST(throttling_before_the_window_is_forgotten)
{
	fake_sample_throttled(&f, web, 1 * S, 0, 0, 0, 0);
	fake_sample_throttled(&f, web, 2 * S, 0, 0, 10, 10);
	fake_sample_throttled(&f, web, 12 * S, 0, 1 * S, 110, 10);
	assert_int_equal(of(web, RESOURCE_CPU)->state, SCORE_LEARNING);
}

TEST(own_quota_takes_the_cpu_number_but_not_the_others)
{
	for (int i = 0; i <= 10; i++) {
		fake_sample_throttled(&f, web, (i + 1) * (int64_t)S, 0, 0, (uint64_t)i * 10,
				      (uint64_t)i * 5);
		newest(web)->valid |= SAMPLE_PSI_MEMORY | SAMPLE_PSI_IO | SAMPLE_MEMORY_EVENTS;
		newest(web)->psi[RESOURCE_MEMORY].some_us = (uint64_t)i * 20000;
		newest(web)->psi[RESOURCE_IO].some_us = (uint64_t)i * 300000;
	}
	assert_int_equal(of(web, RESOURCE_CPU)->state, SCORE_SELF_THROTTLED);
	assert_int_equal(of(web, RESOURCE_MEMORY)->stalled_permille, 20);
	assert_int_equal(of(web, RESOURCE_IO)->stalled_permille, 300);
}

static void memory_run(uint64_t bounded_per_s)
{
	for (int i = 0; i <= 10; i++) {
		fake_sample(&f, web, (i + 1) * (int64_t)S, 0, 0);
		newest(web)->valid |= SAMPLE_PSI_MEMORY | SAMPLE_MEMORY_EVENTS;
		newest(web)->psi[RESOURCE_MEMORY].some_us = (uint64_t)i * 400000;
		newest(web)->memory_bounded = 7 + (uint64_t)i * bounded_per_s;
	}
}

TEST(less_than_a_second_of_its_own_fault_is_no_share_either)
{
	memory_run(1);
	f.samples.pods[web->slot]->count = 0;
	for (int i = 0; i < 2; i++) {
		fake_sample(&f, web, 30 * (int64_t)S + i * 300000, 0, 0);
		newest(web)->valid |= SAMPLE_PSI_MEMORY | SAMPLE_MEMORY_EVENTS;
		newest(web)->psi[RESOURCE_MEMORY].some_us = (uint64_t)i * 200000;
		newest(web)->memory_bounded = 7 + (uint64_t)i;
	}
	assert_int_equal(of(web, RESOURCE_MEMORY)->state, SCORE_OWN_LIMIT);
	assert_int_equal(of(web, RESOURCE_MEMORY)->own_permille, 0);
}

TEST(its_own_memory_bound_is_taken_out)
{
	memory_run(1);
	assert_int_equal(of(web, RESOURCE_MEMORY)->state, SCORE_OWN_LIMIT);
	assert_int_equal(of(web, RESOURCE_MEMORY)->own_permille, 400);
	assert_int_equal(of(web, RESOURCE_MEMORY)->stalled_permille, 0);
}

TEST(a_bound_that_it_met_before_the_window_is_not)
{
	memory_run(0);
	assert_int_equal(of(web, RESOURCE_MEMORY)->state, SCORE_LEARNING);
	assert_int_equal(of(web, RESOURCE_MEMORY)->stalled_permille, 400);
	assert_int_equal(of(web, RESOURCE_MEMORY)->own_permille, 0);
}

TEST(the_formula_is_that_of_the_design)
{
	const uint32_t both[RESOURCE_COUNT] = {500, 200, 500}, none[RESOURCE_COUNT] = {0};

	assert_int_equal(score_excess(20, 20, 4), 0);
	assert_int_equal(score_excess(32, 20, 4), 0);
	assert_int_equal(score_excess(522, 20, 4), 500);
	assert_int_equal(score_excess(1000, 0, 0), 1000);
	assert_int_equal(score_excess(1000, 1000, 1), 0);
	assert_int_equal(score_total(both), 750);
	assert_int_equal(score_total(none), 0);
}

TEST(without_the_throttle_counters_own_fault_cannot_be_excluded)
{
	for (int i = 0; i <= 10; i++) {
		fake_sample(&f, web, (i + 1) * (int64_t)S, 0, (uint64_t)i * 100000);
		newest(web)->valid = SAMPLE_PSI_CPU | SAMPLE_PSI_IO;
	}
	assert_int_equal(of(web, RESOURCE_CPU)->state, SCORE_NONE);
	assert_int_equal(of(web, RESOURCE_IO)->state, SCORE_LEARNING);
}

TEST(a_resource_that_is_not_measured_has_none_and_the_others_stay)
{
	for (int i = 0; i <= 10; i++) {
		fake_sample(&f, web, (i + 1) * (int64_t)S, 0, (uint64_t)i * 100000);
		newest(web)->valid = SAMPLE_CPU | SAMPLE_PSI_CPU;
	}
	assert_int_equal(of(web, RESOURCE_CPU)->state, SCORE_LEARNING);
	assert_int_equal(of(web, RESOURCE_MEMORY)->state, SCORE_NONE);
	assert_int_equal(of(web, RESOURCE_IO)->state, SCORE_NONE);
	newest(web)->valid = SAMPLE_CPU;
	assert_int_equal(of(web, RESOURCE_CPU)->state, SCORE_NONE);
}

TEST(a_counter_that_falls_inside_the_window_gives_no_number_until_it_has_left_it)
{
	run(web, 5, 100000);
	/* made anew, and by now past where the old one was: both ends alone look fine */
	for (int i = 0; i <= 6; i++)
		fake_sample(&f, web, (7 + i) * (int64_t)S, 0, (uint64_t)i * 900000);
	assert_int_equal(of(web, RESOURCE_CPU)->state, SCORE_NONE);
	for (int i = 7; i <= 10; i++)
		fake_sample(&f, web, (7 + i) * (int64_t)S, 0, (uint64_t)i * 900000);
	assert_int_equal(of(web, RESOURCE_CPU)->state, SCORE_LEARNING);
	assert_int_equal(of(web, RESOURCE_CPU)->stalled_permille, 900);
}

TEST(a_share_is_never_more_than_the_whole)
{
	fake_sample(&f, web, 1 * S, 0, 0);
	fake_sample(&f, web, 11 * S, 0, 11 * S);
	assert_int_equal(of(web, RESOURCE_CPU)->stalled_permille, 1000);
	fake_sample(&f, web, 21 * S, 0, UINT64_MAX);
	assert_int_equal(of(web, RESOURCE_CPU)->stalled_permille, 1000);
}

TEST(a_new_pod_of_a_used_slot_starts_without_a_score)
{
	run(web, 10, 100000);
	assert_int_equal(of(web, RESOURCE_CPU)->state, SCORE_LEARNING);
	web->serial += 1000;
	assert_int_equal(of(web, RESOURCE_CPU)->state, SCORE_NONE);
}

TEST(a_second_pass_allocates_nothing)
{
	unsigned long before;

	run(web, 10, 100000);
	assert_int_equal(score(&look, &scores), 0);
	before = alloc_count();
	assert_int_equal(score(&look, &scores), 0);
	assert_int_equal(alloc_count(), before);
	assert_int_equal(scores.pods[web->slot].by[RESOURCE_CPU].stalled_permille, 100);
}

#define T(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(without_baselines_there_is_the_share_of_a_whole_window_and_no_number),
		T(only_the_last_window_counts),
		T(less_than_a_window_is_learning_and_says_how_much_was_measured),
		T(less_than_a_second_gives_no_share),
		T(offline_undecided_and_unmatched_pods_have_no_score),
		T(a_pod_throttled_in_more_than_one_percent_of_its_periods_has_no_cpu_number),
		T(a_pod_throttled_in_one_percent_of_its_periods_keeps_its_number),
		T(throttling_before_the_window_is_forgotten),
		T(own_quota_takes_the_cpu_number_but_not_the_others),
		T(less_than_a_second_of_its_own_fault_is_no_share_either),
		T(its_own_memory_bound_is_taken_out),
		T(a_bound_that_it_met_before_the_window_is_not),
		T(the_formula_is_that_of_the_design),
		T(without_the_throttle_counters_own_fault_cannot_be_excluded),
		T(a_resource_that_is_not_measured_has_none_and_the_others_stay),
		T(a_counter_that_falls_inside_the_window_gives_no_number_until_it_has_left_it),
		T(a_share_is_never_more_than_the_whole),
		T(a_new_pod_of_a_used_slot_starts_without_a_score),
		T(a_second_pass_allocates_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
