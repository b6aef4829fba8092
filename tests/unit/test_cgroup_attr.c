// SPDX-License-Identifier: LGPL-2.1-or-later
// The scheduling policy of real threads that a fake tree has in a container: who gets SCHED_IDLE, who does not, and what of it comes back.
#include "agent/apply/cgroup_attr.h"
#include "agent/apply/task_walk.h"
#include "agent/base/fs.h"
#include "policy/knob.h"
#include "tests/lib/fault.h"
#include "tests/lib/kill_case.h"
#include "tests/lib/test.h"
#include "tests/lib/thread_case.h"

#include <errno.h>
#include <sched.h>
#include <unistd.h>

static struct kill_case *c;
static struct thread_case threads;
static struct task_walk_place place;
static struct task_walk_seen seen;

static int setup(void **state)
{
	int r = kill_case_setup(state);

	c = *state;
	threads = (struct thread_case){.dir = c->dir};
	place = (struct task_walk_place){.attr = cgroup_attr_of(KNOB_SCHED_POLICY),
					 .root_fd = c->place.root_fd,
					 .path = KILL_A};
	assert_int_equal(fs_open_dir(c->place.cgroup_fd, KILL_A, &place.dir_fd), 0);
	return r;
}

static int teardown(void **state)
{
	fault_end();
	thread_case_end(&threads);
	(void)close(place.dir_fd);
	return kill_case_teardown(state);
}

static pid_t thread(int start, int policy, int nice)
{
	return thread_case_start(&threads, KILL_A, start, policy, nice);
}

TEST(each_attribute_has_its_row_and_its_values)
{
	const struct cgroup_attr *score = cgroup_attr_of(KNOB_OOM_SCORE_ADJ);
	const struct cgroup_attr *sched = cgroup_attr_of(KNOB_SCHED_POLICY);
	struct knob_value value = cgroup_attr_value(score, -998);

	assert_int_equal(value.value, KNOB_SCORE_ZERO - 998);
	assert_int_equal(cgroup_attr_from(score, &value), -998);
	value = cgroup_attr_value(sched, sched->to);
	assert_int_equal(value.value, KNOB_SCHED_IDLE);
	assert_int_equal(KNOB_SCHED_IDLE, SCHED_IDLE);
	assert_int_equal(KNOB_SCHED_OTHER, SCHED_OTHER);
	assert_null(cgroup_attr_of(KNOB_CPU_WEIGHT));
	for (size_t i = 0; i < CGROUP_ATTRS; i++)
		assert_true(knob_is_of_tasks(cgroup_attrs[i].knob));
}

/* Batch is what somebody chose; so is the flag that a fork ends the policy. */
TEST(who_has_no_policy_of_its_own_gets_idle_and_keeps_its_nice_value)
{
	pid_t a = thread(100, SCHED_OTHER, 0), nice = thread(200, SCHED_OTHER, 7);
	pid_t batch = thread(300, SCHED_BATCH, 0);
	pid_t flagged = thread(400, SCHED_OTHER | SCHED_RESET_ON_FORK, 0);
	pid_t beside = thread_case_start(&threads, KILL_B, 100, SCHED_OTHER, 0);

	assert_int_equal(task_walk_change(&place, SCHED_OTHER, SCHED_IDLE, 0, &seen), 0);
	assert_int_equal(seen.n_changed, 2);
	assert_int_equal(seen.n_others, 2);
	assert_int_equal(seen.n_failed, 0);
	thread_case_is(a, SCHED_IDLE, 0);
	thread_case_is(nice, SCHED_IDLE, 7);
	thread_case_is(batch, SCHED_BATCH, 0);
	thread_case_is(flagged, SCHED_OTHER | SCHED_RESET_ON_FORK, 0);
	thread_case_is(beside, SCHED_OTHER, 0);
}

TEST(what_the_oldest_thread_has_is_what_it_was_given)
{
	(void)thread(200, SCHED_BATCH, 0);
	(void)thread(100, SCHED_OTHER, 0);
	assert_int_equal(task_walk_look(&place, &seen), 0);
	assert_int_equal(seen.n_tasks, 2);
	assert_int_equal(seen.oldest, SCHED_OTHER);
	assert_int_equal(seen.lowest, SCHED_OTHER);
	assert_false(seen.is_given);
	(void)thread(300, SCHED_IDLE, 0);
	assert_int_equal(task_walk_look(&place, &seen), 0);
	assert_true(seen.is_given);
}

TEST(a_thread_that_is_somewhere_else_by_now_is_left)
{
	pid_t a = thread(100, SCHED_OTHER, 0), moved = thread(200, SCHED_OTHER, 0);

	thread_case_move(&threads, moved, "system.slice/sshd.service");
	assert_int_equal(task_walk_change(&place, SCHED_OTHER, SCHED_IDLE, 0, &seen), 0);
	assert_int_equal(seen.n_changed, 1);
	assert_int_equal(seen.n_failed, 0);
	thread_case_is(a, SCHED_IDLE, 0);
	thread_case_is(moved, SCHED_OTHER, 0);
}

TEST(it_comes_back_with_the_nice_value)
{
	pid_t a, batch;

	if (!thread_case_may_give_back()) {
		print_message("a policy cannot be given back here: no CAP_SYS_NICE\n");
		skip();
	}
	a = thread(100, SCHED_IDLE, 5);
	batch = thread(200, SCHED_BATCH, 0);
	assert_int_equal(task_walk_change_all(&place, SCHED_IDLE, SCHED_OTHER, &seen), 0);
	assert_int_equal(seen.n_changed, 1);
	thread_case_is(a, SCHED_OTHER, 5);
	thread_case_is(batch, SCHED_BATCH, 0);
}

/* The reads are counted, too: one of each before its write. */
TEST(who_is_denied_is_told_and_who_is_gone_is_none)
{
	pid_t a = thread(100, SCHED_OTHER, 0), b = thread(200, SCHED_OTHER, 0);

	fault_begin();
	fault_set(SYS_SCHED, 2, -EPERM);
	assert_int_equal(task_walk_change(&place, SCHED_OTHER, SCHED_IDLE, 0, &seen), 0);
	fault_end();
	assert_int_equal(seen.n_failed, 1);
	assert_int_equal(seen.error, place.attr->denied);
	assert_int_equal(seen.n_changed, 1);
	thread_case_is(a, SCHED_OTHER, 0);
	thread_case_is(b, SCHED_IDLE, 0);
	fault_begin();
	fault_set(SYS_SCHED, 2, -ESRCH);
	assert_int_equal(task_walk_change(&place, SCHED_OTHER, SCHED_IDLE, 0, &seen), 0);
	fault_end();
	assert_int_equal(seen.n_failed, 0);
	assert_int_equal(seen.n_changed, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_attribute_has_its_row_and_its_values),
		CASE(who_has_no_policy_of_its_own_gets_idle_and_keeps_its_nice_value),
		CASE(what_the_oldest_thread_has_is_what_it_was_given),
		CASE(a_thread_that_is_somewhere_else_by_now_is_left),
		CASE(it_comes_back_with_the_nice_value),
		CASE(who_is_denied_is_told_and_who_is_gone_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
