// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/base/fs.h"

static char dir[] = "/tmp/colod-fs-XXXXXX";
static int dirfd_ = -1;

static int make_dir(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	return fs_open_root(dir, &dirfd_);
}

static int remove_dir(void **state)
{
	static const char *const names[] = {"value", "long", "link"};

	(void)state;
	for (size_t i = 0; i < 3; i++)
		unlinkat(dirfd_, names[i], 0);
	close(dirfd_);
	return rmdir(dir);
}

static void put(const char *name, const char *text)
{
	int fd = openat(dirfd_, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

TEST(a_value_is_read_whole_and_terminated)
{
	char buf[16];
	size_t len = 99;

	put("value", "100\n");
	assert_int_equal(fs_read(dirfd_, "/value", buf, sizeof(buf), &len), 0);
	assert_string_equal(buf, "100\n");
	assert_int_equal(len, 4);
}

TEST(a_value_that_does_not_fit_is_refused_and_never_cut)
{
	char buf[4] = "old";
	size_t len = 99;

	put("value", "12345");
	assert_int_equal(fs_read(dirfd_, "value", buf, sizeof(buf), &len), -EFBIG);
	assert_int_equal(len, 99);
	put("value", "1234");
	assert_int_equal(fs_read(dirfd_, "value", buf, sizeof(buf), &len), -EFBIG);
	put("value", "123");
	assert_int_equal(fs_read(dirfd_, "value", buf, sizeof(buf), &len), 0);
}

TEST(an_allocated_read_stops_at_its_bound)
{
	char *text = NULL, big[10001];
	size_t len;

	memset(big, 'x', 10000);
	big[10000] = '\0';
	put("long", big);
	assert_int_equal(fs_read_alloc(dirfd_, "long", 9999, &text, &len), -EFBIG);
	assert_null(text);
	assert_int_equal(fs_read_alloc(dirfd_, "long", 10000, &text, &len), 0);
	assert_int_equal(len, 10000);
	assert_string_equal(text, big);
	free(text);
}

TEST(a_symbolic_link_in_the_last_part_is_not_followed)
{
	char buf[16];

	put("value", "secret");
	assert_int_equal(symlinkat("value", dirfd_, "link"), 0);
	assert_int_equal(fs_read(dirfd_, "link", buf, sizeof(buf), NULL), -ELOOP);
	assert_int_equal(fs_write(dirfd_, "link", "x"), -ELOOP);
	assert_int_equal(fs_read(dirfd_, "value", buf, sizeof(buf), NULL), 0);
	assert_string_equal(buf, "secret");
}

TEST(a_write_replaces_the_value_and_never_creates_a_file)
{
	char buf[16];

	put("value", "longer");
	assert_int_equal(fs_write(dirfd_, "value", "5"), 0);
	assert_int_equal(fs_read(dirfd_, "value", buf, sizeof(buf), NULL), 0);
	assert_string_equal(buf, "5");
	assert_int_equal(fs_write(dirfd_, "absent", "5"), -ENOENT);
	assert_int_equal(fs_exists(dirfd_, "absent"), 0);
	assert_int_equal(fs_exists(dirfd_, "value"), 1);
}

/* The name may be another's by now. */
TEST(a_directory_is_opened_as_the_one_it_was)
{
	uint64_t inode;
	int top, fd = -EBADF;

	top = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(top >= 0);
	assert_int_equal(fs_inode(top, "tests", &inode), 0);
	assert_int_equal(fs_open_dir_of(top, "tests", inode + 1, &fd), -ESTALE);
	assert_int_equal(fd, -EBADF);
	assert_int_equal(fs_open_dir_of(top, "no-such-directory", inode, &fd), -ENOENT);
	assert_int_equal(fs_open_dir_of(top, "tests", inode, &fd), 0);
	close(fd);
	close(top);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_is_read_whole_and_terminated),
		cmocka_unit_test(a_value_that_does_not_fit_is_refused_and_never_cut),
		cmocka_unit_test(an_allocated_read_stops_at_its_bound),
		cmocka_unit_test(a_symbolic_link_in_the_last_part_is_not_followed),
		cmocka_unit_test(a_directory_is_opened_as_the_one_it_was),
		cmocka_unit_test(a_write_replaces_the_value_and_never_creates_a_file),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
