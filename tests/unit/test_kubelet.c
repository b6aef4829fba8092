// SPDX-License-Identifier: LGPL-2.1-or-later
// The thread: hand-over, one question at a time, and an end that waits for no server.
#include "tests/lib/test.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "agent/discover/kubelet.h"
#include "tests/lib/fault.h"
#include "tests/lib/kubelet_case.h"

#define WAIT_MS 60000

static struct kubelet_case c;
static struct kubelet *k;

static int setup(void **state)
{
	(void)state;
	kubelet_case_open(&c);
	assert_int_equal(kubelet_new(c.root_fd, &k), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kubelet_free(k);
	k = NULL;
	kubelet_case_close(&c);
	return 0;
}

static int ask(void)
{
	struct kubelet_surroundings here = {.host_name = "host"};
	struct kubelet_question question = {.max_bytes = 1u << 20};
	int r;

	assert_int_equal(kubelet_place_find(&c.policy, &here, &question.place), 0);
	r = kubelet_ask(k, &question);
	assert_true((r == 0) == (question.place.url == NULL));
	kubelet_place_clear(&question.place);
	return r;
}

static int readable(int ms)
{
	struct pollfd fd = {.fd = kubelet_fd(k), .events = POLLIN};

	return poll(&fd, 1, ms);
}

TEST(an_answer_comes_by_the_fd_and_is_taken_once)
{
	struct kubelet_answer a;

	assert_false(kubelet_take(k, &a));
	assert_int_equal(readable(0), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ask(), 0);
		assert_int_equal(readable(WAIT_MS), 1);
		assert_true(kubelet_is_busy(k));
		assert_true(kubelet_take(k, &a));
		assert_int_equal(a.failure, HTTPS_ANSWERED);
		assert_int_equal(a.pods->n, 1);
		pods_json_free(a.pods);
		assert_false(kubelet_is_busy(k));
		assert_int_equal(readable(0), 0);
		assert_false(kubelet_take(k, &a));
	}
	assert_int_equal(fake_kubelet_asked(c.server, "/pods"), 3);
}

TEST(only_one_question_is_under_way)
{
	kubelet_case_serve(&c, "mode", "hang");
	assert_int_equal(ask(), 0);
	kubelet_case_wait_asked(&c, "/pods", 1);
	assert_int_equal(ask(), -EBUSY);
	assert_int_equal(fake_kubelet_asked(c.server, "/pods"), 1);
}

/* Time is only a bound against a hang: the question's own time-out would be 30 s. */
TEST(the_end_does_not_wait_for_a_server_that_hangs)
{
	struct kubelet *hung = k;

	kubelet_case_serve(&c, "mode", "hang");
	assert_int_equal(ask(), 0);
	kubelet_case_wait_asked(&c, "/pods", 1);
	k = NULL;
	(void)alarm(20);
	kubelet_free(hung);
	(void)alarm(0);
}

TEST(an_answer_that_nobody_takes_is_freed)
{
	assert_int_equal(ask(), 0);
	assert_int_equal(readable(WAIT_MS), 1);
}

TEST(an_object_that_never_asked_is_freed_and_so_is_none)
{
	struct kubelet *other;

	assert_int_equal(kubelet_new(c.root_fd, &other), 0);
	kubelet_free(other);
	kubelet_free(NULL);
}

TEST(without_a_thread_the_question_stays_the_callers)
{
	fault_begin();
	fault_set(SYS_THREAD, 1, -EAGAIN);
	assert_int_equal(ask(), -EAGAIN);
	fault_end();
	assert_false(kubelet_is_busy(k));
	assert_int_equal(ask(), 0);
	assert_int_equal(readable(WAIT_MS), 1);
}

static volatile sig_atomic_t n_signals;
static pthread_t signalled;

static void on_signal(int signal)
{
	(void)signal;
	n_signals++;
	signalled = pthread_self();
}

TEST(signals_reach_the_loops_thread_alone)
{
	struct sigaction action = {.sa_handler = on_signal}, before;

	kubelet_case_serve(&c, "mode", "hang");
	assert_int_equal(ask(), 0);
	kubelet_case_wait_asked(&c, "/pods", 1);
	assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
	for (int i = 0; i < 20; i++)
		assert_int_equal(kill(getpid(), SIGUSR1), 0);
	assert_true(n_signals > 0);
	assert_true(pthread_equal(signalled, pthread_self()));
	assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_answer_comes_by_the_fd_and_is_taken_once),
		T(only_one_question_is_under_way),
		T(the_end_does_not_wait_for_a_server_that_hangs),
		T(an_answer_that_nobody_takes_is_freed),
		T(an_object_that_never_asked_is_freed_and_so_is_none),
		T(without_a_thread_the_question_stays_the_callers),
		T(signals_reach_the_loops_thread_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
