// SPDX-License-Identifier: LGPL-2.1-or-later
// The threads that kill: each job is done and told of once, two at a time, and none is lost at the end.
#include "agent/apply/kill.h"
#include "tests/lib/alloc_count.h"
#include "tests/lib/fault.h"
#include "tests/lib/kill_case.h"
#include "tests/lib/test.h"
#include "tests/lib/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define HOUR_US (3600ull * 1000000)
#define N_PODS 10

struct threads_case {
	struct kill_case *c;
	struct kill *kill;
	int event_fd;
};

static const char *path_of(unsigned i)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), KILL_CLASS "/kubepods-besteffort-pod%02u.slice", i);
	return path;
}

static int setup(void **state)
{
	struct threads_case *t = calloc(1, sizeof(*t));
	void *own = NULL;

	assert_non_null(t);
	(void)kill_case_setup(&own);
	t->c = own;
	for (unsigned i = 0; i < N_PODS; i++) {
		kill_case_cgroup(t->c, path_of(i));
		kill_case_set(t->c, path_of(i), "cgroup.events", "populated 0\nfrozen 0");
	}
	t->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_true(t->event_fd >= 0);
	assert_int_equal(kill_new(&t->c->place, t->event_fd, &t->kill), 0);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct threads_case *t = *state;
	void *own = t->c;

	kill_free(t->kill);
	(void)close(t->event_fd);
	(void)kill_case_teardown(&own);
	free(t);
	return 0;
}

/* One that lasts dies when the test says so. */
static struct kill_job job(struct threads_case *t, unsigned i, bool lasts)
{
	struct kill_job j;

	if (lasts)
		kill_case_set(t->c, path_of(i), "cgroup.events", "populated 1\nfrozen 0");
	j = kill_case_job(t->c, path_of(i));
	j.token = i;
	j.wait_us = HOUR_US;
	return j;
}

static void dies(struct threads_case *t, unsigned i)
{
	kill_case_set(t->c, path_of(i), "cgroup.events", "populated 0\nfrozen 0");
}

static struct kill_done wait_done(struct threads_case *t)
{
	struct kill_done done;

	while (!kill_next(t->kill, &done)) {
		struct pollfd p = {.fd = t->event_fd, .events = POLLIN};
		uint64_t n;

		assert_int_equal(poll(&p, 1, 60000), 1);
		assert_int_equal(read(t->event_fd, &n, sizeof(n)), sizeof(n));
	}
	return done;
}

static void is_killed(struct threads_case *t, unsigned i)
{
	char now[8] = "";

	while (now[0] != '1')
		assert_int_equal(
			tree_knob_read(t->c->dir, path_of(i), "cgroup.kill", now, sizeof(now)), 0);
}

TEST(a_kill_is_done_in_a_thread_and_told_of_once)
{
	struct threads_case *t = *state;
	struct kill_job j = job(t, 3, false);
	struct kill_done done;

	assert_int_equal(kill_start(t->kill, &j), 0);
	done = wait_done(t);
	assert_int_equal(done.token, 3);
	assert_int_equal(done.result, 0);
	assert_true(done.ended);
	is_killed(t, 3);
	assert_false(kill_next(t->kill, &done));
	assert_int_equal(fcntl(j.dir_fd, F_GETFD), -1);
}

TEST(one_that_dies_slowly_keeps_no_other_waiting)
{
	struct threads_case *t = *state;
	struct kill_job slow = job(t, 0, true), fast = job(t, 1, false);

	assert_int_equal(kill_start(t->kill, &slow), 0);
	is_killed(t, 0);
	assert_int_equal(kill_start(t->kill, &fast), 0);
	assert_int_equal(wait_done(t).token, 1);
	dies(t, 0);
	assert_int_equal(wait_done(t).token, 0);
}

TEST(handing_in_and_taking_back_allocates_nothing_and_a_full_queue_says_so)
{
	struct threads_case *t = *state;
	struct kill_job jobs[N_PODS];
	unsigned long before;
	uint64_t seen = 0;

	for (unsigned i = 0; i < N_PODS; i++)
		jobs[i] = job(t, i, true);
	before = alloc_count_own();
	for (unsigned i = 0; i < KILL_JOBS; i++)
		assert_int_equal(kill_start(t->kill, &jobs[i]), 0);
	assert_int_equal(kill_start(t->kill, &jobs[8]), -EBUSY);
	/* The threads begin at once, and open directories. */
	assert_int_equal(alloc_count_own(), before);
	assert_int_not_equal(fcntl(jobs[8].dir_fd, F_GETFD), -1);
	(void)close(jobs[8].dir_fd);
	(void)close(jobs[9].dir_fd);
	for (unsigned i = 0; i < N_PODS; i++)
		dies(t, i);
	for (unsigned i = 0; i < KILL_JOBS; i++)
		seen |= 1u << wait_done(t).token;
	assert_int_equal(seen, (1u << KILL_JOBS) - 1);
}

TEST(the_end_cuts_the_wait_and_drops_what_has_not_begun)
{
	struct threads_case *t = *state;
	struct kill_job jobs[5];

	for (unsigned i = 0; i < 5; i++) {
		jobs[i] = job(t, i, true);
		kill_case_set(t->c, path_of(i), "cpu.max", "5000 20000");
		assert_int_equal(kill_start(t->kill, &jobs[i]), 0);
	}
	is_killed(t, 0);
	is_killed(t, 1);
	kill_free(t->kill);
	t->kill = NULL;
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(fcntl(jobs[i].dir_fd, F_GETFD), -1);
		kill_case_is(t->c, path_of(i), "cgroup.kill", i < KILL_THREADS ? "1" : "");
		kill_case_is(t->c, path_of(i), "cpu.max", "5000 20000");
	}
}

TEST(without_a_thread_there_is_nobody_to_kill)
{
	struct threads_case *t = *state;
	struct kill *none = NULL;

	fault_begin();
	fault_set(SYS_THREAD, 1, -EAGAIN);
	assert_int_equal(kill_new(&t->c->place, -EBADF, &none), -EAGAIN);
	fault_end();
	assert_null(none);
	kill_free(NULL);
}

#define THREADS_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		THREADS_TEST(a_kill_is_done_in_a_thread_and_told_of_once),
		THREADS_TEST(one_that_dies_slowly_keeps_no_other_waiting),
		THREADS_TEST(handing_in_and_taking_back_allocates_nothing_and_a_full_queue_says_so),
		THREADS_TEST(the_end_cuts_the_wait_and_drops_what_has_not_begun),
		THREADS_TEST(without_a_thread_there_is_nobody_to_kill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
