// SPDX-License-Identifier: LGPL-2.1-or-later
// What the kernel's files tell of the memory of a cgroup, as kernels of different age have them.
#include "tests/lib/test.h"

#include <errno.h>

#include "policy/kernel_text.h"

static struct kernel_text_memory memory;

static int parse(const char *text)
{
	memory = (struct kernel_text_memory){1, 2, 3, 4};
	return kernel_text_memory_stat(text, &memory);
}

static void expect(uint64_t anon, uint64_t file, uint64_t refaults, uint64_t direct)
{
	assert_true(memory.anon_bytes == anon && memory.file_bytes == file);
	assert_true(memory.refaults == refaults);
	assert_true(memory.direct == direct);
}

TEST(memory_stat_is_read_by_its_keys)
{
	/* 6.0 and later */
	assert_int_equal(parse("anon 4096\nfile 8192\nkernel 7\nfile_mapped 9\ninactive_anon 5\n"
			       "workingset_refault_anon 20\nworkingset_refault_file 300\n"
			       "workingset_activate_anon 4\npgscan 900\npgsteal 800\n"
			       "pgscan_kswapd 850\npgscan_direct 50\npgsteal_direct 40\n"),
			 0);
	expect(4096, 8192, 320, 50);
	/* 5.9 to 5.19 */
	assert_int_equal(parse("anon 1\nfile 2\nworkingset_refault_anon 5\n"
			       "workingset_refault_file 0\npgscan 9\npgsteal 8\n"),
			 0);
	expect(1, 2, 5, KERNEL_TEXT_NONE);
	/* before */
	assert_int_equal(parse("anon 1\nfile 2\nworkingset_refault 6\nworkingset_activate 7\n"), 0);
	expect(1, 2, 6, KERNEL_TEXT_NONE);
}

TEST(a_count_that_the_kernel_does_not_have_is_not_known_and_not_nothing)
{
	assert_int_equal(parse("anon 0\nfile 0\n"), 0);
	expect(0, 0, KERNEL_TEXT_NONE, KERNEL_TEXT_NONE);
	/* One kind of pages alone is not both of them. */
	assert_int_equal(parse("anon 0\nfile 0\nworkingset_refault_file 7\npgscan_direct 0\n"), 0);
	expect(0, 0, KERNEL_TEXT_NONE, 0);
	assert_int_equal(parse("anon 0\nfile 0\nworkingset_refault_anon 7\n"), 0);
	expect(0, 0, KERNEL_TEXT_NONE, KERNEL_TEXT_NONE);
}

TEST(a_memory_stat_that_says_nothing_changes_nothing)
{
	assert_int_equal(parse(""), -ENOENT);
	assert_int_equal(parse("anon 4096\n"), -ENOENT);
	assert_int_equal(parse("file 4096\n"), -ENOENT);
	assert_int_equal(parse("anon -1\nfile 1\n"), -EINVAL);
	assert_int_equal(parse("anon 1\nfile 1\npgscan_direct x\n"), -EINVAL);
	assert_int_equal(parse("anon 1\nfile 1\nworkingset_refault_anon 1 2\n"), -EINVAL);
	assert_int_equal(parse("anon 1\nfile 1\nworkingset_refault_file\n"
			       "workingset_refault_file \n"),
			 -EINVAL);
	assert_int_equal(parse("anon 1\nfile 1\nworkingset_refault_anon 18446744073709551614\n"
			       "workingset_refault_file 2\n"),
			 -ERANGE);
	expect(1, 2, 3, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_stat_is_read_by_its_keys),
		cmocka_unit_test(
			a_count_that_the_kernel_does_not_have_is_not_known_and_not_nothing),
		cmocka_unit_test(a_memory_stat_that_says_nothing_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
