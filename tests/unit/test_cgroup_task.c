// SPDX-License-Identifier: LGPL-2.1-or-later
// What is recorded of a container's score, and how it is given back from the record alone.
#include "agent/apply/apply_state.h"
#include "agent/apply/cgroup_attr.h"
#include "agent/apply/cgroup_task.h"
#include "agent/base/fs.h"
#include "tests/lib/fault.h"
#include "tests/lib/kill_case.h"
#include "tests/lib/task_case.h"
#include "tests/lib/test.h"

#include <errno.h>

static struct kill_case *c;
static struct apply *apply;
static struct cgroup cgroup;
static const struct cgroup_attr *attr;
static size_t n_told;
static uint64_t from, to;
static enum history_kind kind;

static void on_event(void *context, const struct apply_event *event)
{
	(void)context;
	n_told++;
	kind = event->kind;
	from = event->from->value;
	to = event->to->value;
}

static int setup(void **state)
{
	int r = kill_case_setup(state);

	c = *state;
	cgroup = (struct cgroup){.path = (char *)(uintptr_t)KILL_A};
	assert_int_equal(fs_inode(c->place.cgroup_fd, KILL_A, &cgroup.inode), 0);
	assert_int_equal(apply_new(c->place.cgroup_fd, -EBADF, &apply), 0);
	apply_on_event(apply, on_event, NULL);
	attr = cgroup_attr_of(KNOB_OOM_SCORE_ADJ);
	n_told = 0;
	return r;
}

static int teardown(void **state)
{
	fault_end();
	apply_free(apply);
	return kill_case_teardown(state);
}

TEST(a_record_says_what_the_container_had_until_it_ends)
{
	int score = 0;

	assert_false(cgroup_task_owned(&cgroup, attr, &score));
	assert_int_equal(cgroup_task_own(apply, &cgroup, attr, -997), 0);
	assert_true(cgroup_task_owned(&cgroup, attr, &score));
	assert_int_equal(score, -997);
	assert_int_equal(apply->originals.n, 1);
	cgroup_task_tell(apply, &cgroup, attr, false, NULL, "because");
	assert_int_equal(kind, HISTORY_WRITE);
	assert_int_equal(from, KNOB_SCORE_ZERO - 997);
	assert_int_equal(to, KNOB_SCORE_ZERO + 1000);
	cgroup_task_tell(apply, &cgroup, attr, true, NULL, "because");
	assert_int_equal(kind, HISTORY_RESTORE);
	assert_int_equal(to, KNOB_SCORE_ZERO - 997);
	cgroup_task_end(apply, &cgroup, attr);
	assert_false(cgroup_task_owned(&cgroup, attr, &score));
	assert_int_equal(apply->originals.n, 0);
}

TEST(a_restore_gives_back_to_those_that_still_have_what_colod_gave)
{
	struct apply_restored done;

	task_case_process(c->dir, KILL_A, 2000001, 100, 1000);
	task_case_process(c->dir, KILL_A, 2000002, 200, 950);
	assert_int_equal(cgroup_task_own(apply, &cgroup, attr, 910), 0);
	apply_use_processes(apply, c->place.root_fd);
	assert_int_equal(apply_restore(apply, false, &done), 0);
	assert_int_equal(done.written, 1);
	assert_int_equal(done.restored, 1);
	task_case_is(c->dir, 2000001, 910);
	task_case_is(c->dir, 2000002, 950);
	assert_int_equal(n_told, 1);
	assert_int_equal(apply->originals.n, 0);
}

/* It is no hold. */
TEST(the_end_of_holds_leaves_it)
{
	struct apply_restored done;

	task_case_process(c->dir, KILL_A, 2000001, 100, 1000);
	assert_int_equal(cgroup_task_own(apply, &cgroup, attr, 910), 0);
	apply_use_processes(apply, c->place.root_fd);
	apply_end_holds(apply, NULL, &done);
	assert_int_equal(done.written, 0);
	task_case_is(c->dir, 2000001, 1000);
}

TEST(what_could_not_be_given_back_stays_recorded)
{
	struct apply_restored done;

	task_case_process(c->dir, KILL_A, 2000001, 100, 1000);
	assert_int_equal(cgroup_task_own(apply, &cgroup, attr, 910), 0);
	/* Without /proc. */
	assert_int_equal(apply_restore(apply, false, &done), 0);
	assert_int_equal(done.left, 1);
	assert_int_equal(done.foreign, 0);
	assert_int_equal(apply->originals.n, 1);
	apply_use_processes(apply, c->place.root_fd);
	fault_begin();
	fault_set(SYS_WRITE, 1, -EACCES);
	assert_int_equal(apply_restore(apply, false, &done), 0);
	fault_end();
	assert_int_equal(done.left, 1);
	assert_int_equal(apply->originals.n, 1);
	task_case_set(c->dir, 2000001, 1000);
	assert_int_equal(apply_restore(apply, false, &done), 0);
	assert_int_equal(done.restored, 1);
	task_case_is(c->dir, 2000001, 910);
}

TEST(a_container_that_is_gone_takes_its_record_along)
{
	struct apply_restored done;

	cgroup.inode++;
	assert_int_equal(cgroup_task_own(apply, &cgroup, attr, 910), 0);
	apply_use_processes(apply, c->place.root_fd);
	assert_int_equal(apply_restore(apply, false, &done), 0);
	assert_int_equal(done.gone, 1);
	assert_int_equal(apply->originals.n, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_record_says_what_the_container_had_until_it_ends),
		CASE(a_restore_gives_back_to_those_that_still_have_what_colod_gave),
		CASE(the_end_of_holds_leaves_it),
		CASE(what_could_not_be_given_back_stays_recorded),
		CASE(a_container_that_is_gone_takes_its_record_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
