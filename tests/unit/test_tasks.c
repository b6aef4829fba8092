// SPDX-License-Identifier: LGPL-2.1-or-later
// From the plan to the processes and back: whole passes over a fake tree, with the thread that looks at processes.
#include "agent/tasks.h"
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>

#include "agent/apply/apply_state.h"
#include "agent/tick.h"
#include "policy/decide.h"
#include "tests/lib/task_case.h"
#include "tests/lib/tasks_case.h"

#define S_US TASKS_CASE_S_US

static struct tasks_case c;

static void start(const char *mode)
{
	tasks_case_start(&c, mode);
	c.t.state->policy->levels[LEVEL_P0].memory.oom = OOM_PROTECT;
	c.t.state->policy->levels[LEVEL_P7].memory.oom = OOM_FIRST;
}

static int setup(void **state)
{
	(void)state;
	if (tasks_case_open(&c) < 0)
		return -1;
	start("protect");
	c.t.state->policy->levels[LEVEL_P7].memory.oom = OOM_KEEP;
	tick(c.t.state, c.now_us);
	c.t.state->policy->levels[LEVEL_P7].memory.oom = OOM_FIRST;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tasks_case_close(&c);
	return 0;
}

/* A process of the first container of this pod. */
static void process(const char *path, int pid, int start_ticks, int score)
{
	task_case_process(c.t.dir, tasks_case_container(&c, path), pid, start_ticks, score);
	tasks_case_populate(&c, path);
}

static struct pod *pod(const char *path)
{
	return tasks_case_pod(&c, path);
}

static void passes(int64_t us)
{
	tasks_case_passes(&c, us);
}

static bool is_recorded(void)
{
	return tasks_case_is_recorded(&c, "oom_score_adj");
}

TEST(an_offline_pods_processes_are_raised_and_nobody_elses)
{
	process(TICK_BATCH_POD, 2000001, 100, 999);
	process(TICK_BATCH_POD, 2000002, 200, 999);
	process(TICK_BATCH_POD, 2000003, 300, 998);
	process(TICK_ONLINE_POD, 2000004, 100, -997);
	process(TICK_HOG_POD, 2000005, 100, 1000);
	passes(S_US);
	task_case_is(c.t.dir, 2000001, 1000);
	task_case_is(c.t.dir, 2000002, 1000);
	/* It set that itself. */
	task_case_is(c.t.dir, 2000003, 998);
	task_case_is(c.t.dir, 2000004, -997);
	assert_true(is_recorded());
	assert_int_equal(c.t.state->status.scores_raised, 2);
	assert_int_equal(pod(TICK_BATCH_POD)->cgroup->knobs[KNOB_OOM_SCORE_ADJ].now.value,
			 KNOB_SCORE_ZERO + 998);
	assert_non_null(
		plan_find(&c.t.state->plan, pod(TICK_BATCH_POD)->cgroup, KNOB_OOM_SCORE_ADJ));
	assert_null(plan_find(&c.t.state->plan, pod(TICK_ONLINE_POD)->cgroup, KNOB_OOM_SCORE_ADJ));
	assert_null(plan_find(&c.t.state->plan, pod(TICK_HOG_POD)->cgroup, KNOB_OOM_SCORE_ADJ));
}

TEST(a_process_that_comes_later_is_found_in_half_a_minute)
{
	process(TICK_BATCH_POD, 2000001, 100, 999);
	passes(S_US);
	task_case_is(c.t.dir, 2000001, 1000);
	process(TICK_BATCH_POD, 2000002, 200, 999);
	passes(S_US);
	task_case_is(c.t.dir, 2000002, 999);
	passes(31 * S_US);
	task_case_is(c.t.dir, 2000002, 1000);
}

TEST(a_score_that_nobody_gave_such_a_pod_is_left)
{
	process(TICK_BATCH_POD, 2000001, 100, 500);
	process(TICK_BATCH_POD, 2000002, 200, 999);
	passes(S_US);
	task_case_is(c.t.dir, 2000001, 500);
	task_case_is(c.t.dir, 2000002, 999);
	assert_false(is_recorded());
	/* But what it has is shown. */
	assert_int_equal(pod(TICK_BATCH_POD)->cgroup->knobs[KNOB_OOM_SCORE_ADJ].now.value,
			 KNOB_SCORE_ZERO + 500);
}

/* Later nobody could tell who was raised by colod. */
TEST(where_somebody_is_first_already_nobody_is_raised)
{
	process(TICK_BATCH_POD, 2000001, 100, 999);
	process(TICK_BATCH_POD, 2000002, 200, 1000);
	passes(S_US);
	task_case_is(c.t.dir, 2000001, 999);
	assert_false(is_recorded());
}

TEST(a_lower_mode_gives_back_and_so_does_a_policy_that_does_not_ask)
{
	process(TICK_BATCH_POD, 2000001, 100, 999);
	process(TICK_BATCH_POD, 2000002, 200, 998);
	passes(S_US);
	task_case_is(c.t.dir, 2000001, 1000);
	c.t.state->policy->levels[LEVEL_P7].memory.oom = OOM_KEEP;
	passes(S_US);
	task_case_is(c.t.dir, 2000001, 999);
	task_case_is(c.t.dir, 2000002, 998);
	assert_false(is_recorded());
	assert_int_equal(c.t.state->status.scores_given_back, 1);
	c.t.state->policy->levels[LEVEL_P7].memory.oom = OOM_FIRST;
	passes(31 * S_US);
	task_case_is(c.t.dir, 2000001, 1000);
	c.t.state->policy->mode = MODE_OBSERVE;
	passes(S_US);
	task_case_is(c.t.dir, 2000001, 999);
	passes(31 * S_US);
	task_case_is(c.t.dir, 2000001, 999);
}

static int no_room(void *context, enum apply_step step, const char *path, enum knob knob)
{
	(void)context, (void)path;
	return step == APPLY_STEP_RECORD && knob == KNOB_OOM_SCORE_ADJ ? -ENOSPC : 0;
}

TEST(what_cannot_be_recorded_is_not_raised)
{
	process(TICK_BATCH_POD, 2000001, 100, 999);
	apply_set_hook(c.t.state->apply, no_room, NULL);
	passes(S_US);
	task_case_is(c.t.dir, 2000001, 999);
	apply_set_hook(c.t.state->apply, NULL, NULL);
	passes(31 * S_US);
	task_case_is(c.t.dir, 2000001, 1000);
}

/* The next agent knows of it and gives it back, children of those that were raised too. */
TEST(a_dead_agents_scores_are_given_back_by_the_next_one_or_by_a_restore)
{
	struct apply_restored done;

	process(TICK_BATCH_POD, 2000001, 100, 999);
	passes(S_US);
	tasks_case_end(&c);
	start("protect");
	passes(S_US);
	task_case_is(c.t.dir, 2000001, 1000);
	process(TICK_BATCH_POD, 2000002, 200, 1000);
	process(TICK_BATCH_POD, 2000003, 300, 998);
	tasks_case_end(&c);
	start("observe");
	passes(S_US);
	task_case_is(c.t.dir, 2000001, 999);
	task_case_is(c.t.dir, 2000002, 999);
	task_case_is(c.t.dir, 2000003, 998);
	assert_false(is_recorded());
	tasks_case_end(&c);
	start("protect");
	passes(S_US);
	task_case_is(c.t.dir, 2000001, 1000);
	assert_int_equal(apply_restore(c.t.state->apply, false, &done), 0);
	assert_int_equal(done.left, 0);
	task_case_is(c.t.dir, 2000001, 999);
	task_case_is(c.t.dir, 2000003, 998);
	assert_false(is_recorded());
}

/* A restart beside a silent kubelet takes nothing away that is asked for again a second later. */
TEST(what_was_raised_stays_until_somebody_tells_what_the_pods_are)
{
	process(TICK_BATCH_POD, 2000001, 100, 999);
	passes(S_US);
	tasks_case_end(&c);
	assert_int_equal(tree_delete(c.t.dir, "pods.json"), 0);
	start("protect");
	passes(S_US);
	task_case_is(c.t.dir, 2000001, 1000);
	assert_true(is_recorded());
}

/* A container that is made again while it is looked at has another directory of the same name. */
TEST(a_container_that_is_made_anew_is_looked_at_at_once)
{
	char path[512], file[1024];

	process(TICK_BATCH_POD, 2000001, 100, 999);
	(void)snprintf(path, sizeof(path), "%s", tasks_case_container(&c, TICK_BATCH_POD));
	c.now_us += S_US;
	tick(c.t.state, c.now_us);
	(void)snprintf(file, sizeof(file), "sys/fs/cgroup/%s", path);
	assert_int_equal(tree_mkdir(c.t.dir, "sys/fs/cgroup/keeps-the-inode"), 0);
	assert_int_equal(tree_delete(c.t.dir, file), 0);
	assert_int_equal(tree_mkdir(c.t.dir, "sys/fs/cgroup/takes-the-inode"), 0);
	assert_int_equal(tree_cgroup(c.t.dir, path), 0);
	task_case_process(c.t.dir, path, 2000002, 200, 999);
	(void)snprintf(file, sizeof(file), "sys/fs/cgroup/%s/cgroup.events", path);
	assert_int_equal(tree_write(c.t.dir, file, "populated 1\nfrozen 0\n"), 0);
	discover_rescan(c.t.state->discover);
	passes(S_US);
	task_case_is(c.t.dir, 2000002, 1000);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_offline_pods_processes_are_raised_and_nobody_elses),
		CASE(a_process_that_comes_later_is_found_in_half_a_minute),
		CASE(a_score_that_nobody_gave_such_a_pod_is_left),
		CASE(where_somebody_is_first_already_nobody_is_raised),
		CASE(a_lower_mode_gives_back_and_so_does_a_policy_that_does_not_ask),
		CASE(what_cannot_be_recorded_is_not_raised),
		CASE(a_dead_agents_scores_are_given_back_by_the_next_one_or_by_a_restore),
		CASE(a_container_that_is_made_anew_is_looked_at_at_once),
		CASE(what_was_raised_stays_until_somebody_tells_what_the_pods_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
