// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/ctl/etc.h"
#include "tests/lib/tree.h"

static char *dir;

static int setup(void **state)
{
	(void)state;
	return tree_make(NULL, &dir);
}

static int teardown(void **state)
{
	(void)state;
	tree_remove(dir);
	return 0;
}

static void full_path(const char *path, char *buf)
{
	(void)snprintf(buf, TREE_PATH_SIZE, "%s/%s", dir, path);
}

TEST(folders_are_made_and_the_file_is_whole_and_readable_for_all)
{
	char text[64], path[TREE_PATH_SIZE];
	struct stat st;
	mode_t old = umask(0077);

	assert_int_equal(etc_write(dir, ETC_MODE, "version: 1\n"), 0);
	(void)umask(old);
	assert_int_equal(etc_read(dir, ETC_MODE, text, sizeof(text)), 0);
	assert_string_equal(text, "version: 1\n");
	full_path(ETC_MODE, path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	full_path(ETC_MODE ".new", path);
	assert_int_equal(access(path, F_OK), -1);
}

TEST(a_file_is_replaced_and_removed)
{
	char text[64];

	assert_int_equal(etc_remove(dir, ETC_DISABLE), -ENOENT);
	assert_int_equal(etc_write(dir, ETC_DISABLE, "long long long\n"), 0);
	assert_int_equal(etc_write(dir, ETC_DISABLE, ""), 0);
	assert_int_equal(etc_read(dir, ETC_DISABLE, text, sizeof(text)), 0);
	assert_string_equal(text, "");
	assert_int_equal(etc_remove(dir, ETC_DISABLE), 0);
	assert_int_equal(etc_read(dir, ETC_DISABLE, text, sizeof(text)), -ENOENT);
}

/* What was left half-written, or put there as a trap, is not written through. */
TEST(a_link_in_the_way_leads_nowhere)
{
	char path[TREE_PATH_SIZE], text[64];

	assert_int_equal(tree_write(dir, "victim", "mine"), 0);
	assert_int_equal(tree_mkdir(dir, "etc/colod"), 0);
	full_path(ETC_DISABLE ".new", path);
	assert_int_equal(symlink("../../victim", path), 0);
	full_path(ETC_DISABLE, path);
	assert_int_equal(symlink("../../victim", path), 0);
	assert_int_equal(etc_write(dir, ETC_DISABLE, "# off\n"), 0);
	assert_int_equal(tree_read(dir, "victim", text, sizeof(text)), 0);
	assert_string_equal(text, "mine");
	assert_int_equal(tree_read(dir, ETC_DISABLE, text, sizeof(text)), 0);
	assert_string_equal(text, "# off");
}

TEST(a_root_that_is_not_there_is_an_error)
{
	assert_int_equal(etc_write("/nonexistent", ETC_DISABLE, ""), -ENOENT);
	assert_int_equal(etc_remove("/nonexistent", ETC_DISABLE), -ENOENT);
}

TEST(who_did_it_names_the_user_behind_sudo)
{
	char text[160];

	(void)unsetenv("SUDO_USER");
	assert_null(strstr(etc_who("coloctl off", text, sizeof(text)), "sudo"));
	assert_non_null(strstr(text, " UTC, uid "));
	assert_non_null(strstr(text, ": coloctl off"));
	(void)setenv("SUDO_USER", "alice", 1);
	assert_non_null(strstr(etc_who("coloctl off", text, sizeof(text)), ", sudo by alice: "));
	(void)unsetenv("SUDO_USER");
}

#define UNIT(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(folders_are_made_and_the_file_is_whole_and_readable_for_all),
		UNIT(a_file_is_replaced_and_removed),
		UNIT(a_link_in_the_way_leads_nowhere),
		UNIT(a_root_that_is_not_there_is_an_error),
		UNIT(who_did_it_names_the_user_behind_sudo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
