// SPDX-License-Identifier: LGPL-2.1-or-later
// From a policy's word to the scheduling policy of real threads and back: whole passes over a fake tree.
#include "agent/tasks.h"
#include "tests/lib/test.h"

#include <sched.h>

#include "agent/apply/apply.h"
#include "agent/tick.h"
#include "policy/decide.h"
#include "tests/lib/task_case.h"
#include "tests/lib/tasks_case.h"
#include "tests/lib/thread_case.h"

#define S_US TASKS_CASE_S_US

static struct tasks_case c;
static struct thread_case threads;

static void ask(enum scheduling_kind kind)
{
	for (int i = LEVEL_P5; i <= LEVEL_P7; i++)
		if (c.t.state->policy->levels[i].role == ROLE_OFFLINE)
			c.t.state->policy->levels[i].cpu.scheduling = kind;
}

static int setup(void **state)
{
	(void)state;
	if (tasks_case_open(&c) < 0)
		return -1;
	threads = (struct thread_case){.dir = c.t.dir};
	tasks_case_start(&c, "protect");
	tick(c.t.state, c.now_us);
	ask(SCHEDULING_IDLE);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	thread_case_end(&threads);
	tasks_case_close(&c);
	return 0;
}

/* A thread of the first container of this pod. */
static pid_t thread(const char *path, int start, int policy)
{
	pid_t pid = thread_case_start(&threads, tasks_case_container(&c, path), start, policy, 0);

	tasks_case_populate(&c, path);
	return pid;
}

static void needs_it(void)
{
	if (thread_case_may_give_back())
		return;
	print_message("a policy cannot be given back here: no CAP_SYS_NICE\n");
	skip();
}

static bool is_recorded(void)
{
	return tasks_case_is_recorded(&c, "sched_policy");
}

TEST(an_offline_pods_threads_are_idle_and_nobody_elses)
{
	pid_t batch = thread(TICK_BATCH_POD, 100, SCHED_OTHER);
	pid_t own = thread(TICK_BATCH_POD, 200, SCHED_BATCH);
	pid_t online = thread(TICK_ONLINE_POD, 100, SCHED_OTHER);
	const struct pod *pod = tasks_case_pod(&c, TICK_BATCH_POD);

	tasks_case_passes(&c, S_US);
	thread_case_is(batch, SCHED_IDLE, 0);
	thread_case_is(own, SCHED_BATCH, 0);
	thread_case_is(online, SCHED_OTHER, 0);
	assert_true(is_recorded());
	assert_int_equal(c.t.state->status.policies_set, 1);
	assert_int_equal(c.t.state->status.scores_raised, 0);
	assert_int_equal(pod->cgroup->knobs[KNOB_SCHED_POLICY].now.value, SCHED_BATCH);
	assert_non_null(plan_find(&c.t.state->plan, pod->cgroup, KNOB_SCHED_POLICY));
	assert_null(plan_find(&c.t.state->plan, tasks_case_pod(&c, TICK_ONLINE_POD)->cgroup,
			      KNOB_SCHED_POLICY));
}

/* Later nobody could tell who was changed by colod. */
TEST(where_somebody_is_idle_already_nobody_is_changed)
{
	pid_t a = thread(TICK_BATCH_POD, 100, SCHED_OTHER);

	(void)thread(TICK_BATCH_POD, 200, SCHED_IDLE);
	tasks_case_passes(&c, S_US);
	thread_case_is(a, SCHED_OTHER, 0);
	assert_false(is_recorded());
}

TEST(a_container_that_was_given_another_policy_is_left)
{
	pid_t a = thread(TICK_BATCH_POD, 100, SCHED_BATCH),
	      b = thread(TICK_BATCH_POD, 200, SCHED_OTHER);

	tasks_case_passes(&c, S_US);
	thread_case_is(a, SCHED_BATCH, 0);
	thread_case_is(b, SCHED_OTHER, 0);
	assert_false(is_recorded());
}

TEST(a_thread_that_comes_later_is_found_in_half_a_minute)
{
	pid_t late;

	(void)thread(TICK_BATCH_POD, 100, SCHED_OTHER);
	tasks_case_passes(&c, S_US);
	late = thread(TICK_BATCH_POD, 200, SCHED_OTHER);
	tasks_case_passes(&c, S_US);
	thread_case_is(late, SCHED_OTHER, 0);
	tasks_case_passes(&c, 31 * S_US);
	thread_case_is(late, SCHED_IDLE, 0);
}

/* One thread looks at both, in one container. */
TEST(its_processes_may_go_first_as_well)
{
	pid_t pid = thread(TICK_BATCH_POD, 100, SCHED_OTHER);

	c.t.state->policy->levels[LEVEL_P7].memory.oom = OOM_FIRST;
	task_case_process(c.t.dir, tasks_case_container(&c, TICK_BATCH_POD), (int)pid, 100, 999);
	tasks_case_passes(&c, S_US);
	thread_case_is(pid, SCHED_IDLE, 0);
	task_case_is(c.t.dir, (int)pid, 1000);
	assert_true(is_recorded());
	assert_true(tasks_case_is_recorded(&c, "oom_score_adj"));
}

TEST(who_may_not_do_it_changes_nobody)
{
	pid_t a = thread(TICK_BATCH_POD, 100, SCHED_OTHER);

	discover_set_capability(c.t.state->discover, CAPABILITY_SCHED_POLICY, false);
	tasks_case_passes(&c, S_US);
	thread_case_is(a, SCHED_OTHER, 0);
	assert_false(is_recorded());
}

TEST(in_observe_nobody_is_changed)
{
	pid_t a = thread(TICK_BATCH_POD, 100, SCHED_OTHER);

	c.t.state->policy->mode = MODE_OBSERVE;
	tasks_case_passes(&c, S_US);
	thread_case_is(a, SCHED_OTHER, 0);
	assert_false(is_recorded());
}

TEST(a_policy_that_does_not_ask_and_a_lower_mode_give_back)
{
	pid_t a;

	needs_it();
	a = thread(TICK_BATCH_POD, 100, SCHED_OTHER);
	tasks_case_passes(&c, S_US);
	thread_case_is(a, SCHED_IDLE, 0);
	ask(SCHEDULING_KEEP);
	tasks_case_passes(&c, S_US);
	thread_case_is(a, SCHED_OTHER, 0);
	assert_false(is_recorded());
	assert_int_equal(c.t.state->status.policies_given_back, 1);
	ask(SCHEDULING_IDLE);
	tasks_case_passes(&c, 31 * S_US);
	thread_case_is(a, SCHED_IDLE, 0);
	c.t.state->policy->mode = MODE_OBSERVE;
	tasks_case_passes(&c, S_US);
	thread_case_is(a, SCHED_OTHER, 0);
}

TEST(a_dead_agents_policies_are_given_back_by_the_next_one_or_by_a_restore)
{
	struct apply_restored done;
	pid_t a;

	needs_it();
	a = thread(TICK_BATCH_POD, 100, SCHED_OTHER);
	tasks_case_passes(&c, S_US);
	tasks_case_end(&c);
	tasks_case_start(&c, "protect");
	ask(SCHEDULING_IDLE);
	tasks_case_passes(&c, S_US);
	thread_case_is(a, SCHED_IDLE, 0);
	tasks_case_end(&c);
	tasks_case_start(&c, "observe");
	tasks_case_passes(&c, S_US);
	thread_case_is(a, SCHED_OTHER, 0);
	assert_false(is_recorded());
	tasks_case_end(&c);
	tasks_case_start(&c, "protect");
	ask(SCHEDULING_IDLE);
	tasks_case_passes(&c, S_US);
	thread_case_is(a, SCHED_IDLE, 0);
	assert_int_equal(apply_restore(c.t.state->apply, false, &done), 0);
	assert_int_equal(done.left, 0);
	thread_case_is(a, SCHED_OTHER, 0);
	assert_false(is_recorded());
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_offline_pods_threads_are_idle_and_nobody_elses),
		CASE(where_somebody_is_idle_already_nobody_is_changed),
		CASE(a_container_that_was_given_another_policy_is_left),
		CASE(a_thread_that_comes_later_is_found_in_half_a_minute),
		CASE(its_processes_may_go_first_as_well),
		CASE(in_observe_nobody_is_changed),
		CASE(a_policy_that_does_not_ask_and_a_lower_mode_give_back),
		CASE(a_dead_agents_policies_are_given_back_by_the_next_one_or_by_a_restore),
		CASE(who_may_not_do_it_changes_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
