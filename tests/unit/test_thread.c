// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>

#include "agent/base/thread.h"
#include "tests/lib/fault.h"

#define STACK_BYTES (64u * 1024)

static char name[16];
static sigset_t mask;
static int given;
static sem_t may_end;

static void *run(void *context)
{
	(void)sem_wait(&may_end);
	*(int *)context = 7;
	(void)pthread_sigmask(SIG_SETMASK, NULL, &mask);
	return NULL;
}

TEST(it_takes_no_signal_and_whoever_started_it_does_still)
{
	sigset_t mine;
	pthread_t thread;

	assert_int_equal(sem_init(&may_end, 0, 0), 0);
	assert_int_equal(thread_start("colod-test", STACK_BYTES, run, &given, &thread), 0);
	assert_int_equal(pthread_getname_np(thread, name, sizeof(name)), 0);
	assert_int_equal(sem_post(&may_end), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_string_equal(name, "colod-test");
	assert_int_equal(given, 7);
	assert_int_equal(sigismember(&mask, SIGTERM), 1);
	assert_int_equal(sigismember(&mask, SIGXFSZ), 1);
	assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &mine), 0);
	assert_int_equal(sigismember(&mine, SIGTERM), 0);
}

TEST(one_that_cannot_be_started_says_why)
{
	pthread_t thread;

	fault_begin();
	fault_set(SYS_THREAD, 1, -EAGAIN);
	assert_int_equal(thread_start("colod-test", STACK_BYTES, run, &given, &thread), -EAGAIN);
	assert_string_equal(fault_path(), "colod-test");
	fault_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_takes_no_signal_and_whoever_started_it_does_still),
		cmocka_unit_test(one_that_cannot_be_started_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
