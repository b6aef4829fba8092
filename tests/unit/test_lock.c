// SPDX-License-Identifier: LGPL-2.1-or-later
// One holder at a time, and a short wait for the one before.
#include "tests/lib/test.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "agent/lock.h"
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
	(void)close(fd);
	tree_remove(dir);
	return 0;
}

TEST(a_second_holder_is_refused_and_gets_it_when_the_first_ends)
{
	int first = -EBADF, second = -EBADF;

	assert_int_equal(lock_take(fd, 0, &first), 0);
	assert_int_equal(lock_take(fd, 60, &second), -EBUSY);
	assert_int_equal(second, -EBADF);
	(void)close(first);
	assert_int_equal(lock_take(fd, 0, &second), 0);
	(void)close(second);
}

TEST(a_holder_that_dies_gives_way_to_one_that_waits)
{
	int ready[2], mine = -EBADF;
	char c;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		int its;

		if (lock_take(fd, 0, &its) < 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		(void)usleep(100000);
		(void)raise(SIGKILL);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(lock_take(fd, 20000, &mine), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	(void)close(mine);
	(void)close(ready[0]);
	(void)close(ready[1]);
}

TEST(without_a_directory_the_error_is_its_own)
{
	int got = -EBADF;

	assert_int_equal(lock_take(-EBADF, 1000, &got), -EBADF);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_second_holder_is_refused_and_gets_it_when_the_first_ends),
		CASE(a_holder_that_dies_gives_way_to_one_that_waits),
		CASE(without_a_directory_the_error_is_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
