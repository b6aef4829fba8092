// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "agent/base/patience.h"

#define HOUR_US (3600ull * 1000000)

/* A pipe that takes no more: a write to it lasts until a signal comes. */
static void full_pipe(int *ends)
{
	static const char page[4096];

	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	while (write(ends[1], page, sizeof(page)) > 0)
		continue;
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(fcntl(ends[1], F_SETFL, 0), 0);
}

static void close_pipe(int *ends)
{
	(void)close(ends[0]);
	(void)close(ends[1]);
}

TEST(a_write_that_would_never_end_is_cut_short)
{
	bool cut = false;
	int ends[2];

	full_pipe(ends);
	assert_int_equal(patience_write(ends[1], "x", 1, &cut), -EINTR);
	assert_true(cut);
	close_pipe(ends);
}

TEST(a_write_that_ends_by_itself_is_not)
{
	struct patience p;
	bool cut = true;
	char c = 0;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(patience_write(ends[1], "x", 1, &cut), 0);
	assert_int_equal(read(ends[0], &c, 1), 1);
	assert_int_equal(c, 'x');
	assert_int_equal(patience_write(-EBADF, "x", 1, &cut), -EBADF);
	/* With more time than a busy machine may keep this thread from running for. */
	assert_int_equal(patience_open(&p), 0);
	patience_start(&p, HOUR_US);
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_false(patience_stop(&p));
	patience_close(&p);
	close_pipe(ends);
}

/* The first signal comes long before the call: only the ones after it can end it. */
TEST(a_signal_that_comes_too_early_is_not_the_last)
{
	struct patience p;
	int ends[2];

	full_pipe(ends);
	assert_int_equal(patience_open(&p), 0);
	patience_start(&p, 1);
	while (usleep(20000) == 0)
		continue;
	assert_int_equal(write(ends[1], "x", 1), -1);
	assert_int_equal(errno, EINTR);
	assert_true(patience_stop(&p));
	/* And none comes after the stop. */
	assert_int_equal(usleep(20000), 0);
	patience_close(&p);
	patience_close(&p);
	close_pipe(ends);
}

static void *hurry(void *argument)
{
	patience_hurry(argument);
	return NULL;
}

/* Without the hurry this would last for an hour. */
TEST(another_thread_can_end_it_at_once)
{
	struct patience p;
	pthread_t thread;
	int ends[2];

	full_pipe(ends);
	assert_int_equal(patience_open(&p), 0);
	patience_start(&p, HOUR_US);
	assert_int_equal(pthread_create(&thread, NULL, hurry, &p), 0);
	assert_int_equal(write(ends[1], "x", 1), -1);
	assert_int_equal(errno, EINTR);
	assert_true(patience_stop(&p));
	assert_int_equal(pthread_join(thread, NULL), 0);
	patience_close(&p);
	close_pipe(ends);
}

TEST(one_that_was_not_opened_ends_nothing_and_harms_nothing)
{
	struct patience p = {0};

	patience_start(&p, 1);
	patience_hurry(&p);
	assert_false(patience_stop(&p));
	patience_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_write_that_would_never_end_is_cut_short),
		cmocka_unit_test(a_write_that_ends_by_itself_is_not),
		cmocka_unit_test(a_signal_that_comes_too_early_is_not_the_last),
		cmocka_unit_test(another_thread_can_end_it_at_once),
		cmocka_unit_test(one_that_was_not_opened_ends_nothing_and_harms_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
