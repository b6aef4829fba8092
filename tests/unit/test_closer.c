// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "agent/observe/closer.h"

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static int open_null(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

TEST(every_descriptor_is_closed_when_done_returns)
{
	struct closer closer;
	int fds[4 * CLOSER_MAX], other = open_null();

	closer_init(&closer);
	for (size_t i = 0; i < 4 * CLOSER_MAX; i++)
		fds[i] = open_null();
	for (size_t i = 0; i < 4 * CLOSER_MAX; i++)
		closer_close(&closer, fds[i]);
	closer_done(&closer);
	for (size_t i = 0; i < 4 * CLOSER_MAX; i++)
		assert_false(is_open(fds[i]));
	assert_true(is_open(other));
	close(other);
}

TEST(without_work_no_thread_is_started)
{
	struct closer closer;

	closer_init(&closer);
	assert_false(closer.runs);
	closer_done(&closer);
}

/* A pipe whose write end closes only in the thread: the read sees the end of file, so the close
 * came without done. */
TEST(closing_does_not_wait_for_done)
{
	struct closer closer;
	int ends[2];
	char c;

	closer_init(&closer);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	closer_close(&closer, ends[1]);
	assert_int_equal(read(ends[0], &c, 1), 0);
	close(ends[0]);
	closer_done(&closer);
}

TEST(one_too_many_is_closed_by_the_caller)
{
	struct closer closer;
	int fd = open_null();

	closer_init(&closer);
	/* as if a thread were busy with one and all places were taken */
	closer.runs = true;
	closer.n = CLOSER_MAX;
	closer_close(&closer, fd);
	assert_false(is_open(fd));
	assert_int_equal(closer.n, CLOSER_MAX);
	closer.runs = false;
	closer_done(&closer);
}

TEST(the_signal_mask_of_the_caller_stays)
{
	struct closer closer;
	sigset_t before, after;

	closer_init(&closer);
	assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &before), 0);
	closer_close(&closer, open_null());
	assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &after), 0);
	for (int signal = 1; signal < 32; signal++)
		assert_int_equal(sigismember(&before, signal), sigismember(&after, signal));
	closer_done(&closer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_descriptor_is_closed_when_done_returns),
		cmocka_unit_test(without_work_no_thread_is_started),
		cmocka_unit_test(closing_does_not_wait_for_done),
		cmocka_unit_test(one_too_many_is_closed_by_the_caller),
		cmocka_unit_test(the_signal_mask_of_the_caller_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
