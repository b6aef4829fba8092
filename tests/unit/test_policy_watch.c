// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/policy_watch.h"
#include "tests/lib/tree.h"

#define SECOND 1000000
#define FILE_A "etc/colod/policy.d/a.yaml"

static char *dir;
static int root = -1;
static int64_t now_us;
static struct policy_watch watch;

static int setup(void **state)
{
	(void)state;
	if (tree_make(NULL, &dir) < 0)
		return -1;
	tree_write(dir, FILE_A, "version: 1\n");
	root = tree_open(dir);
	now_us = 10 * SECOND;
	watch = (struct policy_watch){0};
	policy_watch_loaded(&watch, root);
	return root < 0;
}

static int teardown(void **state)
{
	(void)state;
	close(root);
	tree_remove(dir);
	return 0;
}

static bool look(void)
{
	now_us += SECOND;
	return policy_watch_changed(&watch, root, now_us);
}

TEST(nothing_changed_is_nothing_to_do)
{
	for (int i = 0; i < 3; i++)
		assert_false(look());
}

TEST(a_change_is_told_once_it_has_come_to_rest)
{
	tree_write(dir, FILE_A, "version: 1\nmode: off\n");
	assert_false(look());
	tree_write(dir, FILE_A, "version: 1\nmode: observe\n");
	assert_false(look());
	assert_true(look());
	policy_watch_loaded(&watch, root);
	assert_false(look());
}

TEST(files_that_come_and_go_and_other_directories_are_noticed)
{
	tree_write(dir, "run/colod/policy.d/b.yaml", "version: 1\n");
	(void)look();
	assert_true(look());
	policy_watch_loaded(&watch, root);
	tree_delete(dir, FILE_A);
	(void)look();
	assert_true(look());
	policy_watch_loaded(&watch, root);
	/* not a policy */
	tree_write(dir, "etc/colod/policy.d/notes.txt", "x");
	(void)look();
	assert_false(look());
}

TEST(looks_are_a_second_apart_however_many_passes_there_are)
{
	tree_write(dir, FILE_A, "version: 1\nmode: off\n");
	assert_false(look());
	for (int i = 0; i < 8; i++) {
		now_us += SECOND / 10;
		assert_false(policy_watch_changed(&watch, root, now_us));
	}
	now_us += SECOND / 5;
	assert_true(policy_watch_changed(&watch, root, now_us));
}

TEST(where_files_were_named_on_the_command_line_nothing_is_watched)
{
	watch = (struct policy_watch){0};
	tree_write(dir, FILE_A, "version: 1\nmode: off\n");
	(void)look();
	assert_false(look());
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(nothing_changed_is_nothing_to_do),
		T(a_change_is_told_once_it_has_come_to_rest),
		T(files_that_come_and_go_and_other_directories_are_noticed),
		T(looks_are_a_second_apart_however_many_passes_there_are),
		T(where_files_were_named_on_the_command_line_nothing_is_watched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
