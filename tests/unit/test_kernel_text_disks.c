// SPDX-License-Identifier: LGPL-2.1-or-later
// What the kernel's files tell of disks.
#include "tests/lib/test.h"

#include <errno.h>

#include "policy/kernel_text.h"

TEST(what_a_cgroup_did_on_each_disk_is_read_line_by_line)
{
	const char *text =
		"8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n"
		"253:1 \n"
		"(unknown) rbytes=1 wbytes=1 rios=1 wios=1 dbytes=0 dios=0\n"
		"8:32 rbytes=1 wbytes=x rios=1 wios=1\n"
		"8:48 rbytes=1 wbytes=1 rios=1\n"
		"8:16 cost.usage=7 rbytes=18446744073709551615 wbytes=0 rios=3 xwios=9 wios=4";
	struct kernel_text_io io = {.major = 77};

	assert_true(kernel_text_io_stat(&text, &io));
	assert_int_equal(io.major, 8);
	assert_int_equal(io.minor, 0);
	assert_int_equal(io.bytes[DISK_READ], 10);
	assert_int_equal(io.bytes[DISK_WRITE], 20);
	assert_int_equal(io.requests[DISK_READ], 1);
	assert_int_equal(io.requests[DISK_WRITE], 2);
	assert_true(kernel_text_io_stat(&text, &io));
	assert_int_equal(io.minor, 16);
	assert_true(io.bytes[DISK_READ] == UINT64_MAX);
	assert_int_equal(io.requests[DISK_WRITE], 4);
	assert_false(kernel_text_io_stat(&text, &io));
	assert_int_equal(*text, 0);
	assert_int_equal(io.minor, 16);
}

TEST(a_disks_columns_are_read_however_many_follow)
{
	struct disk_sample s = {.at_us = 5};

	assert_int_equal(kernel_text_disk_stat(
				 "       1        2        3        4        5        6        "
				 "7        8        9       10       11       12\n",
				 &s),
			 0);
	assert_int_equal(s.at_us, 5);
	assert_int_equal(s.of[DISK_READ].requests, 1);
	assert_int_equal(s.of[DISK_READ].bytes, 3 * 512);
	assert_int_equal(s.of[DISK_READ].waited_us, 4000);
	assert_int_equal(s.of[DISK_WRITE].requests, 5);
	assert_int_equal(s.of[DISK_WRITE].bytes, 7 * 512);
	assert_int_equal(s.of[DISK_WRITE].waited_us, 8000);
	assert_int_equal(s.busy_us, 10000);
}

TEST(a_broken_line_of_a_disk_is_refused_whole)
{
	static const char *const bad[] = {"", "1 2 3 4 5 6 7 8 9 10\n", "1 2 3 4 5 6 7 8 9 x 11\n",
					  "1 -2 3 4 5 6 7 8 9 10 11\n",
					  "1 2 3 4 5 6 7 8 9 10 11x\n"};
	struct disk_sample s = {.at_us = 5, .busy_us = 7};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(kernel_text_disk_stat(bad[i], &s), -EINVAL);
	assert_int_equal(kernel_text_disk_stat("1 2 18446744073709551615 4 5 6 7 8 9 10 11\n", &s),
			 -ERANGE);
	assert_int_equal(kernel_text_disk_stat("1 2 3 4 5 6 7 8 9 18446744073709551615 11\n", &s),
			 -ERANGE);
	assert_int_equal(s.busy_us, 7);
	assert_int_equal(s.of[DISK_READ].requests, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_cgroup_did_on_each_disk_is_read_line_by_line),
		cmocka_unit_test(a_disks_columns_are_read_however_many_follow),
		cmocka_unit_test(a_broken_line_of_a_disk_is_refused_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
