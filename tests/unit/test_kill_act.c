// SPDX-License-Identifier: LGPL-2.1-or-later
// The steps of a kill in their order, and what each failure leaves behind.
#include "agent/apply/kill_act.h"
#include "agent/apply/lift_record.h"
#include "agent/base/fs.h"
#include "agent/base/sys.h"
#include "tests/lib/alloc_count.h"
#include "tests/lib/fault.h"
#include "tests/lib/kill_case.h"
#include "tests/lib/test.h"
#include "tests/lib/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static struct kill_done act(struct kill_case *c, const char *path, const atomic_bool *stop)
{
	struct kill_job job = kill_case_job(c, path);
	struct kill_done done;

	kill_act(&c->place, &job, stop, &done);
	assert_int_equal(fcntl(job.dir_fd, F_GETFD), -1);
	assert_int_equal(done.token, 7);
	return done;
}

static void bound(struct kill_case *c)
{
	kill_case_set(c, KILL_POD, "cpu.max", "5000 20000");
	kill_case_set(c, KILL_A, "memory.high", "1048576");
	kill_case_set(c, KILL_A, "cgroup.freeze", "1");
}

static void is_bound(struct kill_case *c)
{
	kill_case_is(c, KILL_POD, "cpu.max", "5000 20000");
	kill_case_is(c, KILL_POD, "cpu.weight", "100");
	kill_case_is(c, KILL_A, "memory.high", "1048576");
}

TEST(a_pod_is_killed_thawed_and_waited_for_and_its_bounds_are_put_back)
{
	struct kill_case *c = *state;
	struct kill_done d;

	bound(c);
	kill_case_set(c, KILL_B, "cgroup.procs", "2000000001\n2000000002");
	d = act(c, KILL_POD, NULL);
	assert_int_equal(d.result, 0);
	assert_null(d.why);
	for (int i = 0; i < KILL_STEP_COUNT; i++)
		assert_int_equal(d.errors[i], 0);
	kill_case_is(c, KILL_POD, "cgroup.kill", "1");
	kill_case_is(c, KILL_A, "cgroup.kill", "");
	kill_case_is(c, KILL_CLASS, "cgroup.kill", "");
	kill_case_is(c, KILL_A, "cgroup.freeze", "0");
	is_bound(c);
	assert_int_equal(d.n_cgroups, 3);
	assert_int_equal(d.n_processes, 2);
	assert_int_equal(d.n_large, 0);
	assert_int_equal(d.n_thawed, 1);
	assert_int_not_equal(d.lifted, 0);
	assert_true(d.ended);
	assert_true(d.before_known && d.after_known);
	assert_int_equal(d.before_bytes, 4096);
	/* Nobody who comes after has anything to put back. */
	lift_record_free(c->place.lifted);
	c->place.lifted = NULL;
	assert_int_equal(fs_exists(c->place.root_fd, LIFT_RECORD_FILE), 0);
}

static char opened[1024];

static int on_call(void *context, const struct sys_point *point)
{
	(void)context;
	if (point->call == SYS_OPEN && (point->flags & O_ACCMODE) == O_WRONLY)
		(void)snprintf(opened + strlen(opened), sizeof(opened) - strlen(opened), "%s ",
			       point->path);
	return 0;
}

TEST(nothing_is_written_before_the_kill)
{
	struct kill_case *c = *state;

	bound(c);
	opened[0] = '\0';
	sys_set_hook(on_call, NULL);
	assert_int_equal(act(c, KILL_POD, NULL).result, 0);
	sys_set_hook(NULL, NULL);
	assert_true(strncmp(opened, "cgroup.kill cgroup.freeze ", 26) == 0);
	assert_non_null(strstr(opened, "cpu.max"));
}

static void left_as_it_was(struct kill_case *c, const struct kill_done *d, int result)
{
	assert_int_equal(d->result, result);
	assert_int_equal(d->lifted, 0);
	assert_int_equal(d->n_thawed, 0);
	assert_int_equal(d->n_large, 0);
	assert_false(d->ended);
	is_bound(c);
	kill_case_is(c, KILL_A, "cgroup.freeze", "1");
}

TEST(a_refused_one_is_left_as_it_was)
{
	struct kill_case *c = *state;
	char own[32];
	struct kill_done d;

	bound(c);
	(void)snprintf(own, sizeof(own), "%d", (int)getpid());
	kill_case_set(c, KILL_B, "cgroup.procs", own);
	d = act(c, KILL_POD, NULL);
	left_as_it_was(c, &d, -EPERM);
	assert_string_equal(d.why, "holds colod itself");
	assert_int_equal(d.errors[KILL_CHECK], -EPERM);
	assert_int_equal(d.errors[KILL_WRITE], 0);
	d = act(c, KILL_CLASS, NULL);
	assert_int_equal(d.result, -EPERM);
	kill_case_unhurt(c);
}

TEST(a_kernel_without_it_or_a_threaded_cgroup_is_told_of_and_left_as_it_was)
{
	struct kill_case *c = *state;
	struct kill_done d;

	bound(c);
	fault_begin();
	fault_set(SYS_WRITE, 1, -EOPNOTSUPP);
	d = act(c, KILL_POD, NULL);
	assert_int_equal(fault_count(SYS_WRITE), 1);
	fault_end();
	left_as_it_was(c, &d, -EOPNOTSUPP);
	assert_int_equal(d.errors[KILL_WRITE], -EOPNOTSUPP);
	assert_int_equal(tree_delete(c->dir, "sys/fs/cgroup/" KILL_POD "/cgroup.kill"), 0);
	d = act(c, KILL_POD, NULL);
	left_as_it_was(c, &d, -EOPNOTSUPP);
}

TEST(one_that_vanished_is_gone_and_nothing_else)
{
	struct kill_case *c = *state;
	struct kill_job job = kill_case_job(c, KILL_POD);
	struct kill_done d;

	assert_int_equal(tree_delete(c->dir, "sys/fs/cgroup/" KILL_POD), 0);
	kill_act(&c->place, &job, NULL, &d);
	assert_int_equal(d.result, -ENOENT);
	assert_null(d.why);
	kill_case_cgroup(c, KILL_POD);
	kill_case_cgroup(c, KILL_A);
	bound(c);
	fault_begin();
	fault_set(SYS_WRITE, 1, -ENODEV);
	d = act(c, KILL_POD, NULL);
	fault_end();
	left_as_it_was(c, &d, -ENOENT);
}

TEST(one_that_does_not_end_is_waited_for_so_long_and_bounded_again)
{
	struct kill_case *c = *state;
	atomic_bool stop = false;
	struct kill_done d;

	bound(c);
	kill_case_set(c, KILL_POD, "cgroup.events", "populated 1\nfrozen 0");
	d = act(c, KILL_POD, &stop);
	assert_int_equal(d.result, 0);
	assert_false(d.ended);
	assert_int_equal(d.errors[KILL_WAIT], -ETIMEDOUT);
	assert_true(d.took_us >= 30000);
	is_bound(c);
	/* Somebody wants to go. */
	stop = true;
	d = act(c, KILL_POD, &stop);
	assert_int_equal(d.result, 0);
	assert_int_equal(d.errors[KILL_WAIT], -ECANCELED);
	is_bound(c);
}

static void empties(void *context)
{
	kill_case_set(context, KILL_POD, "cgroup.events", "populated 0\nfrozen 0");
}

static void vanishes(void *context)
{
	struct kill_case *c = context;

	assert_int_equal(tree_delete(c->dir, "sys/fs/cgroup/" KILL_POD), 0);
}

TEST(the_end_is_seen_while_it_waits)
{
	struct kill_case *c = *state;
	struct kill_done d;

	kill_case_set(c, KILL_POD, "cgroup.events", "populated 1\nfrozen 0");
	fault_begin();
	fault_set_late(SYS_POLL, 1, empties, c);
	d = act(c, KILL_POD, NULL);
	fault_end();
	assert_true(d.ended);
	assert_int_equal(d.errors[KILL_WAIT], 0);
}

/* The kernel's answer on a file of a cgroup that is gone. */
TEST(a_cgroup_that_goes_while_it_waits_has_ended)
{
	struct kill_case *c = *state;
	struct kill_job job = kill_case_job(c, KILL_POD);
	struct kill_done d;
	unsigned reads;

	bound(c);
	fault_begin();
	kill_act(&c->place, &job, NULL, &d);
	reads = fault_count(SYS_READ);
	fault_end();
	kill_case_set(c, KILL_POD, "cgroup.events", "populated 1\nfrozen 0");
	bound(c);
	for (unsigned nth = 1; nth <= reads; nth++) {
		bool met;

		fault_begin();
		fault_set(SYS_READ, nth, -ENODEV);
		d = act(c, KILL_POD, NULL);
		met = fault_was_met();
		fault_end();
		assert_true(met);
		if (d.result == 0 && d.ended)
			return;
	}
	fail_msg("no read told of the end");
}

TEST(a_directory_that_goes_with_its_pod_is_no_error)
{
	struct kill_case *c = *state;
	struct kill_done d;

	bound(c);
	kill_case_set(c, KILL_POD, "cgroup.events", "populated 1\nfrozen 0");
	fault_begin();
	fault_set_late(SYS_POLL, 1, vanishes, c);
	d = act(c, KILL_POD, NULL);
	fault_end();
	assert_int_equal(d.result, 0);
	assert_false(d.after_known);
	assert_int_equal(d.errors[KILL_PUT_BACK], 0);
}

/* Whatever call fails after it: the kill stands, and no bound stays lifted but the one whose own write failed. */
TEST(no_failure_after_the_kill_undoes_it_or_leaks)
{
	static const enum sys_call calls[] = {SYS_OPEN, SYS_READ, SYS_LIST};
	struct kill_case *c = *state;
	unsigned killed = 0;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		for (unsigned nth = 1;; nth++) {
			struct kill_job job = kill_case_job(c, KILL_POD);
			struct kill_done d;
			int before = job.dir_fd, after;
			bool met;

			bound(c);
			kill_case_set(c, KILL_POD, "cgroup.kill", "");
			fault_begin();
			fault_set(calls[i], nth, -EMFILE);
			kill_act(&c->place, &job, NULL, &d);
			met = fault_was_met();
			fault_end();
			after = dup(c->place.root_fd);
			(void)close(after);
			assert_int_equal(before, after);
			if (d.result == 0)
				killed++;
			kill_case_is(c, KILL_POD, "cgroup.kill", d.result == 0 ? "1" : "");
			if (!met)
				break;
		}
	}
	assert_true(killed > 20);
}

TEST(it_allocates_nothing)
{
	struct kill_case *c = *state;
	struct kill_job job;
	struct kill_done d;
	unsigned long before;

	bound(c);
	job = kill_case_job(c, KILL_POD);
	before = alloc_count();
	kill_act(&c->place, &job, NULL, &d);
	assert_int_equal(alloc_count(), before);
	assert_int_equal(d.result, 0);
}

#define ACT_TEST(name) cmocka_unit_test_setup_teardown(name, kill_case_setup, kill_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ACT_TEST(a_pod_is_killed_thawed_and_waited_for_and_its_bounds_are_put_back),
		ACT_TEST(nothing_is_written_before_the_kill),
		ACT_TEST(a_refused_one_is_left_as_it_was),
		ACT_TEST(a_kernel_without_it_or_a_threaded_cgroup_is_told_of_and_left_as_it_was),
		ACT_TEST(one_that_vanished_is_gone_and_nothing_else),
		ACT_TEST(one_that_does_not_end_is_waited_for_so_long_and_bounded_again),
		ACT_TEST(the_end_is_seen_while_it_waits),
		ACT_TEST(a_cgroup_that_goes_while_it_waits_has_ended),
		ACT_TEST(a_directory_that_goes_with_its_pod_is_no_error),
		ACT_TEST(no_failure_after_the_kill_undoes_it_or_leaks),
		ACT_TEST(it_allocates_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
