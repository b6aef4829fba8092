// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/seconds.h"

#include "tests/lib/alloc_count.h"
#include "tests/lib/fake.h"
#include "tests/lib/test.h"

#define S 1000000

static struct fake f;
static struct pod *web;
static struct seconds seconds;

static int make(void **state)
{
	(void)state;
	fake_init(&f);
	web = fake_pod(&f, "kubepods.slice/kubepods-pod1.slice", QOS_GUARANTEED);
	seconds = (struct seconds){0};
	return 0;
}

static int drop(void **state)
{
	(void)state;
	seconds_free(&seconds);
	fake_free(&f);
	return 0;
}

static void pass(int64_t at_us)
{
	fake_sample(&f, web, at_us, (uint64_t)at_us / 2, (uint64_t)at_us / 10);
	assert_int_equal(seconds_feed(&seconds, &f.model, &f.samples, at_us), 0);
}

static const struct pod_seconds *of(const struct pod *pod)
{
	return seconds_of(&seconds, pod->slot, pod->serial);
}

TEST(however_fast_the_samples_come_a_minute_is_kept)
{
	for (int i = 1; i <= 1200; i++)
		pass(i * (int64_t)S / 10);
	assert_int_equal(of(web)->count, SECONDS_RING);
	assert_true(seconds_at(of(web), 0)->at_us > 119 * (int64_t)S);
	assert_true(seconds_at(of(web), 0)->at_us - seconds_at(of(web), SECONDS_RING - 1)->at_us >
		    56 * (int64_t)S);
	assert_null(seconds_at(of(web), SECONDS_RING));
	assert_int_equal(seconds_at(of(web), 0)->cpu_us, seconds_at(of(web), 0)->at_us / 2);
	assert_int_equal(seconds_at(of(web), 0)->stalled_us[RESOURCE_CPU],
			 seconds_at(of(web), 0)->at_us / 10);
}

TEST(a_pass_that_comes_early_has_its_second)
{
	pass(1 * S);
	pass(1 * S + 950000);
	pass(1 * S + 960000);
	assert_int_equal(of(web)->count, 2);
}

TEST(a_steady_pass_allocates_nothing)
{
	unsigned long before;

	pass(1 * S);
	before = alloc_count();
	for (int i = 2; i < 200; i++) {
		/* fake_sample() may allocate, but not for a pod that it knows */
		pass(i * (int64_t)S);
	}
	assert_true(alloc_count() == before);
}

TEST(a_pod_in_the_slot_of_another_starts_anew)
{
	pass(1 * S);
	pass(2 * S);
	web->serial++;
	assert_null(of(web));
	f.samples.pods[web->slot]->serial++;
	pass(3 * S);
	assert_int_equal(of(web)->count, 1);
}

TEST(what_was_not_measured_again_is_not_kept_twice)
{
	pass(1 * S);
	assert_int_equal(seconds_feed(&seconds, &f.model, &f.samples, 2 * S), 0);
	assert_int_equal(of(web)->count, 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(however_fast_the_samples_come_a_minute_is_kept),
		T(a_pass_that_comes_early_has_its_second),
		T(a_steady_pass_allocates_nothing),
		T(a_pod_in_the_slot_of_another_starts_anew),
		T(what_was_not_measured_again_is_not_kept_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
