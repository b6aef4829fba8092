// SPDX-License-Identifier: LGPL-2.1-or-later
// A disk that hangs holds so many threads and no more, whoever has left them.
#include "agent/base/file_open.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/sys.h"
#include "tests/lib/test.h"

static atomic_bool disk_answers;
static atomic_uint n_threads;

/* One name is on a disk that hangs. */
static int hook(void *context, const struct sys_point *point)
{
	(void)context;
	if (point->call == SYS_THREAD)
		(void)atomic_fetch_add(&n_threads, 1);
	if (point->call == SYS_OPEN && point->path && strcmp(point->path, "null") == 0)
		while (!atomic_load(&disk_answers))
			(void)usleep(500);
	return 0;
}

static int dev_fd;

static int setup(void **state)
{
	(void)state;
	atomic_store(&n_threads, 0);
	dev_fd = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dev_fd < 0;
}

static int teardown(void **state)
{
	(void)state;
	return close(dev_fd);
}

static int start(struct file_open **ret_open)
{
	return file_open_start(dev_fd, "null", O_RDONLY, ret_open);
}

TEST(so_many_that_were_left_are_let_be_until_the_disk_answers)
{
	struct file_open *open = NULL;
	int fd = -1, r = -EBUSY;

	atomic_store(&disk_answers, false);
	for (int i = 0; i < FILE_OPEN_LEFT_MAX; i++) {
		assert_int_equal(start(&open), 0);
		file_open_free(open);
	}
	assert_int_equal(start(&open), -EBUSY);
	assert_int_equal(start(&open), -EBUSY);
	assert_int_equal(atomic_load(&n_threads), FILE_OPEN_LEFT_MAX);
	atomic_store(&disk_answers, true);
	for (int i = 0; i < 20000 && r == -EBUSY; i++) {
		(void)usleep(500);
		r = start(&open);
	}
	assert_int_equal(r, 0);
	assert_int_equal(file_open_take(open, &fd), 0);
	file_open_free(open);
	assert_int_equal(close(fd), 0);
}

TEST(those_that_have_ended_are_not_counted)
{
	struct file_open *open = NULL;
	int fd;

	atomic_store(&disk_answers, true);
	for (int i = 0; i < 3 * FILE_OPEN_LEFT_MAX; i++) {
		fd = -1;
		assert_int_equal(start(&open), 0);
		assert_int_equal(file_open_take(open, &fd), 0);
		assert_int_equal(close(fd), 0);
		file_open_free(open);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(those_that_have_ended_are_not_counted, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			so_many_that_were_left_are_let_be_until_the_disk_answers, setup, teardown),
	};

	sys_set_hook(hook, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
