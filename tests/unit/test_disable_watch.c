// SPDX-License-Identifier: LGPL-2.1-or-later
// The inotify of the machine that runs the test, on a temporary directory that stands in for "/".
#include "tests/lib/test.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/disable_watch.h"
#include "tests/lib/fault.h"
#include "tests/lib/tree.h"

static char *dir;
static int root_fd;
static struct disable_watch w;

static int setup(void **state)
{
	(void)state;
	w = (struct disable_watch){.fd = -EBADF};
	if (tree_make("etc/\n", &dir) < 0)
		return -1;
	root_fd = tree_open(dir);
	return root_fd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	disable_watch_stop(&w);
	close(root_fd);
	tree_remove(dir);
	return 0;
}

static bool readable(void)
{
	struct pollfd p = {.fd = w.fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

/* Whether what has just been done wakes a pass. */
static bool wakes(void)
{
	bool woke = false;

	while (readable())
		woke |= disable_watch_take(&w);
	return woke;
}

static void move(const char *from, const char *to)
{
	assert_int_equal(renameat(root_fd, from, root_fd, to), 0);
}

TEST(the_file_wakes_when_it_comes_and_when_it_goes)
{
	tree_mkdir(dir, "etc/colod");
	assert_int_equal(disable_watch_start(&w, root_fd), 0);
	assert_false(wakes());
	tree_write(dir, "etc/colod/disable", "");
	assert_true(wakes());
	tree_delete(dir, "etc/colod/disable");
	assert_true(wakes());
	tree_write(dir, "etc/colod/other", "");
	move("etc/colod/other", "etc/colod/disable");
	assert_true(wakes());
	move("etc/colod/disable", "etc/colod/other");
	assert_true(wakes());
}

TEST(other_files_wake_nobody)
{
	tree_mkdir(dir, "etc/colod");
	assert_int_equal(disable_watch_start(&w, root_fd), 0);
	tree_write(dir, "etc/colod/disabled", "");
	tree_write(dir, "etc/colod/policy.d/50-mode.yaml", "");
	tree_write(dir, "etc/disable", "");
	tree_write(dir, "etc/passwd", "");
	assert_false(wakes());
}

TEST(a_folder_that_comes_later_is_watched_then)
{
	assert_int_equal(disable_watch_start(&w, root_fd), 0);
	tree_write(dir, "etc/hosts", "");
	assert_false(wakes());
	tree_mkdir(dir, "etc/colod");
	assert_true(wakes());
	tree_write(dir, "etc/colod/disable", "");
	assert_true(wakes());
	tree_delete(dir, "etc/colod/disable");
	assert_true(wakes());
	/* Its parent is not watched any more. */
	tree_write(dir, "etc/hosts2", "");
	assert_false(readable());
}

/* `mkdir -p` and `touch` in one breath: the file stands before the folder is watched. */
TEST(a_folder_that_comes_with_the_file_wakes)
{
	assert_int_equal(disable_watch_start(&w, root_fd), 0);
	tree_write(dir, "etc/colod/disable", "");
	assert_true(wakes());
}

TEST(a_folder_that_goes_and_comes_again_is_found_again)
{
	tree_mkdir(dir, "etc/colod");
	assert_int_equal(disable_watch_start(&w, root_fd), 0);
	for (int round = 0; round < 3; round++) {
		tree_delete(dir, "etc/colod");
		assert_true(wakes());
		tree_mkdir(dir, "etc/colod");
		assert_true(wakes());
		tree_write(dir, "etc/colod/disable", "");
		assert_true(wakes());
		move("etc/colod", "etc/colod.old");
		assert_true(wakes());
		tree_write(dir, "etc/colod.old/disable2", "");
		tree_delete(dir, "etc/colod.old/disable");
		assert_false(wakes());
		move("etc/colod.old", "etc/colod");
		assert_true(wakes());
		tree_write(dir, "etc/colod/disable", "");
		assert_true(wakes());
	}
}

TEST(without_inotify_nothing_is_watched_and_it_is_said)
{
	fault_begin();
	fault_set(SYS_WATCH, 1, -EMFILE);
	assert_int_equal(disable_watch_start(&w, root_fd), -EMFILE);
	fault_end();
	assert_int_equal(w.fd, -EBADF);
}

TEST(a_root_without_etc_is_no_error)
{
	tree_delete(dir, "etc");
	assert_int_equal(disable_watch_start(&w, root_fd), 0);
	assert_false(wakes());
}

#define UNIT(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(the_file_wakes_when_it_comes_and_when_it_goes),
		UNIT(other_files_wake_nobody),
		UNIT(a_folder_that_comes_later_is_watched_then),
		UNIT(a_folder_that_comes_with_the_file_wakes),
		UNIT(a_folder_that_goes_and_comes_again_is_found_again),
		UNIT(without_inotify_nothing_is_watched_and_it_is_said),
		UNIT(a_root_without_etc_is_no_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
