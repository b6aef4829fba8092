// SPDX-License-Identifier: LGPL-2.1-or-later
// Sets of CPUs: members, what two sets have in common, and the kernel's list in both directions.
#include "tests/lib/test.h"

#include <errno.h>
#include <string.h>

#include "colod/cpu_set.h"

static struct cpu_set of(const char *list)
{
	struct cpu_set set;

	assert_int_equal(cpu_set_parse(list, &set), 0);
	return set;
}

static const char *text(struct cpu_set set)
{
	static char buf[CPU_SET_TEXT_SIZE];

	return cpu_set_format(&set, buf, sizeof(buf));
}

TEST(a_set_has_what_was_added_and_nothing_else)
{
	struct cpu_set set = {{0}};

	assert_true(cpu_set_is_empty(&set));
	cpu_set_add(&set, 0);
	cpu_set_add(&set, 63);
	cpu_set_add(&set, 64);
	cpu_set_add(&set, CPU_SET_MAX - 1);
	for (unsigned cpu = 0; cpu < CPU_SET_MAX; cpu++)
		assert_int_equal(cpu_set_has(&set, cpu),
				 cpu == 0 || cpu == 63 || cpu == 64 || cpu == CPU_SET_MAX - 1);
	assert_int_equal(cpu_set_count(&set), 4);
	assert_false(cpu_set_is_empty(&set));
}

TEST(an_id_that_does_not_fit_is_left_out)
{
	struct cpu_set set = {{0}};

	cpu_set_add(&set, CPU_SET_MAX);
	cpu_set_add(&set, UINT32_MAX);
	assert_true(cpu_set_is_empty(&set));
	assert_false(cpu_set_has(&set, CPU_SET_MAX));
	assert_false(cpu_set_has(&set, UINT32_MAX));
}

TEST(two_sets_are_compared_in_every_word)
{
	struct cpu_set a = of("3,500"), b = of("3,501"), c = of("3");

	assert_false(cpu_set_equal(&a, &b));
	assert_true(cpu_set_equal(&a, &a));
	assert_true(cpu_set_overlaps(&a, &b));
	assert_false(cpu_set_contains(&a, &b));
	assert_true(cpu_set_contains(&a, &c));
	assert_false(cpu_set_contains(&c, &a));
	b = of("4,501");
	assert_false(cpu_set_overlaps(&a, &b));
	c = of("500");
	assert_true(cpu_set_overlaps(&a, &c));
}

TEST(the_empty_set_is_in_every_set_and_overlaps_none)
{
	struct cpu_set empty = of(""), some = of("1");

	assert_true(cpu_set_contains(&some, &empty));
	assert_true(cpu_set_contains(&empty, &empty));
	assert_false(cpu_set_contains(&empty, &some));
	assert_false(cpu_set_overlaps(&some, &empty));
}

TEST(sets_are_joined_taken_away_and_cut)
{
	struct cpu_set a = of("0-3,400"), b = of("2-5,500"), to = a;

	cpu_set_union(&to, &b);
	assert_string_equal(text(to), "0-5,400,500");
	to = a;
	cpu_set_minus(&to, &b);
	assert_string_equal(text(to), "0-1,400");
	to = a;
	cpu_set_intersect(&to, &b);
	assert_string_equal(text(to), "2-3");
}

TEST(a_list_is_written_as_the_kernel_writes_it)
{
	assert_string_equal(text(of("")), "");
	assert_string_equal(text(of("\n")), "");
	assert_string_equal(text(of("0-3,8\n")), "0-3,8");
	assert_string_equal(text(of("8,0,1,2-3,2")), "0-3,8");
	assert_string_equal(text(of("0-1,510-511")), "0-1,510-511");
	assert_string_equal(text(of("0-511")), "0-511");
	assert_int_equal(cpu_set_count(&(struct cpu_set){{UINT64_MAX, 1}}), 65);
}

TEST(what_is_no_list_leaves_the_set_alone)
{
	static const char *const wrong[] = {"a", "1-", "3-1", "-1", "1,", ",", "1 2", "1\n2", " "};
	struct cpu_set set = of("7"), before = set;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(cpu_set_parse(wrong[i], &set), -EINVAL);
	assert_int_equal(cpu_set_parse("0-512", &set), -ERANGE);
	assert_int_equal(cpu_set_parse("512", &set), -ERANGE);
	assert_true(cpu_set_equal(&set, &before));
}

/* Pairs with a gap of one between them need the most room: three ids for one comma and one dash. */
TEST(the_longest_list_fits_and_a_short_buffer_gets_whole_ranges)
{
	char buf[CPU_SET_TEXT_SIZE], small[8];
	struct cpu_set set = {{0}}, back;

	for (unsigned cpu = 0; cpu < CPU_SET_MAX; cpu++)
		if (cpu % 3 < 2)
			cpu_set_add(&set, cpu);
	(void)cpu_set_format(&set, buf, sizeof(buf));
	assert_int_equal(cpu_set_parse(buf, &back), 0);
	assert_true(cpu_set_equal(&set, &back));
	assert_in_range(strlen(buf), CPU_SET_TEXT_SIZE - 8, CPU_SET_TEXT_SIZE - 1);
	assert_string_equal(cpu_set_format(&set, small, sizeof(small)), "0-1,3-4");
	assert_string_equal(cpu_set_format(&set, small, 7), "0-1");
	assert_string_equal(cpu_set_format(&set, small, 1), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_set_has_what_was_added_and_nothing_else),
		cmocka_unit_test(an_id_that_does_not_fit_is_left_out),
		cmocka_unit_test(two_sets_are_compared_in_every_word),
		cmocka_unit_test(the_empty_set_is_in_every_set_and_overlaps_none),
		cmocka_unit_test(sets_are_joined_taken_away_and_cut),
		cmocka_unit_test(a_list_is_written_as_the_kernel_writes_it),
		cmocka_unit_test(what_is_no_list_leaves_the_set_alone),
		cmocka_unit_test(the_longest_list_fits_and_a_short_buffer_gets_whole_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
