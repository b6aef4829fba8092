// SPDX-License-Identifier: LGPL-2.1-or-later
// What slows a dying pod down is lifted, and is put back where nobody else has written since.
#include "agent/apply/kill_lift.h"
#include "policy/knob.h"
#include "tests/lib/fault.h"
#include "tests/lib/kill_case.h"
#include "tests/lib/test.h"
#include "tests/lib/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

struct lift_case {
	struct kill_case *c;
	struct kill_job job;
	struct kill_lift lift;
};

static int setup(void **state)
{
	static const char *const paths[] = {KILL_POD, KILL_A};
	struct lift_case *l = calloc(1, sizeof(*l));
	void *own = NULL;

	assert_non_null(l);
	(void)kill_case_setup(&own);
	l->c = own;
	for (size_t i = 0; i < 2; i++) {
		kill_case_set(l->c, paths[i], "memory.high", "1048576");
		kill_case_set(l->c, paths[i], "memory.max", "4194304");
		kill_case_set(l->c, paths[i], "cpu.max", "5000 20000");
		kill_case_set(l->c, paths[i], "cpu.weight", "2");
		kill_case_set(l->c, paths[i], "cgroup.freeze", "1");
	}
	kill_case_set(l->c, KILL_POD, "cpu.idle", "1");
	l->job = kill_case_job(l->c, KILL_POD);
	*state = l;
	return 0;
}

static int teardown(void **state)
{
	struct lift_case *l = *state;
	void *own = l->c;

	(void)kill_lift_put_back(&l->lift);
	(void)close(l->job.dir_fd);
	(void)kill_case_teardown(&own);
	free(l);
	return 0;
}

static uint32_t bit_of(const char *knob)
{
	for (int i = 0; i < KNOB_COUNT; i++)
		if (strcmp(knob, knob_name((enum knob)i)) == 0)
			return 1u << i;
	return 0;
}

TEST(bounds_are_lifted_there_and_below_and_the_rest_stays)
{
	static const char *const paths[] = {KILL_POD, KILL_A};
	struct lift_case *l = *state;

	kill_lift_look(&l->lift, l->job.dir_fd);
	kill_lift(&l->lift);
	for (size_t i = 0; i < 2; i++) {
		kill_case_is(l->c, paths[i], "memory.high", "max");
		kill_case_is(l->c, paths[i], "cpu.max", "max 20000");
		kill_case_is(l->c, paths[i], "cpu.weight", "1000");
		kill_case_is(l->c, paths[i], "cpu.idle", "0");
		kill_case_is(l->c, paths[i], "cgroup.freeze", "0");
		/* A process that dies needs no more memory. */
		kill_case_is(l->c, paths[i], "memory.max", "4194304");
	}
	kill_case_is(l->c, KILL_CLASS, "cpu.weight", "100");
	assert_int_equal(l->lift.lifted, bit_of("memory.high") | bit_of("cpu.max") |
						 bit_of("cpu.weight") | bit_of("cpu.idle"));
	assert_int_equal(l->lift.n_thawed, 2);
	assert_int_equal(l->lift.error, 0);
	assert_int_equal(l->lift.thaw_error, 0);
}

TEST(what_was_lifted_comes_back_but_for_the_freeze)
{
	struct lift_case *l = *state;

	kill_lift_look(&l->lift, l->job.dir_fd);
	kill_lift(&l->lift);
	assert_int_equal(kill_lift_put_back(&l->lift), 0);
	assert_int_equal(l->lift.n, 0);
	for (int i = 0; i < 2; i++) {
		const char *path = i ? KILL_A : KILL_POD;

		kill_case_is(l->c, path, "memory.high", "1048576");
		kill_case_is(l->c, path, "cpu.max", "5000 20000");
		kill_case_is(l->c, path, "cpu.weight", "2");
		kill_case_is(l->c, path, "cpu.idle", i ? "0" : "1");
		kill_case_is(l->c, path, "cgroup.freeze", "0");
	}
}

#define BOUND "8:0 rbps=1048576 wbps=max riops=40 wiops=max"
/* What is written of it: the kernel leaves the parts that are not named as they are. */
#define BACK "8:0 rbps=1048576 riops=40"
#define FREE "8:0 rbps=max wbps=max riops=max wiops=max"

/* What a killed process has under way there it has to see through; whoever else has no bound keeps having none. */
TEST(what_is_bounded_on_a_disk_is_lifted_and_comes_back)
{
	struct lift_case *l = *state;

	kill_case_set(l->c, KILL_POD, "io.max", BOUND "\n");
	kill_case_set(l->c, KILL_B, "io.max", "");
	kill_lift_look(&l->lift, l->job.dir_fd);
	kill_case_is(l->c, KILL_POD, "io.max", BOUND "\n");
	kill_lift(&l->lift);
	kill_case_is(l->c, KILL_POD, "io.max", FREE);
	kill_case_is(l->c, KILL_B, "io.max", "");
	assert_true(l->lift.lifted & bit_of("io.max"));
	assert_false(l->lift.lifted & bit_of("io.max#2"));
	assert_true(l->lift.list[0].lifted & bit_of("io.max"));
	for (uint32_t i = 1; i < l->lift.n; i++)
		assert_false(l->lift.list[i].lifted & bit_of("io.max"));
	assert_int_equal(kill_lift_put_back(&l->lift), 0);
	kill_case_is(l->c, KILL_POD, "io.max", BACK);
	/* A part is somebody else's since: the others come back. */
	kill_case_set(l->c, KILL_POD, "io.max", BOUND "\n");
	kill_lift_look(&l->lift, l->job.dir_fd);
	kill_lift(&l->lift);
	kill_case_set(l->c, KILL_POD, "io.max", "8:0 rbps=max wbps=5 riops=max wiops=max");
	assert_int_equal(kill_lift_put_back(&l->lift), 0);
	kill_case_is(l->c, KILL_POD, "io.max", BACK);
	/* And a whole line that is. */
	kill_case_set(l->c, KILL_POD, "io.max", BOUND "\n");
	kill_lift_look(&l->lift, l->job.dir_fd);
	kill_lift(&l->lift);
	kill_case_set(l->c, KILL_POD, "io.max", "8:0 rbps=9 wbps=max riops=9 wiops=max");
	assert_int_equal(kill_lift_put_back(&l->lift), 0);
	kill_case_is(l->c, KILL_POD, "io.max", "8:0 rbps=9 wbps=max riops=9 wiops=max");
}

/* A place for each disk; a disk that nobody bounds has none. */
TEST(each_disk_is_lifted_for_itself)
{
	struct lift_case *l = *state;

	kill_case_set(l->c, KILL_POD, "io.max",
		      BOUND "\n8:16 rbps=max wbps=max riops=max wiops=max\n8:32 wbps=7\n");
	kill_lift_look(&l->lift, l->job.dir_fd);
	assert_int_equal(l->lift.list[0].io[0].minor, 0);
	assert_int_equal(l->lift.list[0].io[1].minor, 32);
	assert_int_equal(l->lift.list[0].io[1].bytes[DISK_WRITE], 7);
	assert_true(l->lift.list[0].io[1].bytes[DISK_READ] == KNOB_VALUE_MAX);
	assert_true(l->lift.list[0].lifted & bit_of("io.max#2"));
	assert_false(l->lift.list[0].lifted & bit_of("io.max#3"));
}

/* The kernel does not take it: it stays as it was, and the others are lifted. */
TEST(a_disk_whose_bound_is_refused_keeps_it)
{
	struct lift_case *l = *state;

	kill_case_set(l->c, KILL_POD, "io.max", BOUND);
	fault_begin();
	/* The thaws of the pod and of a are before it. */
	fault_set(SYS_WRITE, 3, -EIO);
	kill_lift_look(&l->lift, l->job.dir_fd);
	kill_lift(&l->lift);
	fault_end();
	assert_int_equal(l->lift.error, -EIO);
	assert_false(l->lift.list[0].lifted & bit_of("io.max"));
	kill_case_is(l->c, KILL_POD, "cpu.max", "max 20000");
}

static char opened[512];

static int on_call(void *context, const struct sys_point *point)
{
	(void)context;
	if (point->call == SYS_OPEN && (point->flags & O_ACCMODE) == O_WRONLY)
		(void)snprintf(opened + strlen(opened), sizeof(opened) - strlen(opened), "%s ",
			       point->path);
	return 0;
}

/* The kernel takes no weight while cpu.idle is 1. */
TEST(idle_goes_before_the_weight_and_comes_back_after_it)
{
	struct lift_case *l = *state;

	kill_case_set(l->c, KILL_B, "cpu.weight", "1000");
	opened[0] = '\0';
	sys_set_hook(on_call, NULL);
	kill_lift_look(&l->lift, l->job.dir_fd);
	kill_lift(&l->lift);
	sys_set_hook(NULL, NULL);
	assert_string_equal(opened, "cgroup.freeze cgroup.freeze "
				    "memory.high cpu.max cpu.idle cpu.weight "
				    "memory.high cpu.max cpu.weight ");
	opened[0] = '\0';
	sys_set_hook(on_call, NULL);
	assert_int_equal(kill_lift_put_back(&l->lift), 0);
	sys_set_hook(NULL, NULL);
	assert_string_equal(opened, "cpu.weight cpu.max memory.high "
				    "cpu.weight cpu.idle cpu.max memory.high ");
}

TEST(what_is_no_bound_is_not_written)
{
	struct lift_case *l = *state;

	kill_case_set(l->c, KILL_B, "cpu.weight", "5000");
	fault_begin();
	kill_lift_look(&l->lift, l->job.dir_fd);
	kill_lift(&l->lift);
	/* The pod: 4 knobs and a thaw, a: 3 and a thaw, b: none. */
	assert_int_equal(fault_count(SYS_WRITE), 9);
	fault_end();
	assert_int_equal(l->lift.n, 2);
	kill_case_is(l->c, KILL_B, "cpu.weight", "5000");
}

TEST(somebody_elses_value_is_not_written_over)
{
	struct lift_case *l = *state;

	kill_lift_look(&l->lift, l->job.dir_fd);
	kill_lift(&l->lift);
	kill_case_set(l->c, KILL_POD, "cpu.max", "7000 100000");
	assert_int_equal(kill_lift_put_back(&l->lift), 0);
	kill_case_is(l->c, KILL_POD, "cpu.max", "7000 100000");
	kill_case_is(l->c, KILL_POD, "memory.high", "1048576");
}

TEST(what_vanishes_is_no_error_and_what_fails_leaves_the_others)
{
	struct lift_case *l = *state;

	kill_lift_look(&l->lift, l->job.dir_fd);
	kill_lift(&l->lift);
	assert_int_equal(tree_delete(l->c->dir, "sys/fs/cgroup/" KILL_A), 0);
	assert_int_equal(kill_lift_put_back(&l->lift), 0);
	kill_case_is(l->c, KILL_POD, "cpu.max", "5000 20000");
	fault_begin();
	/* The pod and a have been thawed before. */
	fault_set(SYS_WRITE, 1, -EIO);
	kill_lift_look(&l->lift, l->job.dir_fd);
	kill_lift(&l->lift);
	fault_end();
	assert_int_equal(l->lift.error, -EIO);
	kill_case_is(l->c, KILL_POD, "cpu.max", "max 20000");
	assert_false(l->lift.list[0].lifted & bit_of("memory.high"));
	assert_int_equal(kill_lift_put_back(&l->lift), 0);
	kill_case_is(l->c, KILL_POD, "cpu.max", "5000 20000");
}

TEST(a_value_that_could_not_be_put_back_is_not_taken)
{
	struct lift_case *l = *state;
	char path[512];

	for (int i = 0; i < KILL_LIFT_CGROUPS + 5; i++) {
		(void)snprintf(path, sizeof(path), "%s/s%02d", KILL_B, i);
		kill_case_cgroup(l->c, path);
		kill_case_set(l->c, path, "cpu.max", "1000 100000");
	}
	kill_lift_look(&l->lift, l->job.dir_fd);
	kill_lift(&l->lift);
	assert_int_equal(l->lift.n, KILL_LIFT_CGROUPS);
	assert_int_equal(kill_lift_put_back(&l->lift), 0);
	for (int i = 0; i < KILL_LIFT_CGROUPS + 5; i++) {
		(void)snprintf(path, sizeof(path), "%s/s%02d", KILL_B, i);
		kill_case_is(l->c, path, "cpu.max", "1000 100000");
	}
}

#define LIFT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LIFT_TEST(bounds_are_lifted_there_and_below_and_the_rest_stays),
		LIFT_TEST(what_was_lifted_comes_back_but_for_the_freeze),
		LIFT_TEST(what_is_bounded_on_a_disk_is_lifted_and_comes_back),
		LIFT_TEST(each_disk_is_lifted_for_itself),
		LIFT_TEST(a_disk_whose_bound_is_refused_keeps_it),
		LIFT_TEST(idle_goes_before_the_weight_and_comes_back_after_it),
		LIFT_TEST(what_is_no_bound_is_not_written),
		LIFT_TEST(somebody_elses_value_is_not_written_over),
		LIFT_TEST(what_vanishes_is_no_error_and_what_fails_leaves_the_others),
		LIFT_TEST(a_value_that_could_not_be_put_back_is_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
