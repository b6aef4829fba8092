// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/discover/dir_names.h"
#include "tests/lib/alloc_count.h"
#include "tests/lib/tree.h"

static void list(struct dir_names *names, const char *dir)
{
	_cleanup_close_ int fd = tree_open(dir);

	assert_true(fd >= 0);
	assert_int_equal(dir_names_push(names, fd), 0);
}

TEST(directories_are_sorted_and_files_and_links_left_out)
{
	static struct dir_names names;
	char *dir;
	char link[256];

	assert_int_equal(tree_make("c/\na/\nb-1/\nb/\nfile = x\nB/\n", &dir), 0);
	assert_true(snprintf(link, sizeof(link), "%s/link", dir) > 0);
	assert_int_equal(symlink("a", link), 0);
	list(&names, dir);
	assert_int_equal(names.n, 5);
	assert_string_equal(dir_names_get(&names, 0), "B");
	assert_string_equal(dir_names_get(&names, 1), "a");
	assert_string_equal(dir_names_get(&names, 2), "b");
	assert_string_equal(dir_names_get(&names, 3), "b-1");
	assert_string_equal(dir_names_get(&names, 4), "c");
	dir_names_free(&names);
	tree_remove(dir);
}

TEST(listings_nest_and_the_second_round_allocates_nothing)
{
	static struct dir_names names;
	unsigned long before = 0;
	char *dir;
	char path[64];

	assert_int_equal(tree_make("x/y/\nx/z/\n", &dir), 0);
	for (int i = 0; i < 2000; i++) {
		assert_true(snprintf(path, sizeof(path), "x/%04d", i * 7919 % 2000) > 0);
		assert_int_equal(tree_mkdir(dir, path), 0);
	}
	for (int round = 0; round < 2; round++) {
		_cleanup_close_ int fd = tree_open(dir), below = -EBADF;

		assert_int_equal(fs_open_dir(fd, "x", &below), 0);
		before = alloc_count();
		assert_int_equal(dir_names_push(&names, fd), 0);
		assert_int_equal(dir_names_push(&names, below), 0);
		assert_int_equal(names.n, 2003);
		for (size_t i = 2; i < names.n; i++)
			assert_true(strcmp(dir_names_get(&names, i - 1), dir_names_get(&names, i)) <
					    0 ||
				    i == 1);
		dir_names_pop(&names, 1);
		assert_string_equal(dir_names_get(&names, 0), "x");
		dir_names_pop(&names, 0);
		assert_int_equal(names.len, 0);
	}
	assert_int_equal(alloc_count() - before, 0);
	dir_names_free(&names);
	tree_remove(dir);
}

TEST(what_is_no_directory_pushes_nothing)
{
	static struct dir_names names;
	_cleanup_close_ int fd = -EBADF;
	char *dir;
	int root;

	assert_int_equal(tree_make("file = x\n", &dir), 0);
	root = tree_open(dir);
	assert_int_equal(fs_open(root, "file", 0, &fd), 0);
	assert_int_equal(dir_names_push(&names, fd), -ENOTDIR);
	assert_int_equal(names.n, 0);
	dir_names_free(&names);
	(void)close(root);
	tree_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(directories_are_sorted_and_files_and_links_left_out),
		cmocka_unit_test(listings_nest_and_the_second_round_allocates_nothing),
		cmocka_unit_test(what_is_no_directory_pushes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
