// SPDX-License-Identifier: LGPL-2.1-or-later
// The thread: jobs in their order, one for each cgroup, none lost and no descriptor kept.
#include "agent/apply/cgroup_attr.h"
#include "agent/apply/task_jobs.h"
#include "agent/base/fs.h"
#include "tests/lib/fault.h"
#include "tests/lib/kill_case.h"
#include "tests/lib/task_case.h"
#include "tests/lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static struct kill_case *c;
static struct task_jobs *scores;

static int setup(void **state)
{
	int r = kill_case_setup(state);

	c = *state;
	assert_int_equal(task_jobs_new(c->place.root_fd, &scores), 0);
	return r;
}

static int teardown(void **state)
{
	task_jobs_free(scores);
	return kill_case_teardown(state);
}

static struct task_jobs_job job_of(const char *path, enum task_jobs_act act, uint64_t inode)
{
	struct task_jobs_job job = {
		.token = inode * 10,
		.inode = inode,
		.attr = cgroup_attr_of(KNOB_OOM_SCORE_ADJ),
		.act = act,
		.from = 910,
		.to = 1000,
	};

	assert_int_equal(fs_open_dir(c->place.cgroup_fd, path, &job.dir_fd), 0);
	(void)snprintf(job.path, sizeof(job.path), "%s", path);
	return job;
}

static struct task_jobs_done next(void)
{
	struct task_jobs_done done;

	for (int i = 0; !task_jobs_next(scores, &done); i++) {
		assert_true(i < 20000);
		(void)usleep(1000);
	}
	return done;
}

TEST(jobs_are_done_in_their_order_and_say_what_they_saw)
{
	struct task_jobs_job look = job_of(KILL_A, TASK_JOBS_LOOK, 1);
	struct task_jobs_job change = job_of(KILL_B, TASK_JOBS_CHANGE, 2);
	struct task_jobs_done done;

	task_case_process(c->dir, KILL_A, 2000001, 100, 910);
	task_case_process(c->dir, KILL_B, 2000002, 100, 910);
	assert_false(task_jobs_is_busy(scores));
	assert_int_equal(task_jobs_start(scores, &look), 0);
	assert_int_equal(task_jobs_start(scores, &change), 0);
	done = next();
	assert_int_equal(done.job.token, 10);
	assert_int_equal(done.result, 0);
	assert_int_equal(done.seen.oldest, 910);
	assert_int_equal(done.job.dir_fd, -EBADF);
	assert_int_equal(fcntl(look.dir_fd, F_GETFD), -1);
	assert_true(task_jobs_is_busy(scores));
	done = next();
	assert_int_equal(done.job.token, 20);
	assert_int_equal(done.seen.n_changed, 1);
	assert_false(task_jobs_is_busy(scores));
	task_case_is(c->dir, 2000001, 910);
	task_case_is(c->dir, 2000002, 1000);
	change = job_of(KILL_B, TASK_JOBS_CHANGE_ALL, 2);
	change.from = 1000;
	change.to = 910;
	assert_int_equal(task_jobs_start(scores, &change), 0);
	assert_int_equal(next().seen.n_changed, 1);
	task_case_is(c->dir, 2000002, 910);
}

/* Ended ones count until they are taken: what they say is to be acted on first. */
TEST(there_is_one_job_for_each_cgroup_and_an_end_to_them)
{
	struct task_jobs_job job;
	int n = 0;

	for (uint64_t inode = 1; inode <= TASK_JOBS_MAX; inode++) {
		job = job_of(KILL_A, TASK_JOBS_LOOK, inode);
		assert_int_equal(task_jobs_start(scores, &job), 0);
	}
	job = job_of(KILL_A, TASK_JOBS_LOOK, TASK_JOBS_MAX + 1);
	assert_int_equal(task_jobs_start(scores, &job), -EBUSY);
	assert_int_equal(close(job.dir_fd), 0);
	for (; n < TASK_JOBS_MAX / 2; n++)
		assert_int_equal(next().job.inode, n + 1);
	job = job_of(KILL_A, TASK_JOBS_LOOK, TASK_JOBS_MAX);
	assert_int_equal(task_jobs_start(scores, &job), -EBUSY);
	assert_int_equal(close(job.dir_fd), 0);
	for (; n < TASK_JOBS_MAX; n++)
		assert_int_equal(next().job.inode, n + 1);
}

TEST(what_waits_when_it_ends_is_dropped_with_its_descriptor)
{
	struct task_jobs_job jobs[TASK_JOBS_MAX];

	for (uint64_t i = 0; i < TASK_JOBS_MAX; i++) {
		jobs[i] = job_of(KILL_A, TASK_JOBS_LOOK, i + 1);
		assert_int_equal(task_jobs_start(scores, &jobs[i]), 0);
	}
	task_jobs_free(scores);
	scores = NULL;
	for (int i = 0; i < TASK_JOBS_MAX; i++)
		assert_int_equal(fcntl(jobs[i].dir_fd, F_GETFD), -1);
}

TEST(without_a_thread_there_is_nothing)
{
	struct task_jobs *none = NULL;

	fault_begin();
	fault_set(SYS_THREAD, 1, -EAGAIN);
	assert_int_equal(task_jobs_new(c->place.root_fd, &none), -EAGAIN);
	fault_end();
	assert_null(none);
	task_jobs_free(NULL);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(jobs_are_done_in_their_order_and_say_what_they_saw),
		CASE(there_is_one_job_for_each_cgroup_and_an_end_to_them),
		CASE(what_waits_when_it_ends_is_dropped_with_its_descriptor),
		CASE(without_a_thread_there_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
