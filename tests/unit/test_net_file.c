// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/apply/net_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/base/sys.h"
#include "tests/lib/test.h"
#include "tests/lib/tree.h"

static char *dir;
static int fd;

static int setup(void **state)
{
	(void)state;
	if (tree_make(NULL, &dir) < 0)
		return -1;
	fd = tree_open(dir);
	return fd < 0;
}

static int teardown(void **state)
{
	(void)state;
	close(fd);
	tree_remove(dir);
	return 0;
}

TEST(it_is_put_once_found_and_removed)
{
	assert_false(net_file_may_be(fd));
	assert_int_equal(net_file_put(fd), 0);
	assert_true(net_file_may_be(fd));
	assert_int_equal(net_file_put(fd), 0);
	assert_int_equal(net_file_remove(fd), 0);
	assert_false(net_file_may_be(fd));
	assert_int_equal(net_file_remove(fd), 0);
}

TEST(that_of_a_recorded_tree_is_not_this_machines)
{
	assert_int_equal(net_file_put(fd), 0);
	assert_false(net_file_is_here(fd));
	assert_false(net_file_is_here(-EBADF));
}

static char asked[3][64];
static int n_asked;

/* Where this program was called from is nobody's matter: no path is looked up from there. */
static int note_paths(void *context, const struct sys_point *point)
{
	(void)context;
	if (point->call == SYS_STAT && n_asked < 3) {
		assert_int_not_equal(point->fd, AT_FDCWD);
		(void)snprintf(asked[n_asked++], sizeof(asked[0]), "%s", point->path);
	}
	return 0;
}

TEST(this_machines_is_looked_for_below_the_root_wherever_one_is)
{
	assert_int_equal(net_file_put(fd), 0);
	n_asked = 0;
	sys_set_hook(note_paths, NULL);
	(void)net_file_is_here(fd);
	sys_set_hook(NULL, NULL);
	assert_int_equal(n_asked, 2);
	assert_string_equal(asked[0], "net");
	assert_string_equal(asked[1], "run/colod/net");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(it_is_put_once_found_and_removed),
		CASE(that_of_a_recorded_tree_is_not_this_machines),
		CASE(this_machines_is_looked_for_below_the_root_wherever_one_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
