// SPDX-License-Identifier: LGPL-2.1-or-later
// Knobs: every name, text form and comparison, in both directions.
#include "tests/lib/test.h"

#include <errno.h>
#include <string.h>

#include "colod/cgroup.h"
#include "policy/knob.h"

static const char *text(enum knob knob, struct knob_value value)
{
	static char buf[KNOB_TEXT_SIZE];

	return knob_format(knob, &value, buf, sizeof(buf));
}

static void parses(enum knob knob, const char *from, uint64_t value, uint64_t period_us)
{
	struct knob_value got = {0};

	assert_int_equal(knob_parse(knob, from, &got), 0);
	assert_int_equal(got.state, KNOB_KNOWN);
	assert_true(got.value == value);
	assert_true(got.period_us == period_us);
}

static void refuses(enum knob knob, const char *from, int error)
{
	struct knob_value got = {.state = KNOB_MISSING, .value = 77, .period_us = 88};

	assert_int_equal(knob_parse(knob, from, &got), error);
	assert_int_equal(got.state, KNOB_MISSING);
	assert_int_equal(got.value, 77);
	assert_int_equal(got.period_us, 88);
}

TEST(every_name_leads_back_to_its_knob)
{
	for (int i = 0; i < KNOB_COUNT; i++)
		assert_int_equal(knob_from_name(knob_name((enum knob)i)), i);
	for (int i = 0; i < KNOB_COUNT; i++)
		assert_string_equal(knob_file((enum knob)i), knob_is_io_max((enum knob)i)
								     ? "io.max"
								     : knob_name((enum knob)i));
	assert_int_equal(knob_from_name("io.max#5"), -EINVAL);
	assert_int_equal(knob_from_name("cpu.weight.nice"), -EINVAL);
	assert_int_equal(knob_from_name("cpu"), -EINVAL);
	assert_int_equal(knob_from_name(""), -EINVAL);
	assert_string_equal(knob_name(KNOB_COUNT), "?");
	assert_string_equal(knob_name(KNOB_MEMORY_HIGH), "memory.high");
}

TEST(values_are_written_as_the_kernel_reads_them)
{
	assert_string_equal(text(KNOB_CPU_WEIGHT, knob_value_of(100)), "100");
	assert_string_equal(text(KNOB_CPU_IDLE, knob_value_of(1)), "1");
	assert_string_equal(text(KNOB_CPU_MAX, knob_value_quota(20000, 20000)), "20000 20000");
	assert_string_equal(text(KNOB_CPU_MAX, knob_value_quota(KNOB_VALUE_MAX, 100000)),
			    "max 100000");
	assert_string_equal(text(KNOB_MEMORY_HIGH, knob_value_of(KNOB_VALUE_MAX)), "max");
	assert_string_equal(text(KNOB_MEMORY_LOW, knob_value_of(4096)), "4096");
	assert_string_equal(text(KNOB_IO_WEIGHT, knob_value_of(10)), "default 10");
	assert_string_equal(text(KNOB_IO_WEIGHT, (struct knob_value){.state = KNOB_UNREAD}), "?");
	assert_string_equal(text(KNOB_IO_WEIGHT, (struct knob_value){.state = KNOB_MISSING}), "-");
}

TEST(a_weight_has_no_word_for_max)
{
	assert_string_equal(text(KNOB_CPU_WEIGHT, knob_value_of(UINT64_MAX)),
			    "18446744073709551615");
	refuses(KNOB_CPU_WEIGHT, "max\n", -EINVAL);
	refuses(KNOB_CPU_IDLE, "max\n", -EINVAL);
}

TEST(a_period_that_was_left_out_is_the_kernels_default)
{
	assert_string_equal(text(KNOB_CPU_MAX, knob_value_quota(5000, 0)), "5000 100000");
	assert_string_equal(text(KNOB_CPU_MAX, knob_value_of(5000)), "5000 100000");
}

TEST(what_the_kernel_shows_is_read)
{
	parses(KNOB_CPU_WEIGHT, "0\n", 0, 0); /* an idle group on 6.1 */
	parses(KNOB_CPU_WEIGHT, "10000", 10000, 0);
	parses(KNOB_CPU_IDLE, "1\n", 1, 0);
	parses(KNOB_CPU_MAX, "max 100000\n", KNOB_VALUE_MAX, 100000);
	parses(KNOB_CPU_MAX, "20000 20000\n", 20000, 20000);
	parses(KNOB_MEMORY_MAX, "max\n", KNOB_VALUE_MAX, 0);
	parses(KNOB_MEMORY_MIN, "18446744073709551614\n", UINT64_MAX - 1, 0);
	parses(KNOB_IO_WEIGHT, "default 100\n", 100, 0);
	parses(KNOB_IO_WEIGHT, "default 50\n8:0 200\n8:16 300\n", 50, 0);
	parses(KNOB_IO_WEIGHT, "8:0 200\ndefault 50\n", 50, 0);
}

TEST(a_score_has_a_sign_and_is_one_of_two_thousand)
{
	assert_string_equal(text(KNOB_OOM_SCORE_ADJ, knob_value_of(KNOB_SCORE_ZERO - 998)), "-998");
	assert_string_equal(text(KNOB_OOM_SCORE_ADJ, knob_value_of(KNOB_SCORE_ZERO)), "0");
	assert_string_equal(text(KNOB_OOM_SCORE_ADJ, knob_value_of(2000)), "1000");
	parses(KNOB_OOM_SCORE_ADJ, "-1000\n", 0, 0);
	parses(KNOB_OOM_SCORE_ADJ, "1000", 2000, 0);
	parses(KNOB_OOM_SCORE_ADJ, "3\n", 1003, 0);
	refuses(KNOB_OOM_SCORE_ADJ, "1001", -ERANGE);
	refuses(KNOB_OOM_SCORE_ADJ, "-1001", -ERANGE);
	refuses(KNOB_OOM_SCORE_ADJ, "--1", -EINVAL);
	refuses(KNOB_OOM_SCORE_ADJ, "-", -EINVAL);
	assert_true(knob_is_of_tasks(KNOB_OOM_SCORE_ADJ));
	assert_true(knob_is_of_tasks(KNOB_SCHED_POLICY));
	assert_false(knob_is_of_tasks(KNOB_MEMORY_OOM_GROUP));
}

TEST(every_value_that_is_written_is_read_back_as_itself)
{
	static const uint64_t values[] = {0, 1, 4096, 10000, 1ull << 40, KNOB_VALUE_MAX};

	for (int knob = 0; knob < KNOB_COUNT; knob++) {
		for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
			struct knob_value value = knob_value_of(values[i]), got = {0};
			char buf[KNOB_TEXT_SIZE];

			if (knob == KNOB_CPU_MAX)
				value = knob_value_quota(values[i], 20000);
			if (knob_is_cpus((enum knob)knob))
				value = knob_value_cpus(&(struct cpu_set){{values[i]}});
			if (knob_is_of_tasks((enum knob)knob))
				value = knob_value_of(values[i] % 2001);
			if (knob == KNOB_CPUSET_PARTITION)
				value = knob_value_of(values[i] % PARTITION_COUNT);
			if (knob != KNOB_CPU_MAX && !knob_is_cpus((enum knob)knob) &&
			    knob_controller((enum knob)knob) != CONTROLLER_MEMORY &&
			    values[i] == KNOB_VALUE_MAX)
				continue;
			(void)knob_format((enum knob)knob, &value, buf, sizeof(buf));
			assert_int_equal(knob_parse((enum knob)knob, buf, &got), 0);
			assert_true(knob_equal((enum knob)knob, &value, &got, 1));
		}
	}
}

TEST(text_that_is_no_value_is_refused_and_leaves_the_output_alone)
{
	static const char *const wrong[] = {
		"", "\n", " 1", "1 ", "-1", "+1", "0x10", "1.5", "100M", "abc", "1\n\n", "1\n2\n",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		refuses(KNOB_CPU_WEIGHT, wrong[i], -EINVAL);
		refuses(KNOB_MEMORY_HIGH, wrong[i], -EINVAL);
		refuses(KNOB_CPU_MAX, wrong[i], -EINVAL);
		refuses(KNOB_IO_WEIGHT, wrong[i], -EINVAL);
	}
	refuses(KNOB_MEMORY_HIGH, "maximum", -EINVAL);
	refuses(KNOB_CPU_MAX, "100", -EINVAL);
	refuses(KNOB_CPU_MAX, "100 0\n", -EINVAL);
	refuses(KNOB_CPU_MAX, "100 max\n", -EINVAL);
	refuses(KNOB_CPU_MAX, "100 100 100\n", -EINVAL);
	refuses(KNOB_IO_WEIGHT, "100\n", -EINVAL);
	refuses(KNOB_IO_WEIGHT, "default\n", -EINVAL);
	refuses(KNOB_IO_WEIGHT, "default 10x\n", -EINVAL);
	refuses(KNOB_COUNT, "1", -EINVAL);
}

TEST(a_number_that_does_not_fit_is_out_of_range)
{
	refuses(KNOB_CPU_WEIGHT, "18446744073709551616", -ERANGE);
	refuses(KNOB_MEMORY_LOW, "99999999999999999999999", -ERANGE);
	/* Would be taken for the word "max". */
	refuses(KNOB_MEMORY_LOW, "18446744073709551615", -ERANGE);
	refuses(KNOB_CPU_MAX, "18446744073709551615 1000", -ERANGE);
}

static bool equal(enum knob knob, struct knob_value want, struct knob_value have)
{
	return knob_equal(knob, &want, &have, 4096);
}

TEST(memory_values_are_compared_after_the_kernels_rounding)
{
	assert_true(equal(KNOB_MEMORY_HIGH, knob_value_of(1000001), knob_value_of(999424)));
	assert_false(equal(KNOB_MEMORY_HIGH, knob_value_of(1000001), knob_value_of(1003520)));
	assert_false(equal(KNOB_MEMORY_HIGH, knob_value_of(4096), knob_value_of(KNOB_VALUE_MAX)));
	/* "max" is a word: it is not rounded to the last page. */
	assert_false(equal(KNOB_MEMORY_HIGH, knob_value_of(KNOB_VALUE_MAX),
			   knob_value_of(KNOB_VALUE_MAX - 4095)));
	assert_false(equal(KNOB_CPU_WEIGHT, knob_value_of(4097), knob_value_of(4096)));
}

TEST(a_quota_is_compared_with_its_period_unless_there_is_none)
{
	assert_true(
		equal(KNOB_CPU_MAX, knob_value_quota(1000, 20000), knob_value_quota(1000, 20000)));
	assert_false(
		equal(KNOB_CPU_MAX, knob_value_quota(1000, 20000), knob_value_quota(1000, 100000)));
	assert_true(equal(KNOB_CPU_MAX, knob_value_quota(KNOB_VALUE_MAX, 20000),
			  knob_value_quota(KNOB_VALUE_MAX, 100000)));
	assert_true(equal(KNOB_CPU_MAX, knob_value_of(1000), knob_value_quota(1000, 100000)));
}

TEST(a_scheduling_policy_has_the_name_that_chrt_gives_it)
{
	assert_string_equal(text(KNOB_SCHED_POLICY, knob_value_of(KNOB_SCHED_OTHER)), "other");
	assert_string_equal(text(KNOB_SCHED_POLICY, knob_value_of(KNOB_SCHED_IDLE)), "idle");
	assert_string_equal(text(KNOB_SCHED_POLICY, knob_value_of(4)), "4");
	assert_string_equal(text(KNOB_SCHED_POLICY, knob_value_of(0x40000000)), "1073741824");
	parses(KNOB_SCHED_POLICY, "idle\n", KNOB_SCHED_IDLE, 0);
	parses(KNOB_SCHED_POLICY, "other", KNOB_SCHED_OTHER, 0);
	parses(KNOB_SCHED_POLICY, "ext", 7, 0);
	parses(KNOB_SCHED_POLICY, "1073741824", 0x40000000, 0);
	refuses(KNOB_SCHED_POLICY, "", -EINVAL);
	refuses(KNOB_SCHED_POLICY, "idl", -EINVAL);
	refuses(KNOB_SCHED_POLICY, "idle\nother", -EINVAL);
	refuses(KNOB_SCHED_POLICY, "99999999999", -ERANGE);
}

TEST(what_was_not_read_equals_nothing)
{
	struct knob_value unread = {.state = KNOB_UNREAD, .value = 5};

	assert_false(equal(KNOB_CPU_WEIGHT, unread, knob_value_of(5)));
	assert_false(equal(KNOB_CPU_WEIGHT, knob_value_of(5), unread));
	assert_false(equal(KNOB_CPU_WEIGHT, unread, unread));
}

TEST(each_knob_has_the_controller_and_resource_of_its_name)
{
	for (int i = 0; i < KNOB_COUNT; i++) {
		const char *name = knob_name((enum knob)i);
		unsigned want = strncmp(name, "cpuset", 6) == 0 ? CONTROLLER_CPUSET
				: strchr("cs", name[0])		? CONTROLLER_CPU
				: strchr("mo", name[0])		? CONTROLLER_MEMORY
								: CONTROLLER_IO;

		if (i == KNOB_CGROUP_FREEZE)
			continue;
		assert_int_equal(knob_controller((enum knob)i), want);
		assert_int_equal(knob_resource((enum knob)i), strchr("cs", name[0]) ? RESOURCE_CPU
							      : strchr("mo", name[0])
								      ? RESOURCE_MEMORY
								      : RESOURCE_IO);
	}
	/* Every cgroup has it; it is used for memory. */
	assert_int_equal(knob_controller(KNOB_CGROUP_FREEZE), 0);
	assert_int_equal(knob_resource(KNOB_CGROUP_FREEZE), RESOURCE_MEMORY);
	assert_int_equal(knob_controller(KNOB_COUNT), 0);
	assert_int_equal(knob_resource(KNOB_COUNT), RESOURCE_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_leads_back_to_its_knob),
		cmocka_unit_test(values_are_written_as_the_kernel_reads_them),
		cmocka_unit_test(a_weight_has_no_word_for_max),
		cmocka_unit_test(a_period_that_was_left_out_is_the_kernels_default),
		cmocka_unit_test(what_the_kernel_shows_is_read),
		cmocka_unit_test(a_score_has_a_sign_and_is_one_of_two_thousand),
		cmocka_unit_test(every_value_that_is_written_is_read_back_as_itself),
		cmocka_unit_test(text_that_is_no_value_is_refused_and_leaves_the_output_alone),
		cmocka_unit_test(a_number_that_does_not_fit_is_out_of_range),
		cmocka_unit_test(memory_values_are_compared_after_the_kernels_rounding),
		cmocka_unit_test(a_quota_is_compared_with_its_period_unless_there_is_none),
		cmocka_unit_test(a_scheduling_policy_has_the_name_that_chrt_gives_it),
		cmocka_unit_test(what_was_not_read_equals_nothing),
		cmocka_unit_test(each_knob_has_the_controller_and_resource_of_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
