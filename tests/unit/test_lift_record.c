// SPDX-License-Identifier: LGPL-2.1-or-later
// What an agent had lifted when it was killed is put back by whoever comes next, and nothing else is.
#include "agent/apply/apply.h"
#include "agent/apply/lift_record.h"
#include "agent/base/fs.h"
#include "tests/lib/fault.h"
#include "tests/lib/kill_case.h"
#include "tests/lib/test.h"
#include "tests/lib/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

struct record_case {
	struct kill_case *c;
	struct kill_job job;
	struct kill_lift lift;
};

static int setup(void **state)
{
	struct record_case *l = calloc(1, sizeof(*l));
	void *own = NULL;

	assert_non_null(l);
	(void)kill_case_setup(&own);
	l->c = own;
	kill_case_set(l->c, KILL_POD, "cpu.weight", "2");
	kill_case_set(l->c, KILL_POD, "cpu.idle", "1");
	kill_case_set(l->c, KILL_POD, "cpu.max", "5000 20000");
	kill_case_set(l->c, KILL_A, "memory.high", "1048576");
	kill_case_set(l->c, KILL_A, "cpu.weight", "1000");
	kill_case_set(l->c, KILL_B, "cpu.weight", "1000");
	l->job = kill_case_job(l->c, KILL_POD);
	*state = l;
	return 0;
}

static int teardown(void **state)
{
	struct record_case *l = *state;
	void *own = l->c;

	(void)kill_lift_put_back(&l->lift);
	(void)close(l->job.dir_fd);
	(void)kill_case_teardown(&own);
	free(l);
	return 0;
}

/* As far as an agent gets that is killed while the pod dies. */
static void lift_it(struct record_case *l, unsigned slot)
{
	kill_lift_look(&l->lift, l->job.dir_fd);
	assert_true(lift_record_set(l->c->place.lifted, slot, l->job.path, l->job.inode, &l->lift));
	kill_lift(&l->lift);
}

static struct lift_back back(struct record_case *l)
{
	struct lift_back sum;

	lift_record_put_back(l->c->place.cgroup_fd, l->c->place.root_fd, &sum);
	return sum;
}

static bool is_recorded(struct record_case *l)
{
	return fs_exists(l->c->place.root_fd, LIFT_RECORD_FILE) == 1;
}

TEST(what_a_dead_agent_lifted_comes_back)
{
	for (unsigned slot = 0; slot < LIFT_RECORD_SLOTS; slot++) {
		struct record_case *l = *state;
		struct lift_back sum;

		lift_it(l, slot);
		kill_case_is(l->c, KILL_POD, "cpu.weight", "1000");
		kill_case_is(l->c, KILL_A, "memory.high", "max");
		sum = back(l);
		assert_int_equal(sum.written, 4);
		assert_int_equal(sum.restored, 4);
		assert_int_equal(sum.gone + sum.foreign + sum.failed + sum.bad, 0);
		kill_case_is(l->c, KILL_POD, "cpu.weight", "2");
		kill_case_is(l->c, KILL_POD, "cpu.idle", "1");
		kill_case_is(l->c, KILL_POD, "cpu.max", "5000 20000");
		kill_case_is(l->c, KILL_A, "memory.high", "1048576");
		/* It had this before. */
		kill_case_is(l->c, KILL_B, "cpu.weight", "1000");
		assert_false(is_recorded(l));
		lift_record_free(l->c->place.lifted);
		assert_int_equal(lift_record_new(l->c->place.root_fd, &l->c->place.lifted), 0);
	}
}

TEST(so_does_what_it_was_bounded_to_on_a_disk)
{
	struct record_case *l = *state;
	struct lift_back sum;

	kill_case_set(l->c, KILL_A, "io.max", "8:0 rbps=1048576 wbps=max riops=40 wiops=max\n");
	lift_it(l, 0);
	kill_case_is(l->c, KILL_A, "io.max", "8:0 rbps=max wbps=max riops=max wiops=max");
	sum = back(l);
	assert_int_equal(sum.written, 5);
	assert_int_equal(sum.restored, 5);
	assert_int_equal(sum.bad, 0);
	/* The kernel leaves the parts that are not named as they are. */
	kill_case_is(l->c, KILL_A, "io.max", "8:0 rbps=1048576 riops=40");
}

/* As much as there may be of all: it is recorded, and so it is lifted. */
TEST(four_disks_of_each_cgroup_fit)
{
	static const char lines[] =
		"259:1048572 rbps=18446744073709551614 wbps=18446744073709551614 riops=18446744073709551614 wiops=18446744073709551614\n"
		"259:1048573 rbps=18446744073709551614 wbps=18446744073709551614 riops=18446744073709551614 wiops=18446744073709551614\n"
		"259:1048574 rbps=18446744073709551614 wbps=18446744073709551614 riops=18446744073709551614 wiops=18446744073709551614\n"
		"259:1048575 rbps=18446744073709551614 wbps=18446744073709551614 riops=18446744073709551614 wiops=18446744073709551614\n";
	struct record_case *l = *state;
	char path[512];

	for (int i = 0; i < KILL_LIFT_CGROUPS; i++) {
		(void)snprintf(path, sizeof(path), "%s/s%02d", KILL_B, i);
		kill_case_cgroup(l->c, path);
		kill_case_set(l->c, path, "cpu.max", "1000 100000");
		kill_case_set(l->c, path, "cpu.weight", "1");
		kill_case_set(l->c, path, "memory.high", "18446744073709547520");
		kill_case_set(l->c, path, "io.max", lines);
	}
	kill_lift_look(&l->lift, l->job.dir_fd);
	assert_int_equal(l->lift.n, KILL_LIFT_CGROUPS);
	assert_true(lift_record_set(l->c->place.lifted, 0, l->job.path, l->job.inode, &l->lift));
}

TEST(whoever_opens_the_stage_puts_it_back_before_anything_is_read)
{
	struct record_case *l = *state;
	struct apply *apply = NULL;

	lift_it(l, 0);
	assert_int_equal(apply_new(l->c->place.cgroup_fd, l->c->place.root_fd, &apply), 0);
	apply_free(apply);
	kill_case_is(l->c, KILL_POD, "cpu.max", "5000 20000");
	assert_false(is_recorded(l));
}

TEST(what_somebody_wrote_since_stays)
{
	struct record_case *l = *state;
	struct lift_back sum;

	lift_it(l, 0);
	kill_case_set(l->c, KILL_POD, "cpu.max", "9000 100000");
	sum = back(l);
	assert_int_equal(sum.foreign, 1);
	assert_int_equal(sum.restored, 3);
	kill_case_is(l->c, KILL_POD, "cpu.max", "9000 100000");
}

TEST(what_was_recorded_and_not_lifted_yet_is_not_written)
{
	struct record_case *l = *state;

	kill_lift_look(&l->lift, l->job.dir_fd);
	assert_true(lift_record_set(l->c->place.lifted, 1, l->job.path, l->job.inode, &l->lift));
	fault_begin();
	assert_int_equal(back(l).foreign, 4);
	assert_int_equal(fault_count(SYS_WRITE), 0);
	fault_end();
}

TEST(a_pod_that_is_gone_or_made_anew_is_left_alone)
{
	struct record_case *l = *state;
	struct lift_back sum;

	lift_it(l, 0);
	assert_int_equal(tree_delete(l->c->dir, "sys/fs/cgroup/" KILL_A), 0);
	sum = back(l);
	assert_int_equal(sum.gone, 1);
	assert_int_equal(sum.restored, 3);
	lift_record_free(l->c->place.lifted);
	assert_int_equal(lift_record_new(l->c->place.root_fd, &l->c->place.lifted), 0);
	lift_it(l, 0);
	assert_int_equal(tree_delete(l->c->dir, "sys/fs/cgroup/" KILL_POD), 0);
	kill_case_cgroup(l->c, "kubepods.slice/other");
	kill_case_cgroup(l->c, KILL_POD);
	kill_case_set(l->c, KILL_POD, "cpu.max", "max 20000");
	sum = back(l);
	assert_int_equal(sum.gone, 3);
	assert_int_equal(sum.restored, 0);
	kill_case_is(l->c, KILL_POD, "cpu.max", "max 20000");
}

TEST(what_the_kernel_refuses_stays_recorded)
{
	struct record_case *l = *state;

	lift_it(l, 0);
	fault_begin();
	/* The weight, cpu.idle, and this. */
	fault_set(SYS_WRITE, 3, -EIO);
	assert_int_equal(back(l).failed, 1);
	fault_end();
	assert_true(is_recorded(l));
	/* A fake file is empty now. */
	kill_case_set(l->c, KILL_POD, "cpu.max", "max 20000");
	assert_int_equal(back(l).restored, 1);
	kill_case_is(l->c, KILL_POD, "cpu.max", "5000 20000");
	assert_false(is_recorded(l));
}

TEST(an_end_in_good_order_leaves_nothing)
{
	struct record_case *l = *state;

	lift_it(l, 0);
	assert_int_equal(kill_lift_put_back(&l->lift), 0);
	lift_record_clear(l->c->place.lifted, 0);
	assert_int_equal(back(l).written, 0);
	lift_record_free(l->c->place.lifted);
	l->c->place.lifted = NULL;
	assert_false(is_recorded(l));
}

static void poke(struct record_case *l, const char *text)
{
	int fd = openat(l->c->place.root_fd, LIFT_RECORD_FILE, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text) + 1), strlen(text) + 1);
	(void)close(fd);
}

TEST(a_record_without_its_sign_and_lines_of_nonsense_write_nothing)
{
	struct record_case *l = *state;
	char text[600];

	kill_case_set(l->c, KILL_POD, "cpu.max", "max 20000");
	(void)snprintf(text, sizeof(text), " %ju %s\n%ju cpu.max 5000 20000\n",
		       (uintmax_t)l->job.inode, KILL_POD, (uintmax_t)l->job.inode);
	poke(l, text);
	assert_int_equal(back(l).written, 0);
	lift_record_free(l->c->place.lifted);
	assert_int_equal(lift_record_new(l->c->place.root_fd, &l->c->place.lifted), 0);
	(void)snprintf(text, sizeof(text),
		       "+ %ju %s\n%ju cgroup.kill 1\n%ju memory.max 5\n%ju cpu.max many\nwords\n",
		       (uintmax_t)l->job.inode, KILL_POD, (uintmax_t)l->job.inode,
		       (uintmax_t)l->job.inode, (uintmax_t)l->job.inode);
	poke(l, text);
	fault_begin();
	assert_int_equal(back(l).bad, 4);
	assert_int_equal(fault_count(SYS_WRITE), 0);
	fault_end();
	kill_case_is(l->c, KILL_POD, "cpu.max", "max 20000");
}

TEST(what_cannot_be_recorded_is_not_lifted)
{
	struct record_case *l = *state;
	struct kill_place place = l->c->place;
	struct kill_done done;

	place.lifted = NULL;
	kill_act(&place, &l->job, NULL, &done);
	assert_int_equal(done.result, 0);
	assert_int_equal(done.lifted, 0);
	kill_case_is(l->c, KILL_POD, "cpu.max", "5000 20000");
	l->job = kill_case_job(l->c, KILL_POD);
	fault_begin();
	fault_set(SYS_WRITE, 1, -ENOSPC);
	assert_int_equal(lift_record_new(l->c->place.root_fd, &place.lifted), -ENOSPC);
	fault_end();
}

#define RECORD_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECORD_TEST(what_a_dead_agent_lifted_comes_back),
		RECORD_TEST(so_does_what_it_was_bounded_to_on_a_disk),
		RECORD_TEST(four_disks_of_each_cgroup_fit),
		RECORD_TEST(whoever_opens_the_stage_puts_it_back_before_anything_is_read),
		RECORD_TEST(what_somebody_wrote_since_stays),
		RECORD_TEST(what_was_recorded_and_not_lifted_yet_is_not_written),
		RECORD_TEST(a_pod_that_is_gone_or_made_anew_is_left_alone),
		RECORD_TEST(what_the_kernel_refuses_stays_recorded),
		RECORD_TEST(an_end_in_good_order_leaves_nothing),
		RECORD_TEST(a_record_without_its_sign_and_lines_of_nonsense_write_nothing),
		RECORD_TEST(what_cannot_be_recorded_is_not_lifted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
