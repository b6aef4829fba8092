// SPDX-License-Identifier: LGPL-2.1-or-later
// CPU use is a number only where it was measured, lately, and by a counter that ran forwards.
#include "policy/cpu_use.h"

#include <errno.h>

#include "tests/lib/fake.h"
#include "tests/lib/test.h"

#define SECOND 1000000
#define WINDOW (2 * SECOND)

TEST(use_is_taken_over_the_window)
{
	struct fake f;
	struct pod *pod;
	uint64_t milli = 7;

	fake_init(&f);
	pod = fake_pod(&f, "a.service", QOS_NONE);
	assert_int_equal(cpu_use_pod_milli(&f.samples, pod, WINDOW, 0, &milli), -ENODATA);
	fake_sample(&f, pod, 1 * SECOND, 0, 0);
	assert_int_equal(cpu_use_pod_milli(&f.samples, pod, WINDOW, SECOND, &milli), -ENODATA);
	assert_int_equal(milli, 7);
	fake_sample(&f, pod, 2 * SECOND, 4 * SECOND, 0);
	fake_sample(&f, pod, 4 * SECOND, 7 * SECOND, 0);
	assert_int_equal(cpu_use_pod_milli(&f.samples, pod, WINDOW, 4 * SECOND, &milli), 0);
	assert_int_equal(milli, 1500); /* 3 s of CPU in the last 2 s */
	fake_free(&f);
}

TEST(old_samples_and_counters_that_ran_backwards_say_nothing)
{
	struct fake f;
	struct pod *pod;
	uint64_t milli = 7;

	fake_init(&f);
	pod = fake_pod(&f, "a.service", QOS_NONE);
	fake_sample(&f, pod, 1 * SECOND, 0, 0);
	fake_sample(&f, pod, 4 * SECOND, SECOND, 0);
	assert_int_equal(cpu_use_pod_milli(&f.samples, pod, WINDOW, 10 * SECOND, &milli), -ENODATA);
	fake_sample(&f, pod, 6 * SECOND, 0, 0);
	assert_int_equal(cpu_use_pod_milli(&f.samples, pod, WINDOW, 6 * SECOND, &milli), -ENODATA);
	/* another pod in the same slot */
	pod->serial++;
	assert_int_equal(cpu_use_pod_milli(&f.samples, pod, WINDOW, 4 * SECOND, &milli), -ENODATA);
	assert_int_equal(milli, 7);
	fake_free(&f);
}

TEST(the_node_is_measured_the_same_way)
{
	struct fake f;
	uint64_t milli;

	fake_init(&f);
	assert_int_equal(cpu_use_node_milli(&f.samples, WINDOW, 0, &milli), -ENODATA);
	fake_sample_node(&f, SECOND, 0);
	fake_sample_node(&f, 3 * SECOND, 5 * SECOND);
	assert_int_equal(cpu_use_node_milli(&f.samples, WINDOW, 3 * SECOND, &milli), 0);
	assert_int_equal(milli, 2500);
	fake_free(&f);
}

TEST(permille_does_not_overflow)
{
	assert_int_equal(cpu_use_permille(1, 3), 333);
	assert_int_equal(cpu_use_permille(0, 1), 0);
	assert_true(cpu_use_permille(UINT64_MAX, 1) == UINT64_MAX);
	assert_int_equal(cpu_use_permille(UINT64_MAX / 2, UINT64_MAX), 0);
	assert_int_equal(cpu_use_permille(1ull << 60, 1ull << 50), 1024000);
}

TEST(throttling_is_that_of_the_quota_that_was_hit_most)
{
	struct pod_sample from = {.valid = SAMPLE_CPU}, to = from;
	uint64_t permille = 7;

	assert_int_equal(cpu_use_throttled_permille(&from, &to, &permille), 0);
	assert_int_equal(permille, 0);
	to.cpu_periods = 100;
	to.cpu_throttled = 2;
	assert_int_equal(cpu_use_throttled_permille(&from, &to, &permille), 1);
	assert_int_equal(permille, 20);
	to.inner_periods = 10;
	to.inner_throttled = 5;
	assert_int_equal(cpu_use_throttled_permille(&from, &to, &permille), 1);
	assert_int_equal(permille, 500);
	to.valid |= SAMPLE_QUOTA_UNSEEN;
	assert_int_equal(cpu_use_throttled_permille(&from, &to, &permille), -ENODATA);
	to.valid = 0;
	assert_int_equal(cpu_use_throttled_permille(&from, &to, &permille), -ENODATA);
	to.valid = SAMPLE_CPU;
	from.inner_throttled = 6;
	assert_int_equal(cpu_use_throttled_permille(&from, &to, &permille), -ENODATA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(use_is_taken_over_the_window),
		cmocka_unit_test(old_samples_and_counters_that_ran_backwards_say_nothing),
		cmocka_unit_test(the_node_is_measured_the_same_way),
		cmocka_unit_test(permille_does_not_overflow),
		cmocka_unit_test(throttling_is_that_of_the_quota_that_was_hit_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
