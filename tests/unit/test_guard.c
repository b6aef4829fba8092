// SPDX-License-Identifier: LGPL-2.1-or-later
// A real guard beside a process that plays the agent (lock, lease, a hold on record): killed, stopped,
// ended in good order; and the judgement alone, over made views.
#include "tests/lib/test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/base/clock.h"
#include "agent/base/fs.h"
#include "agent/base/log.h"
#include "agent/base/process.h"
#include "agent/guard.h"
#include "agent/life.h"
#include "agent/lock.h"
#include "tests/lib/apply_case.h"
#include "tests/lib/tree.h"

struct scene {
	struct apply_case *s;
	struct options options;
	pid_t agent, guard;
	int told[2]; /* the agent writes when it holds something; the guard reads when to end */
};

/* Holds a quota, renews its lease a few times, and then waits for what comes. */
static void play_agent(struct scene *t, int64_t lease_us, bool give_back)
{
	struct fake_kernel *k = &t->s->k;
	struct lease lease = {.pid = (uint32_t)getpid()};
	int lock_fd, lease_fd;

	if (lock_take(k->state_fd, 0, &lock_fd) < 0 || lease_open(k->state_fd, &lease_fd) < 0 ||
	    process_start(lease.pid, &lease.start) < 0)
		_exit(1);
	fake_kernel_plan(k, t->s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 3);
	fake_kernel_plan(k, t->s->class, KNOB_CPU_MAX, EFFECT_HOLD, 5000);
	lease.until_us = clock_now_us() + lease_us;
	if (fake_kernel_pass(k) != 2 || lease_write(lease_fd, &lease) < 0 ||
	    write(t->told[1], "h", 1) != 1)
		_exit(2);
	if (give_back) {
		lease.until_us = 0;
		_exit(lease_write(lease_fd, &lease) < 0);
	}
	for (;;)
		(void)pause();
}

static int setup(void **state)
{
	struct scene *t = calloc(1, sizeof(*t));
	void *s = NULL;

	log_open(LOG_EMERG);
	if (!t || apply_case_setup(&s) < 0 || pipe2(t->told, O_CLOEXEC) < 0)
		return -1;
	t->s = s;
	fake_kernel_end(&t->s->k);
	t->options = (struct options){.action = OPTIONS_GUARD, .root = t->s->k.dir};
	*state = t;
	return 0;
}

static void end_child(pid_t *pid)
{
	if (*pid > 0) {
		(void)kill(*pid, SIGKILL);
		(void)waitpid(*pid, NULL, 0);
	}
	*pid = 0;
}

static int teardown(void **state)
{
	struct scene *t = *state;
	void *s = t->s;

	end_child(&t->agent);
	end_child(&t->guard);
	(void)close(t->told[0]);
	(void)close(t->told[1]);
	free(t);
	return apply_case_teardown(&s);
}

static void start_agent(struct scene *t, int64_t lease_us, bool give_back)
{
	char c;

	t->agent = fork();
	if (t->agent == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		fake_kernel_start(&t->s->k);
		play_agent(t, lease_us, give_back);
	}
	assert_int_equal(read(t->told[0], &c, 1), 1);
	assert_int_equal(apply_case_value(t->s, APPLY_CLASS, KNOB_CPU_MAX), 5000);
}

static void start_guard(struct scene *t)
{
	int fd = -EBADF;

	t->guard = fork();
	if (t->guard == 0) {
		/* A test that fails leaves nobody. */
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(guard_run(&t->options));
	}
	for (int i = 0; i < 2000 && guard_present(t->s->k.state_fd, &fd) == 0; i++)
		(void)usleep(10000);
	assert_int_equal(guard_present(t->s->k.state_fd, &fd), t->guard);
	(void)close(fd);
}

static bool is_held(struct scene *t)
{
	char text[64] = "";

	/* A plain file is empty for a moment while it is written. */
	assert_int_equal(tree_knob_read(t->s->k.dir, APPLY_CLASS, "cpu.max", text, sizeof(text)),
			 0);
	return strncmp(text, "max", 3) != 0;
}

static void wait_for_end_of_hold(struct scene *t)
{
	for (int i = 0; i < 3000 && is_held(t); i++)
		(void)usleep(10000);
	assert_false(is_held(t));
	/* A share is no hold. */
	assert_int_equal(apply_case_value(t->s, APPLY_CLASS, KNOB_CPU_WEIGHT), 3);
}

TEST(a_killed_agent_is_noticed_long_before_its_lease_is_out)
{
	struct scene *t = *state;

	start_guard(t);
	start_agent(t, LIFE_BOUND_US, false);
	(void)usleep(50000);
	assert_true(is_held(t));
	end_child(&t->agent);
	wait_for_end_of_hold(t);
}

TEST(a_stopped_agent_is_killed_when_its_lease_is_out_and_not_before)
{
	struct scene *t = *state;
	int status;

	start_guard(t);
	start_agent(t, 4000000, false);
	assert_int_equal(kill(t->agent, SIGSTOP), 0);
	(void)usleep(300000);
	assert_true(is_held(t));
	assert_int_equal(waitpid(t->agent, &status, 0), t->agent);
	t->agent = 0;
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	wait_for_end_of_hold(t);
}

TEST(an_agent_that_died_before_the_guard_began_is_dealt_with_as_well)
{
	struct scene *t = *state;

	start_agent(t, LIFE_BOUND_US, false);
	end_child(&t->agent);
	assert_true(is_held(t));
	start_guard(t);
	wait_for_end_of_hold(t);
}

/* What it left, it meant to leave. */
TEST(an_agent_that_gave_its_lease_back_is_left_alone)
{
	struct scene *t = *state;

	start_guard(t);
	start_agent(t, LIFE_BOUND_US, true);
	assert_int_equal(waitpid(t->agent, NULL, 0), t->agent);
	t->agent = 0;
	(void)usleep(1200000);
	assert_true(is_held(t));
}

TEST(the_guard_of_one_agent_ends_when_that_one_has_ended)
{
	struct scene *t = *state;
	int status = -1;

	start_agent(t, LIFE_BOUND_US, false);
	t->options.guard_for = (uint32_t)t->agent;
	start_guard(t);
	end_child(&t->agent);
	assert_int_equal(waitpid(t->guard, &status, 0), t->guard);
	t->guard = 0;
	assert_int_equal(status, 0);
	wait_for_end_of_hold(t);
}

TEST(a_second_guard_is_not_needed)
{
	struct scene *t = *state;
	int status = -1;
	pid_t second;

	start_guard(t);
	second = fork();
	if (second == 0)
		_exit(guard_run(&t->options));
	assert_int_equal(waitpid(second, &status, 0), second);
	assert_int_equal(status, 0);
	assert_int_equal(kill(t->guard, SIGTERM), 0);
	assert_int_equal(waitpid(t->guard, &status, 0), t->guard);
	t->guard = 0;
	assert_int_equal(status, 0);
}

TEST(without_a_guard_there_is_none)
{
	struct scene *t = *state;
	int fd = -EBADF;

	assert_int_equal(guard_present(t->s->k.state_fd, &fd), 0);
	start_guard(t);
	assert_int_equal(guard_present(t->s->k.state_fd, &fd), t->guard);
	end_child(&t->guard);
	assert_int_equal(guard_present(t->s->k.state_fd, &fd), 0);
	assert_int_equal(guard_present(-EBADF, &fd), 0);
	(void)close(fd);
}

TEST(judgement)
{
	const int64_t now = 100000000;
	struct guard_view v = {.has_lease = true, .alive = true, .now_us = now};

	v.lease.until_us = now;
	assert_int_equal(guard_judge(&v), GUARD_FINE);
	v.lease.until_us = now - 1;
	assert_int_equal(guard_judge(&v), GUARD_HUNG);
	/* The machine slept: the agent has a moment to wake up, a dead one has none. */
	v.not_before_us = now + 1;
	assert_int_equal(guard_judge(&v), GUARD_FINE);
	v.alive = false;
	assert_int_equal(guard_judge(&v), GUARD_DEAD);
	v.alive = true;
	v.not_before_us = 0;
	/* A date that no agent writes. */
	v.lease.until_us = now + 2 * LIFE_BOUND_US + 1;
	assert_int_equal(guard_judge(&v), GUARD_HUNG);
	v.has_lease = false;
	assert_int_equal(guard_judge(&v), GUARD_NOBODY);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_killed_agent_is_noticed_long_before_its_lease_is_out),
		CASE(a_stopped_agent_is_killed_when_its_lease_is_out_and_not_before),
		CASE(an_agent_that_died_before_the_guard_began_is_dealt_with_as_well),
		CASE(an_agent_that_gave_its_lease_back_is_left_alone),
		CASE(the_guard_of_one_agent_ends_when_that_one_has_ended),
		CASE(a_second_guard_is_not_needed),
		CASE(without_a_guard_there_is_none),
		cmocka_unit_test(judgement),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
