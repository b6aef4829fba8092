// SPDX-License-Identifier: LGPL-2.1-or-later
// The cpuset knobs: sets and partitions as the kernel shows them, as they are kept and as they are
// written.
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/knob.h"
#include "policy/knob_cpuset.h"

static struct knob_value read_as(enum knob knob, const char *shown)
{
	struct knob_value value = {.state = KNOB_UNREAD};

	assert_int_equal(knob_parse(knob, shown, &value), 0);
	assert_int_equal(value.state, KNOB_KNOWN);
	return value;
}

static const char *shown(enum knob knob, struct knob_value value)
{
	static char buf[KNOB_TEXT_SIZE];

	return knob_format(knob, &value, buf, sizeof(buf));
}

static const char *written(enum knob knob, struct knob_value value)
{
	static char buf[KNOB_TEXT_SIZE];

	return knob_to_write(knob, &value, buf, sizeof(buf));
}

TEST(a_set_is_shown_as_the_kernels_list_and_an_empty_one_as_a_word)
{
	struct knob_value value = read_as(KNOB_CPUSET_CPUS, "0-3,8\n");

	assert_true(cpu_set_has(&value.cpus, 8));
	assert_string_equal(shown(KNOB_CPUSET_CPUS, value), "0-3,8");
	assert_string_equal(shown(KNOB_CPUSET_EXCLUSIVE, read_as(KNOB_CPUSET_EXCLUSIVE, "\n")),
			    "none");
	assert_string_equal(shown(KNOB_CPUSET_CPUS, read_as(KNOB_CPUSET_CPUS, "none")), "none");
	assert_true(knob_is_cpus(KNOB_CPUSET_CPUS) && knob_is_cpus(KNOB_CPUSET_EXCLUSIVE));
	assert_false(knob_is_cpus(KNOB_CPUSET_PARTITION) || knob_is_cpus(KNOB_COUNT));
}

/* A write of no byte does nothing, and nobody may write the kernel's reason back to it. */
TEST(what_is_written_is_what_the_kernel_takes)
{
	assert_string_equal(written(KNOB_CPUSET_CPUS, read_as(KNOB_CPUSET_CPUS, "")), "\n");
	assert_string_equal(written(KNOB_CPUSET_CPUS, read_as(KNOB_CPUSET_CPUS, "2-3")), "2-3");
	assert_string_equal(written(KNOB_CPUSET_PARTITION,
				    read_as(KNOB_CPUSET_PARTITION,
					    "root invalid (Parent is not a partition root)\n")),
			    "root");
	assert_string_equal(written(KNOB_CPUSET_PARTITION, knob_value_of(PARTITION_ISOLATED)),
			    "isolated");
	assert_string_equal(written(KNOB_CPU_MAX, knob_value_quota(1000, 2000)), "1000 2000");
	assert_string_equal(written(KNOB_IO_WEIGHT, knob_value_of(7)), "default 7");
}

TEST(a_partition_that_is_not_granted_is_another_value_and_says_why)
{
	struct knob_value root = read_as(KNOB_CPUSET_PARTITION, "root\n");
	struct knob_value invalid =
		read_as(KNOB_CPUSET_PARTITION, "root invalid (Parent is not a partition root)\n");
	struct knob_value other = read_as(KNOB_CPUSET_PARTITION,
					  "root invalid (Cpu list in cpuset.cpus not exclusive)\n");

	assert_null(knob_partition_why(&root));
	assert_string_equal(knob_partition_why(&invalid), "Parent is not a partition root");
	assert_false(knob_equal(KNOB_CPUSET_PARTITION, &root, &invalid, 1));
	assert_false(knob_equal(KNOB_CPUSET_PARTITION, &other, &invalid, 1));
	assert_false(knob_same(KNOB_CPUSET_PARTITION, &other, &invalid));
	assert_int_equal(invalid.value & PARTITION_MASK, PARTITION_ROOT);
	assert_string_equal(shown(KNOB_CPUSET_PARTITION, invalid),
			    "root invalid (Parent is not a partition root)");
	assert_string_equal(shown(KNOB_CPUSET_PARTITION, root), "root");
}

/* As the kernels of 6.1 to 7.3 spell them: each must come back as itself. */
TEST(every_reason_the_kernels_give_is_kept)
{
	static const char *const reasons[] = {
		"Invalid cpu list in cpuset.cpus.exclusive",
		"Parent is an invalid partition root",
		"Parent is not a partition root",
		"Cpu list in cpuset.cpus not exclusive",
		"Parent unable to distribute cpu downstream",
		"No cpu available due to hotplug",
		"cpuset.cpus is empty",
		"cpuset.cpus and cpuset.cpus.exclusive are empty",
		"partition config conflicts with housekeeping setup",
		"Enable partition not permitted",
		"Have remote partition underneath",
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		char line[128];
		struct knob_value value;

		(void)snprintf(line, sizeof(line), "isolated invalid (%s)", reasons[i]);
		value = read_as(KNOB_CPUSET_PARTITION, line);
		assert_string_equal(knob_partition_why(&value), reasons[i]);
		assert_string_equal(shown(KNOB_CPUSET_PARTITION, value), line);
	}
}

TEST(a_reason_of_a_newer_kernel_is_still_a_reason)
{
	static const char *const lines[] = {"root invalid", "root invalid (Moon phase)\n",
					    "root invalid ()", "root invalid Moon"};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct knob_value value = read_as(KNOB_CPUSET_PARTITION, lines[i]);

		assert_string_equal(knob_partition_why(&value), "no known reason");
		/* The record of it is read back as the same. */
		assert_true(
			value.value ==
			read_as(KNOB_CPUSET_PARTITION, shown(KNOB_CPUSET_PARTITION, value)).value);
	}
}

TEST(text_that_is_no_value_is_refused)
{
	static const char *const partitions[] = {
		"",
		"\n",
		"boss",
		"roots",
		"root ",
		"root valid",
		"root invalidated",
		"root\nroot\n",
	};
	static const char *const sets[] = {"nones", "none\n", " ", "1-", "0 1"};
	struct knob_value value = knob_value_of(77);

	for (size_t i = 0; i < sizeof(partitions) / sizeof(partitions[0]); i++)
		assert_int_equal(knob_parse(KNOB_CPUSET_PARTITION, partitions[i], &value), -EINVAL);
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		assert_int_equal(knob_parse(KNOB_CPUSET_CPUS, sets[i], &value), -EINVAL);
	assert_int_equal(knob_parse(KNOB_CPUSET_CPUS, "512", &value), -ERANGE);
	assert_int_equal(value.value, 77);
}

TEST(sets_are_compared_to_their_last_cpu)
{
	struct knob_value a = read_as(KNOB_CPUSET_CPUS, "0,300"),
			  b = read_as(KNOB_CPUSET_CPUS, "0");

	assert_false(knob_equal(KNOB_CPUSET_CPUS, &a, &b, 1));
	assert_false(knob_same(KNOB_CPUSET_CPUS, &a, &b));
	assert_true(knob_equal(KNOB_CPUSET_CPUS, &a, &a, 1));
	assert_true(knob_same(KNOB_CPUSET_CPUS, &a, &a));
	a.state = KNOB_MISSING;
	assert_false(knob_same(KNOB_CPUSET_CPUS, &a, &b));
	b.state = KNOB_MISSING;
	assert_true(knob_same(KNOB_CPUSET_CPUS, &a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_set_is_shown_as_the_kernels_list_and_an_empty_one_as_a_word),
		cmocka_unit_test(what_is_written_is_what_the_kernel_takes),
		cmocka_unit_test(a_partition_that_is_not_granted_is_another_value_and_says_why),
		cmocka_unit_test(every_reason_the_kernels_give_is_kept),
		cmocka_unit_test(a_reason_of_a_newer_kernel_is_still_a_reason),
		cmocka_unit_test(text_that_is_no_value_is_refused),
		cmocka_unit_test(sets_are_compared_to_their_last_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
