// SPDX-License-Identifier: LGPL-2.1-or-later
// Who waits for CPU, and what is not known of it. That own quotas are own fault: test_ladder.
#include "policy/wait.h"

#include "policy/ring.h"
#include "tests/lib/fake.h"
#include "tests/lib/test.h"

#define SECOND 1000000
#define WEB "kubepods.slice/kubepods-podweb.slice"

static struct fake f;
static struct pod *web;

static struct wait_look look_at(int64_t now_us)
{
	return (struct wait_look){
		.model = &f.model,
		.samples = &f.samples,
		.policy = &f.policy,
		.plan = &f.plan,
		.rule = &f.policy.pressure_cpu,
		.resource = RESOURCE_CPU,
		.now_us = now_us,
	};
}

/* Waits 200 permille, second by second. */
static int setup(void **state)
{
	(void)state;
	fake_init(&f);
	web = fake_pod(&f, WEB, QOS_GUARANTEED);
	fake_level(&f, web, LEVEL_P0);
	for (int s = 1; s <= 12; s++)
		fake_sample(&f, web, s * (int64_t)SECOND, (uint64_t)s * SECOND,
			    (uint64_t)s * SECOND / 5);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_free(&f);
	return 0;
}

TEST(the_wait_is_measured_over_the_window_asked_for)
{
	struct wait_look look = look_at(12 * (int64_t)SECOND);
	uint64_t permille = 0, span_us = 0;

	assert_true(wait_permille(&look, web, 10 * SECOND, &permille, &span_us));
	assert_int_equal(permille, 200);
	assert_int_equal(span_us, 10 * SECOND);
	assert_true(wait_permille(&look, web, 2 * SECOND, &permille, &span_us));
	assert_int_equal(span_us, 2 * SECOND);
}

TEST(what_is_too_short_or_too_old_is_not_known)
{
	struct wait_look look = look_at(12 * (int64_t)SECOND);
	uint64_t permille = 7, span_us = 7;

	assert_false(wait_permille(&look, web, 12 * SECOND, &permille, &span_us));
	look.now_us += 6 * (int64_t)SECOND;
	assert_false(wait_permille(&look, web, 2 * SECOND, &permille, &span_us));
	fake_sample(&f, web, look.now_us, 18 * SECOND, 4 * SECOND);
	assert_true(wait_permille(&look, web, 2 * SECOND, &permille, &span_us));
	permille = span_us = 7;
	/* Two samples that are 30 s apart say nothing of the last 2 s. */
	look.now_us += 30 * (int64_t)SECOND;
	fake_sample(&f, web, look.now_us, 48 * SECOND, 10 * SECOND);
	assert_false(wait_permille(&look, web, 2 * SECOND, &permille, &span_us));
	assert_int_equal(permille, 7);
	assert_int_equal(span_us, 7);
}

TEST(only_online_pods_past_the_threshold_count)
{
	struct wait_look look = look_at(12 * (int64_t)SECOND);
	uint64_t permille = 0, span_us = 0;

	f.policy.pressure_cpu.threshold_permille = 200;
	assert_true(wait_over_threshold(&look, web, &permille, &span_us));
	assert_int_equal(permille, 200);
	f.policy.pressure_cpu.threshold_permille = 201;
	assert_false(wait_over_threshold(&look, web, &permille, &span_us));
	f.policy.pressure_cpu.threshold_permille = 50;
	fake_level(&f, web, LEVEL_P7);
	assert_false(wait_over_threshold(&look, web, &permille, &span_us));
	fake_waiting(&f, web);
	assert_false(wait_over_threshold(&look, web, &permille, &span_us));
	fake_level(&f, web, LEVEL_P0);
	assert_true(wait_over_threshold(&look, web, &permille, &span_us));
	web->cgroup->name = "colod.service";
	assert_false(wait_over_threshold(&look, web, &permille, &span_us));
}

/* It waits 200 permille; the usual 40 and three times 10 leave 130 of 960. */
TEST(what_is_usual_for_a_pod_is_taken_off)
{
	struct wait_look look = look_at(12 * (int64_t)SECOND);
	struct pod_usual *usual = &f.samples.pods[web->slot]->usual;
	uint64_t permille = 0, span_us = 0;

	*usual = (struct pod_usual){.median_permille = {40}, .sigma_permille = {10}};
	f.policy.pressure_cpu.threshold_permille = 135;
	assert_true(wait_over_threshold(&look, web, &permille, &span_us));
	assert_int_equal(permille, 135);
	assert_int_equal(wait_usual_permille(&look, web), 70);
	f.policy.pressure_cpu.threshold_permille = 136;
	assert_false(wait_over_threshold(&look, web, &permille, &span_us));
	assert_true(wait_excess_permille(&look, web, 2 * SECOND, &permille, &span_us));
	assert_int_equal(permille, 135);
	/* What is shown as measured is what was measured. */
	assert_true(wait_permille(&look, web, 2 * SECOND, &permille, &span_us));
	assert_int_equal(permille, 200);
	/* Of another resource nothing is said by it, nor of all that it has to run. */
	f.policy.pressure_cpu.full = true;
	assert_int_equal(wait_usual_permille(&look, web), 0);
	f.policy.pressure_cpu.full = false;
	look.resource = RESOURCE_IO;
	assert_int_equal(wait_usual_permille(&look, web), 0);
}

/* Its own quota makes a pod wait for CPU only. */
/* Of the three newest. */
static struct pod_sample *history_at(int i)
{
	struct pod_history *h = f.samples.pods[web->slot];

	return &h->ring[(h->head + SAMPLE_RING - 3 + (uint32_t)i) % SAMPLE_RING];
}

TEST(each_resource_has_its_own_wait_and_a_quota_is_the_cpus_alone)
{
	struct pod_sample s = {.valid = SAMPLE_CPU | SAMPLE_PSI_CPU | SAMPLE_PSI_MEMORY};
	struct wait_look look = look_at(60 * (int64_t)SECOND);
	uint64_t permille = 0, span_us = 0;

	for (int i = 0; i < 3; i++) {
		s.at_us = (58 + i) * (int64_t)SECOND;
		s.cpu_periods = 100 + 10 * (uint64_t)i;
		s.cpu_throttled = 5 * (uint64_t)i;
		s.psi[RESOURCE_CPU].some_us = (uint64_t)i * SECOND / 2;
		s.psi[RESOURCE_MEMORY].some_us = (uint64_t)i * SECOND / 10;
		assert_int_equal(ring_add(f.samples.pods[web->slot], &s), 0);
	}
	assert_false(wait_permille(&look, web, 2 * SECOND, &permille, &span_us));
	look.resource = RESOURCE_MEMORY;
	/* Of its own bounds nobody told. */
	assert_false(wait_permille(&look, web, 2 * SECOND, &permille, &span_us));
	for (int i = 1; i < 3; i++)
		history_at(i)->valid |= SAMPLE_MEMORY_EVENTS;
	assert_true(wait_permille(&look, web, 2 * SECOND, &permille, &span_us));
	assert_int_equal(permille, 100);
	history_at(2)->memory_bounded = 1;
	assert_false(wait_permille(&look, web, 2 * SECOND, &permille, &span_us));
	history_at(1)->memory_bounded = 1; /* long ago */
	assert_true(wait_permille(&look, web, 2 * SECOND, &permille, &span_us));
	/* One look is enough where it never was, and says nothing where it was. */
	history_at(1)->valid &= ~(uint32_t)SAMPLE_MEMORY_EVENTS;
	assert_false(wait_permille(&look, web, 2 * SECOND, &permille, &span_us));
	history_at(2)->memory_bounded = 0;
	assert_true(wait_permille(&look, web, 2 * SECOND, &permille, &span_us));
	look.resource = RESOURCE_IO; /* was not measured */
	assert_false(wait_permille(&look, web, 2 * SECOND, &permille, &span_us));
}

/* A trigger fires between two samples of a second each. */
TEST(a_part_of_the_window_is_enough_once_it_holds_the_whole_wait)
{
	struct wait_look look = look_at(12 * (int64_t)SECOND + 300000);
	uint64_t permille = 0, span_us = 0;
	struct pod_sample s = {.at_us = look.now_us, .valid = SAMPLE_CPU | SAMPLE_PSI_CPU};

	f.policy.pressure_cpu.threshold_permille = 500;
	s.psi[RESOURCE_CPU].some_us = 12 * (uint64_t)SECOND / 5 + 299999;
	assert_int_equal(ring_add(f.samples.pods[web->slot], &s), 0);
	f.policy.pressure_cpu.window_us = 600000;
	assert_false(wait_over_threshold(&look, web, &permille, &span_us));
	s.at_us += 1;
	s.psi[RESOURCE_CPU].some_us += 1;
	look.now_us += 1;
	assert_int_equal(ring_add(f.samples.pods[web->slot], &s), 0);
	assert_true(wait_over_threshold(&look, web, &permille, &span_us));
	assert_int_equal(permille, 500);
	assert_int_equal(span_us, 600000);
	history_at(2)->cpu_throttled = history_at(2)->cpu_periods = 5; /* by its own quota */
	assert_false(wait_over_threshold(&look, web, &permille, &span_us));
	history_at(2)->cpu_throttled = 0;
	assert_true(wait_over_threshold(&look, web, &permille, &span_us));
	f.samples.pods[web->slot]->usual.median_permille[RESOURCE_CPU] = 1;
	assert_false(wait_over_threshold(&look, web, &permille, &span_us));
	f.samples.pods[web->slot]->usual = (struct pod_usual){0};
	look.now_us += 6 * (int64_t)SECOND; /* an old sample */
	assert_false(wait_over_threshold(&look, web, &permille, &span_us));
}

/* The kernel counts the wait of a window that begins where no sample is: 100 ms of it are less than a tenth of the 1.05 s
 * between two samples. */
TEST(what_the_kernels_trigger_told_counts_where_no_two_samples_show_it)
{
	struct pod_sample s = {.valid = SAMPLE_PSI_MEMORY | SAMPLE_MEMORY_EVENTS};
	struct wait_look look = look_at(61050000);
	uint64_t permille = 0, span_us = 0;

	look.resource = RESOURCE_MEMORY;
	look.rule = &f.policy.pressure_memory;
	f.policy.pressure_memory =
		(struct pressure_rule){.on = true, .threshold_permille = 100, .window_us = SECOND};
	s.at_us = 60 * (int64_t)SECOND;
	assert_int_equal(ring_add(f.samples.pods[web->slot], &s), 0);
	s.at_us = 61050000;
	s.psi[RESOURCE_MEMORY].some_us = 100000;
	assert_int_equal(ring_add(f.samples.pods[web->slot], &s), 0);
	assert_false(wait_over_threshold(&look, web, &permille, &span_us));
	history_at(2)->valid |= SAMPLE_TOLD_CPU; /* of another resource */
	assert_false(wait_over_threshold(&look, web, &permille, &span_us));
	history_at(2)->valid |= SAMPLE_TOLD_CPU << RESOURCE_MEMORY;
	assert_true(wait_over_threshold(&look, web, &permille, &span_us));
	assert_int_equal(permille, 100);
	assert_int_equal(span_us, SECOND);
	/* It counts what is usual, too: alone it says nothing of a pod for which something is. */
	f.samples.pods[web->slot]->usual.sigma_permille[RESOURCE_MEMORY] = 1;
	assert_false(wait_over_threshold(&look, web, &permille, &span_us));
	f.samples.pods[web->slot]->usual = (struct pod_usual){0};
	f.policy.pressure_memory.full = true; /* the other rule's trigger told nothing */
	assert_false(wait_over_threshold(&look, web, &permille, &span_us));
	history_at(2)->valid |= SAMPLE_TOLD_MEMORY_FULL;
	assert_true(wait_over_threshold(&look, web, &permille, &span_us));
	f.policy.pressure_memory.full = false;
	history_at(2)->memory_bounded = 1; /* it met its own bound meanwhile */
	assert_false(wait_over_threshold(&look, web, &permille, &span_us));
	history_at(2)->memory_bounded = 0;
	look.now_us += 6 * (int64_t)SECOND; /* an old sample */
	assert_false(wait_over_threshold(&look, web, &permille, &span_us));
}

/* Two samples a twentieth of a second apart, of which the trigger made the second one. */
static void told_after(uint64_t periods, uint64_t throttled)
{
	struct pod_sample s = {.valid = SAMPLE_CPU | SAMPLE_PSI_CPU | SAMPLE_TOLD_CPU,
			       .at_us = 60050000,
			       .cpu_usage_us = 120 * (uint64_t)SECOND,
			       .cpu_periods = periods,
			       .cpu_throttled = throttled};

	f.policy.pressure_cpu.threshold_permille = 50;
	f.policy.pressure_cpu.window_us = 2 * SECOND;
	s.psi[RESOURCE_CPU].some_us = 11090000; /* 45 permille of 2 s */
	assert_int_equal(ring_add(f.samples.pods[web->slot], &s), 0);
}

static void second_before_last(int64_t at_us, uint64_t periods, uint64_t throttled)
{
	fake_sample_throttled(&f, web, at_us, 100 * (uint64_t)SECOND, 11 * (uint64_t)SECOND,
			      periods, throttled);
}

TEST(the_trigger_of_a_pod_at_its_own_quota_is_its_own_even_before_the_period_ends)
{
	struct wait_look look = look_at(60050000);
	uint64_t permille = 0, span_us = 0;

	second_before_last(59 * (int64_t)SECOND, 580, 0);
	second_before_last(60 * (int64_t)SECOND, 590, 9);
	told_after(590, 9);
	assert_false(wait_over_threshold(&look, web, &permille, &span_us));
}

TEST(a_pod_far_below_its_quota_waits_for_somebody_else_at_once)
{
	struct wait_look look = look_at(60050000);
	uint64_t permille = 0, span_us = 0;

	second_before_last(59 * (int64_t)SECOND, 580, 9);
	second_before_last(60 * (int64_t)SECOND, 590, 9);
	told_after(590, 9);
	assert_true(wait_over_threshold(&look, web, &permille, &span_us));
}

TEST(of_a_quota_that_is_gone_no_period_ends)
{
	struct wait_look look = look_at(60050000);
	uint64_t permille = 0, span_us = 0;

	second_before_last(59 * (int64_t)SECOND, 590, 500);
	second_before_last(60 * (int64_t)SECOND, 590, 500);
	told_after(590, 500);
	assert_true(wait_over_threshold(&look, web, &permille, &span_us));
}

TEST(of_less_than_a_second_without_the_end_of_a_period_nothing_is_known)
{
	struct wait_look look = look_at(60050000);
	uint64_t permille = 0, span_us = 0;
	struct pod_history *h = f.samples.pods[web->slot];

	h->count = 0;
	second_before_last(60 * (int64_t)SECOND, 5, 0);
	told_after(5, 0);
	assert_false(wait_over_threshold(&look, web, &permille, &span_us));
	h->count = 0;
	second_before_last(60 * (int64_t)SECOND, 0, 0);
	told_after(0, 0);
	assert_true(wait_over_threshold(&look, web, &permille, &span_us));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_wait_is_measured_over_the_window_asked_for),
		CASE(what_is_too_short_or_too_old_is_not_known),
		CASE(a_part_of_the_window_is_enough_once_it_holds_the_whole_wait),
		CASE(what_the_kernels_trigger_told_counts_where_no_two_samples_show_it),
		CASE(the_trigger_of_a_pod_at_its_own_quota_is_its_own_even_before_the_period_ends),
		CASE(a_pod_far_below_its_quota_waits_for_somebody_else_at_once),
		CASE(of_a_quota_that_is_gone_no_period_ends),
		CASE(of_less_than_a_second_without_the_end_of_a_period_nothing_is_known),
		CASE(each_resource_has_its_own_wait_and_a_quota_is_the_cpus_alone),
		CASE(only_online_pods_past_the_threshold_count),
		CASE(what_is_usual_for_a_pod_is_taken_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
