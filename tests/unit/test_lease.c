// SPDX-License-Identifier: LGPL-2.1-or-later
// The lease: what is written is read back, renewing needs no room and no memory, and nothing else
// passes for one.
#include "tests/lib/test.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/base/lease.h"
#include "tests/lib/alloc_count.h"
#include "tests/lib/tree.h"

static char *dir;
static int dir_fd, fd;

static int setup(void **state)
{
	(void)state;
	if (tree_make(NULL, &dir) < 0)
		return -1;
	dir_fd = tree_open(dir);
	return lease_open(dir_fd, &fd);
}

static int teardown(void **state)
{
	(void)state;
	(void)close(fd);
	(void)close(dir_fd);
	tree_remove(dir);
	return 0;
}

static void comes_back(struct lease lease)
{
	struct lease got = {0};

	assert_int_equal(lease_write(fd, &lease), 0);
	assert_int_equal(lease_read(dir_fd, &got), 0);
	assert_int_equal(got.pid, lease.pid);
	assert_true(got.start == lease.start);
	assert_true(got.until_us == lease.until_us);
}

TEST(any_lease_comes_back)
{
	struct lease got = {.pid = 7};

	assert_int_equal(lease_read(dir_fd, &got), 0);
	assert_int_equal(got.pid, 0);
	comes_back((struct lease){.pid = 1, .start = 0, .until_us = 5});
	comes_back((struct lease){UINT32_MAX, UINT64_MAX, INT64_MAX});
	comes_back((struct lease){.pid = 4711, .start = 812, .until_us = 0});
}

TEST(renewing_neither_grows_the_file_nor_allocates)
{
	struct lease lease = {.pid = 1, .start = 2, .until_us = 3};
	struct stat before, after;
	unsigned long n;

	assert_int_equal(fstat(fd, &before), 0);
	n = alloc_count();
	for (int i = 0; i < 100; i++) {
		lease.until_us *= 7;
		assert_int_equal(lease_write(fd, &lease), 0);
		lease.until_us %= INT64_MAX / 8;
		assert_int_equal(lease_read(dir_fd, &lease), 0);
		lease.until_us = i;
	}
	assert_int_equal(alloc_count() - n, 0);
	assert_int_equal(fstat(fd, &after), 0);
	assert_int_equal(after.st_size, before.st_size);
}

TEST(what_is_no_lease_is_refused)
{
	static const char *const wrong[] = {
		"",
		"1 2 3\n",
		"0000000001 00000000000000000002 000000000000000000x\n",
		"0000000001 00000000000000000002 -000000000000000003\n",
		"4294967296 00000000000000000002 0000000000000000003\n",
		"0000000001 99999999999999999999 0000000000000000003\n",
		"0000000001 00000000000000000002 9999999999999999999\n",
		"0000000001 00000000000000000002 0000000000000000003",
		"0000000001 00000000000000000002 0000000000000000003\n\n",
	};
	struct lease got;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(tree_write(dir, LEASE_FILE, wrong[i]), 0);
		assert_int_equal(lease_read(dir_fd, &got), -EBADMSG);
	}
	assert_int_equal(tree_delete(dir, LEASE_FILE), 0);
	assert_int_equal(lease_read(dir_fd, &got), -ENOENT);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(any_lease_comes_back),
		CASE(renewing_neither_grows_the_file_nor_allocates),
		CASE(what_is_no_lease_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
