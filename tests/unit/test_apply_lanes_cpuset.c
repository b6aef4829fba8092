// SPDX-License-Identifier: LGPL-2.1-or-later
// Sets and partitions through the slow lane: they move tasks, so the loop does not wait for them, and
// they end in the order in which the diff gave them. The lane is held by a write to a full pipe.
#include "tests/lib/test.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/apply/apply_lanes.h"
#include "policy/decide.h"
#include "policy/diff.h"
#include "policy/knob.h"
#include "tests/lib/apply_case.h"

#define HOUR_US 3600000000ull
#define STRANGER UINT64_MAX

static struct apply_case *s;
static struct lanes *lanes;
static int full;

static int setup(void **state)
{
	static const char page[4096];

	if (apply_case_setup(state) < 0)
		return -1;
	s = *state;
	assert_int_equal(mkfifoat(s->k.state_fd, "full", 0600), 0);
	full = openat(s->k.state_fd, "full", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	assert_true(full >= 0);
	while (write(full, page, sizeof(page)) > 0)
		continue;
	lanes = calloc(1, sizeof(*lanes));
	assert_non_null(lanes);
	lanes->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_int_equal(lane_new("urgent", lanes->event_fd, HOUR_US, &lanes->urgent), 0);
	assert_int_equal(lane_new("slow", lanes->event_fd, HOUR_US, &lanes->slow), 0);
	assert_int_equal(apply_use_lanes(s->k.apply, lanes), 0);
	return 0;
}

static int teardown(void **state)
{
	lanes_free(lanes);
	(void)close(full);
	return apply_case_teardown(state);
}

static void block(void)
{
	int fd = fcntl(s->k.state_fd, F_DUPFD_CLOEXEC, 0);

	assert_int_equal(lane_write(lanes->slow, fd, "full", 0, "x", STRANGER), 0);
	while (!lane_counts(lanes->slow).running)
		(void)sched_yield();
}

static void settle(void)
{
	struct apply_counts counts = {0};

	(void)lane_cancel(lanes->slow, STRANGER);
	while (lane_counts(lanes->slow).waiting > 0)
		(void)sched_yield();
	apply_collect(s->k.apply, &s->k.f.model, &s->k.changes, &counts);
}

static void plan_own_cores(const char *list)
{
	fake_plan_cpus(&s->k.f, s->online, KNOB_CPUSET_EXCLUSIVE, EFFECT_SHARE, list);
	fake_plan_cpus(&s->k.f, s->online->parent, KNOB_CPUSET_EXCLUSIVE, EFFECT_SHARE, list);
	fake_kernel_plan(&s->k, s->online, KNOB_CPUSET_PARTITION, EFFECT_SHARE, PARTITION_ROOT);
}

static uint64_t partition(void)
{
	return fake_kernel_value(&s->k, APPLY_ONLINE, KNOB_CPUSET_PARTITION).value;
}

TEST(the_loop_does_not_wait_and_all_of_it_comes_in_order)
{
	plan_own_cores("2-3");
	block();
	assert_int_equal(fake_kernel_pass(&s->k), 0);
	assert_int_equal(lane_counts(lanes->slow).waiting, 4);
	assert_int_equal(lane_counts(lanes->urgent).waiting, 0);
	assert_int_equal(partition(), PARTITION_MEMBER);
	assert_true(s->online->knobs[KNOB_CPUSET_PARTITION].under_way);
	/* Meanwhile nothing is handed in twice. */
	assert_int_equal(fake_kernel_pass(&s->k), 0);
	assert_int_equal(lane_counts(lanes->slow).waiting, 4);
	settle();
	assert_int_equal(partition(), PARTITION_ROOT);
	assert_false(s->online->knobs[KNOB_CPUSET_PARTITION].under_way);
	assert_int_equal(fake_kernel_pass(&s->k), 0);
	assert_int_equal(s->k.changes.n, 0);
}

/* One that is taken out of the line would leave those behind it without what they need. */
TEST(a_plan_that_changes_waits_for_what_is_in_the_line)
{
	struct knob_value left;

	plan_own_cores("2-3");
	block();
	assert_int_equal(fake_kernel_pass(&s->k), 0);
	plan_clear(&s->k.f.plan);
	assert_int_equal(fake_kernel_pass(&s->k), 0);
	assert_int_equal(lane_counts(lanes->slow).waiting, 4);
	settle();
	assert_int_equal(partition(), PARTITION_ROOT);
	(void)fake_kernel_pass(&s->k);
	settle();
	assert_int_equal(partition(), PARTITION_MEMBER);
	left = fake_kernel_value(&s->k, APPLY_ONLINE, KNOB_CPUSET_EXCLUSIVE);
	assert_true(cpu_set_is_empty(&left.cpus));
	assert_null(apply_case_record(s, s->online, KNOB_CPUSET_PARTITION));
}

TEST(a_set_in_very_many_pieces_is_written_all_the_same)
{
	static char list[KNOB_TEXT_SIZE];
	struct knob_value there;

	for (int cpu = 0; cpu < 256; cpu += 2)
		(void)snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%d",
			       cpu ? "," : "", cpu);
	fake_plan_cpus(&s->k.f, s->hog, KNOB_CPUSET_CPUS, EFFECT_SHARE, list);
	assert_int_equal(fake_kernel_pass(&s->k), 1);
	there = fake_kernel_value(&s->k, APPLY_HOG, KNOB_CPUSET_CPUS);
	assert_int_equal(cpu_set_count(&there.cpus), 128);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_loop_does_not_wait_and_all_of_it_comes_in_order),
		CASE(a_plan_that_changes_waits_for_what_is_in_the_line),
		CASE(a_set_in_very_many_pieces_is_written_all_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
