// SPDX-License-Identifier: LGPL-2.1-or-later
// The processes of a container: who is the oldest, who is changed and who is not. Over a fake /proc; what the kernel
// allows whom is tests/vm/tests/50-oom.sh.
#include "agent/apply/cgroup_attr.h"
#include "agent/apply/task_walk.h"
#include "agent/base/fs.h"
#include "tests/lib/fault.h"
#include "tests/lib/kill_case.h"
#include "tests/lib/task_case.h"
#include "tests/lib/test.h"

#include <errno.h>
#include <unistd.h>

static struct kill_case *c;
static struct task_walk_place place;
static struct task_walk_seen seen;

static int setup(void **state)
{
	int r = kill_case_setup(state);

	c = *state;
	place = (struct task_walk_place){.attr = cgroup_attr_of(KNOB_OOM_SCORE_ADJ),
					 .root_fd = c->place.root_fd,
					 .path = KILL_A};
	assert_int_equal(fs_open_dir(c->place.cgroup_fd, KILL_A, &place.dir_fd), 0);
	return r;
}

static int teardown(void **state)
{
	fault_end();
	(void)close(place.dir_fd);
	return kill_case_teardown(state);
}

static void process(int pid, int start, int score)
{
	task_case_process(c->dir, KILL_A, pid, start, score);
}

TEST(the_oldest_process_says_what_the_container_was_given)
{
	process(2000007, 300, 950);
	process(2000009, 100, 910);
	process(2000008, 200, 990);
	assert_int_equal(task_walk_look(&place, &seen), 0);
	assert_int_equal(seen.n_tasks, 3);
	assert_int_equal(seen.oldest, 910);
	assert_int_equal(seen.lowest, 910);
	assert_false(seen.is_given);
	assert_int_equal(seen.n_changed, 0);
	process(2000010, 400, 1000);
	assert_int_equal(task_walk_look(&place, &seen), 0);
	assert_true(seen.is_given);
	task_case_is(c->dir, 2000009, 910);
}

TEST(those_with_the_one_score_get_the_other_and_nobody_else_does)
{
	process(2000001, 100, 910);
	process(2000002, 200, 930);
	process(2000003, 300, 910);
	task_case_process(c->dir, KILL_B, 2000004, 100, 910);
	assert_int_equal(task_walk_change(&place, 910, 1000, 0, &seen), 0);
	assert_int_equal(seen.n_changed, 2);
	assert_int_equal(seen.n_others, 1);
	assert_int_equal(seen.n_failed, 0);
	assert_int_equal(seen.lowest, 930);
	task_case_is(c->dir, 2000001, 1000);
	task_case_is(c->dir, 2000002, 930);
	task_case_is(c->dir, 2000003, 1000);
	task_case_is(c->dir, 2000004, 910);
	/* Again there is nothing to do; and back. */
	assert_int_equal(task_walk_change(&place, 910, 1000, 0, &seen), 0);
	assert_int_equal(seen.n_changed, 0);
	assert_int_equal(task_walk_change_all(&place, 1000, -997, &seen), 0);
	assert_int_equal(seen.n_changed, 2);
	task_case_is(c->dir, 2000001, -997);
	task_case_is(c->dir, 2000002, 930);
}

/* The list is older than what /proc says: the number is another one's by now, or it has moved. */
TEST(a_process_that_is_somewhere_else_is_not_touched)
{
	process(2000001, 100, 910);
	process(2000002, 200, 910);
	process(2000003, 300, 910);
	task_case_move(c->dir, 2000002, "system.slice/sshd.service");
	task_case_move(c->dir, 2000003, KILL_A "-not");
	assert_int_equal(task_walk_change(&place, 910, 1000, 0, &seen), 0);
	assert_int_equal(seen.n_changed, 1);
	assert_int_equal(seen.n_failed, 0);
	task_case_is(c->dir, 2000002, 910);
	task_case_is(c->dir, 2000003, 910);
}

TEST(what_is_below_the_container_belongs_to_it)
{
	kill_case_cgroup(c, KILL_A "/container");
	task_case_process(c->dir, KILL_A "/container", 2000001, 100, 910);
	assert_int_equal(task_walk_change(&place, 910, 1000, 0, &seen), 0);
	assert_int_equal(seen.n_changed, 1);
	task_case_is(c->dir, 2000001, 1000);
}

TEST(a_slice_ends_and_the_next_one_goes_on)
{
	const int n = TASK_WALK_SLICE + 3;

	for (int i = 0; i < n; i++)
		process(2000000 + i, 100 + i, 910);
	assert_int_equal(task_walk_change(&place, 910, 1000, 0, &seen), 0);
	assert_int_equal(seen.n_changed, TASK_WALK_SLICE);
	assert_int_equal(seen.next, TASK_WALK_SLICE);
	task_case_is(c->dir, 2000000 + TASK_WALK_SLICE, 910);
	assert_int_equal(task_walk_change(&place, 910, 1000, seen.next, &seen), 0);
	assert_int_equal(seen.n_changed, 3);
	assert_int_equal(seen.next, 0);
	assert_int_equal(task_walk_change_all(&place, 1000, 910, &seen), 0);
	assert_int_equal(seen.n_changed, n);
	task_case_is(c->dir, 2000000 + n - 1, 910);
}

/* Who is the last of many has chosen all the same. */
TEST(a_look_sees_all_of_them)
{
	for (int i = 0; i < TASK_WALK_SLICE; i++)
		process(2000000 + i, 100 + i, 910);
	process(2000000 + TASK_WALK_SLICE, 50, 1000);
	process(2000001 + TASK_WALK_SLICE, 60, 800);
	assert_int_equal(task_walk_look(&place, &seen), 0);
	assert_int_equal(seen.n_tasks, TASK_WALK_SLICE + 2);
	assert_true(seen.is_given);
	assert_int_equal(seen.lowest, 800);
	assert_int_equal(seen.oldest, 1000);
}

TEST(who_went_meanwhile_is_no_failure_and_who_may_not_be_written_is)
{
	process(2000001, 100, 910);
	process(2000002, 200, 910);
	kill_case_set(c, KILL_A, "cgroup.procs", "0\n2000001\n2000002\n2000999\n");
	fault_begin();
	fault_set(SYS_WRITE, 1, -EACCES);
	assert_int_equal(task_walk_change(&place, 910, 1000, 0, &seen), 0);
	assert_int_equal(seen.n_failed, 1);
	assert_int_equal(seen.error, -EACCES);
	assert_int_equal(seen.n_changed, 1);
	fault_end();
	fault_begin();
	fault_set(SYS_WRITE, 1, -ESRCH);
	task_case_set(c->dir, 2000001, 910);
	assert_int_equal(task_walk_change(&place, 910, 1000, 0, &seen), 0);
	assert_int_equal(seen.n_failed, 0);
	fault_end();
	kill_case_set(c, KILL_A, "cgroup.procs", "nonsense\n");
	assert_int_equal(task_walk_look(&place, &seen), 0);
	assert_int_equal(seen.n_tasks, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_oldest_process_says_what_the_container_was_given),
		CASE(those_with_the_one_score_get_the_other_and_nobody_else_does),
		CASE(a_process_that_is_somewhere_else_is_not_touched),
		CASE(what_is_below_the_container_belongs_to_it),
		CASE(a_slice_ends_and_the_next_one_goes_on),
		CASE(a_look_sees_all_of_them),
		CASE(who_went_meanwhile_is_no_failure_and_who_may_not_be_written_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
