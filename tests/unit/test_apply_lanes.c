// SPDX-License-Identifier: LGPL-2.1-or-later
// memory.high through a lane. A write to a full pipe, handed in before, keeps the lane busy for as
// long as the test wants.
#include "policy/knob.h"
#include "tests/lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/apply/apply_lanes.h"
#include "policy/decide.h"
#include "policy/diff.h"
#include "tests/lib/alloc_count.h"
#include "tests/lib/apply_case.h"
#include "tests/lib/tree.h"

#define MIB ((uint64_t)1 << 20)
#define S_US 1000000
#define HOUR_US (3600ull * S_US)
#define STRANGER UINT64_MAX /* the token of no write of apply */

struct lanes_case {
	struct apply_case *s;
	struct lanes *lanes;
	struct apply_counts counts;
	int64_t now_us;
	int full;
};

static struct lanes_case t;

static int setup(void **state)
{
	static const char page[4096];

	if (apply_case_setup(state) < 0)
		return -1;
	t = (struct lanes_case){.s = *state, .now_us = 100 * (int64_t)S_US};
	assert_int_equal(mkfifoat(t.s->k.state_fd, "full", 0600), 0);
	t.full = openat(t.s->k.state_fd, "full", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	assert_true(t.full >= 0);
	while (write(t.full, page, sizeof(page)) > 0)
		continue;
	/* As lanes_new() does it, but a write lasts until the test ends it. */
	t.lanes = calloc(1, sizeof(*t.lanes));
	assert_non_null(t.lanes);
	t.lanes->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_true(t.lanes->event_fd >= 0);
	assert_int_equal(lane_new("urgent", t.lanes->event_fd, HOUR_US, &t.lanes->urgent), 0);
	assert_int_equal(lane_new("slow", t.lanes->event_fd, HOUR_US, &t.lanes->slow), 0);
	assert_int_equal(apply_use_lanes(t.s->k.apply, t.lanes), 0);
	return 0;
}

static int teardown(void **state)
{
	lanes_free(t.lanes);
	(void)close(t.full);
	return apply_case_teardown(state);
}

static void use(uint64_t mib)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)(mib * MIB));
	assert_int_equal(tree_knob(t.s->k.dir, APPLY_HOG, "memory.current", text), 0);
}

/* Somebody else. */
static void set_high(uint64_t mib)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%" PRIu64, mib * MIB);
	assert_int_equal(tree_knob(t.s->k.dir, APPLY_HOG, "memory.high", text), 0);
}

static void want(uint64_t mib)
{
	plan_clear(&t.s->k.f.plan);
	fake_kernel_plan(&t.s->k, t.s->hog, KNOB_MEMORY_HIGH, EFFECT_LIMIT, mib * MIB);
}

static void want_nothing(void)
{
	plan_clear(&t.s->k.f.plan);
}

/* The lane is busy until unblock(). */
static void block(struct lane *lane)
{
	int fd = fcntl(t.s->k.state_fd, F_DUPFD_CLOEXEC, 0);

	assert_int_equal(lane_write(lane, fd, "full", 0, "x", STRANGER), 0);
	while (!lane_counts(lane).running)
		(void)sched_yield();
}

static void unblock(struct lane *lane)
{
	(void)lane_cancel(lane, STRANGER);
}

static bool is_busy(void)
{
	return lane_counts(t.lanes->slow).waiting + lane_counts(t.lanes->urgent).waiting > 0;
}

/* Waits until no write is under way, and takes up what came of them. */
static void settle(void)
{
	while (is_busy())
		(void)sched_yield();
	apply_set_now(t.s->k.apply, t.now_us);
	apply_collect(t.s->k.apply, &t.s->k.f.model, &t.s->k.changes, &t.counts);
}

/* Again while the end of one write was the beginning of the next. */
static void settle_all(void)
{
	do
		settle();
	while (is_busy());
	settle();
}

static int pass(void)
{
	t.now_us += S_US;
	return fake_kernel_pass(&t.s->k);
}

static uint64_t high(void)
{
	return apply_case_value(t.s, APPLY_HOG, KNOB_MEMORY_HIGH);
}

static const struct change *change(void)
{
	assert_int_equal(t.s->k.changes.n, 1);
	return &t.s->k.changes.list[0];
}

static const struct knob_state *state_of(void)
{
	return &t.s->hog->knobs[KNOB_MEMORY_HIGH];
}

TEST(a_write_is_pending_until_it_has_ended_and_is_recorded_before)
{
	use(1);
	want(100);
	block(t.lanes->slow);
	assert_int_equal(pass(), 0);
	assert_false(change()->done);
	assert_int_equal(change()->refusal, REFUSAL_NONE);
	assert_true(high() == KNOB_VALUE_MAX);
	assert_true(state_of()->under_way);
	assert_non_null(apply_case_record(t.s, t.s->hog, KNOB_MEMORY_HIGH));
	unblock(t.lanes->slow);
	settle_all();
	assert_int_equal(high(), 100 * MIB);
	assert_true(change()->done);
	assert_int_equal(change()->got.value, 100 * MIB);
	assert_int_equal(t.counts.writes, 1);
	assert_true(state_of()->owned);
	assert_false(state_of()->under_way);
	assert_int_equal(state_of()->written.value, 100 * MIB);
	assert_true(state_of()->original.value == KNOB_VALUE_MAX);
	assert_int_equal(pass(), 0);
	assert_int_equal(t.s->k.changes.n, 0);
}

TEST(a_second_write_of_a_knob_is_not_handed_in_beside_the_first)
{
	use(1);
	want(100);
	block(t.lanes->slow);
	(void)pass();
	assert_int_equal(lane_counts(t.lanes->slow).waiting, 2);
	(void)pass();
	(void)pass();
	assert_int_equal(lane_counts(t.lanes->slow).waiting, 2);
	unblock(t.lanes->slow);
	settle_all();
	assert_int_equal(high(), 100 * MIB);
	assert_int_equal(t.counts.writes, 1);
}

TEST(an_undo_takes_back_what_waits_and_nothing_is_left)
{
	use(1);
	want(100);
	block(t.lanes->slow);
	(void)pass();
	fake_kernel_read(&t.s->k);
	want_nothing();
	(void)pass();
	unblock(t.lanes->slow);
	settle_all();
	assert_true(high() == KNOB_VALUE_MAX);
	assert_false(state_of()->owned);
	assert_null(apply_case_record(t.s, t.s->hog, KNOB_MEMORY_HIGH));
	(void)pass();
	assert_int_equal(t.s->k.changes.n, 0);
}

/* Over a value that colod wrote before: that one stays colod's, and is undone. */
TEST(an_undo_of_a_second_step_gives_the_original_back)
{
	use(1);
	want(200);
	(void)pass();
	settle_all();
	assert_int_equal(high(), 200 * MIB);
	want(100);
	block(t.lanes->slow);
	(void)pass();
	want_nothing();
	(void)pass(); /* takes it back */
	unblock(t.lanes->slow);
	settle_all();
	assert_int_equal(high(), 200 * MIB);
	(void)pass();
	settle_all();
	assert_true(high() == KNOB_VALUE_MAX);
	assert_int_equal(t.counts.restores, 1);
	assert_null(apply_case_record(t.s, t.s->hog, KNOB_MEMORY_HIGH));
}

TEST(giving_back_does_not_wait_behind_a_long_job)
{
	use(1);
	want(100);
	(void)pass();
	settle_all();
	want_nothing();
	block(t.lanes->slow);
	(void)pass();
	while (lane_counts(t.lanes->urgent).waiting > 0)
		(void)sched_yield();
	assert_true(high() == KNOB_VALUE_MAX);
	assert_true(lane_counts(t.lanes->slow).running);
	unblock(t.lanes->slow);
	settle_all();
	assert_int_equal(t.counts.restores, 1);
	assert_false(state_of()->owned);
}

TEST(it_goes_down_in_steps_while_the_use_follows)
{
	const uint64_t steps[] = {1984, 1920, 1856, 1800};

	want(1800);
	use(2048);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		(void)pass();
		use(steps[i]); /* what the kernel reclaims in the writer */
		settle_all();
		assert_int_equal(high(), steps[i] * MIB);
		assert_int_equal(change()->done, i == 3);
	}
	assert_int_equal(t.counts.writes, 1);
}

TEST(what_cannot_be_reclaimed_is_not_punished_and_tried_again_later)
{
	want(100);
	use(400);
	(void)pass();
	settle_all();
	/* Nothing went: back to a little above what is in use, so that it cannot grow further. */
	assert_int_equal(high(), 400 * MIB + 400 * MIB / 32);
	assert_int_equal(state_of()->written.value, 400 * MIB + 400 * MIB / 32);
	assert_true(state_of()->original.value == KNOB_VALUE_MAX);
	assert_false(change()->done);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(pass(), 0);
		assert_int_equal(lane_counts(t.lanes->slow).waiting, 0);
		settle_all();
	}
	assert_int_equal(lane_counts(t.lanes->slow).written, 1);
	/* Meanwhile it follows the use down, without pressing. */
	use(380);
	(void)pass();
	settle_all();
	assert_int_equal(high(), 380 * MIB + 380 * MIB / 32);
	/* It may use its room, and no more. */
	use(390);
	assert_int_equal(pass(), 0);
	settle_all();
	assert_int_equal(lane_counts(t.lanes->slow).written, 2);
	/* After 10 s another try, and the next one only after 20 s. */
	t.now_us += 3 * S_US;
	settle();
	(void)pass();
	settle_all();
	assert_int_equal(high(), 380 * MIB + 380 * MIB / 32);
	assert_int_equal(lane_counts(t.lanes->slow).written, 3);
	t.now_us += 12 * S_US;
	settle();
	(void)pass();
	settle_all();
	assert_int_equal(lane_counts(t.lanes->slow).written, 3);
	assert_int_equal(apply_case_restore(t.s).restored, 1);
	assert_true(high() == KNOB_VALUE_MAX);
}

/* The first step ends a little over its value, since the pod has grown meanwhile: the second comes
 * to nothing, and what the first left must not stay as a brake. */
TEST(what_cannot_be_reclaimed_is_not_held_by_an_earlier_step)
{
	want(100);
	use(400);
	(void)pass();
	use(380); /* 5 of the 25 MiB were not to be had, and it helped */
	settle_all();
	assert_int_equal(high(), 375 * MIB);
	use(385);
	(void)pass();
	settle_all();
	assert_int_equal(high(), 385 * MIB + 385 * MIB / 32);
}

/* What the rest keeps colod from writing over is no rewrite in each pass. */
TEST(a_tighter_value_of_somebody_else_is_no_fight)
{
	want(100);
	use(400);
	(void)pass();
	settle_all();
	set_high(405);
	for (int i = 0; i < 9; i++) {
		(void)pass();
		settle_all();
	}
	assert_int_equal(apply_drift(t.s->k.apply).rewrites, 0);
	assert_int_equal(high(), 405 * MIB);
}

/* A value set by others bounds what is given back. */
TEST(what_is_eased_does_not_go_above_the_original)
{
	set_high(402);
	want(100);
	use(400);
	(void)pass();
	settle_all();
	assert_int_equal(high(), 402 * MIB);
}

TEST(a_value_a_little_below_the_use_stays)
{
	want(100);
	use(101);
	(void)pass();
	settle_all();
	assert_int_equal(high(), 100 * MIB);
	assert_true(change()->done);
}

TEST(a_vanished_cgroup_is_normal)
{
	use(1);
	want(100);
	block(t.lanes->slow);
	(void)pass();
	fake_kernel_remove(&t.s->k, APPLY_HOG);
	unblock(t.lanes->slow);
	settle_all();
	assert_int_equal(t.counts.writes + t.counts.refusals, 0);
	assert_null(apply_case_record(t.s, t.s->hog, KNOB_MEMORY_HIGH));
}

TEST(another_writer_in_between_is_seen)
{
	use(1);
	want(100);
	t.s->k.race_knob = KNOB_MEMORY_HIGH;
	t.s->k.race_text = "12345344";
	(void)pass();
	settle_all();
	assert_int_equal(high(), 12345344);
	assert_int_equal(change()->refusal, REFUSAL_DIFFERS);
	assert_int_equal(t.counts.refusals, 1);
}

TEST(a_full_slow_lane_leaves_the_change_for_the_next_pass)
{
	use(1);
	want(100);
	block(t.lanes->slow);
	for (size_t i = 1; i < LANE_JOBS; i++)
		assert_int_equal(lane_close(t.lanes->slow, fcntl(t.full, F_DUPFD_CLOEXEC, 0)), 0);
	(void)pass();
	assert_false(change()->done);
	assert_int_equal(change()->refusal, REFUSAL_NONE);
	assert_false(state_of()->under_way);
	assert_null(apply_case_record(t.s, t.s->hog, KNOB_MEMORY_HIGH));
	unblock(t.lanes->slow);
	settle_all();
	(void)pass();
	settle_all();
	assert_int_equal(high(), 100 * MIB);
}

TEST(a_full_urgent_lane_gives_back_in_line)
{
	use(1);
	want(100);
	(void)pass();
	settle_all();
	want_nothing();
	block(t.lanes->urgent);
	for (size_t i = 1; i < LANE_JOBS; i++)
		assert_int_equal(lane_close(t.lanes->urgent, fcntl(t.full, F_DUPFD_CLOEXEC, 0)), 0);
	assert_int_equal(pass(), 1);
	assert_true(high() == KNOB_VALUE_MAX);
	assert_true(change()->done);
	unblock(t.lanes->urgent);
	settle_all();
}

/* Beginning, going on and giving back, each once before. */
TEST(a_pass_with_work_for_the_lanes_allocates_nothing)
{
	static const uint64_t wants[] = {100, 90, 0, 100, 90, 0};
	unsigned long before = 0;

	/* What the fake kernel does beside is not of interest. */
	apply_set_hook(t.s->k.apply, NULL, NULL);
	use(1);
	for (size_t i = 0; i < 6; i++) {
		if (wants[i] > 0)
			want(wants[i]);
		else
			want_nothing();
		if (i >= 3)
			before = alloc_count();
		(void)pass();
		settle_all();
		if (i >= 3)
			assert_int_equal(alloc_count(), before);
		assert_int_equal(high(), wants[i] > 0 ? wants[i] * MIB : KNOB_VALUE_MAX);
	}
}

/* What a stop does. */
TEST(stopping_in_the_middle_leaves_nothing_behind)
{
	use(1);
	want(100);
	block(t.lanes->slow);
	(void)pass();
	lanes_free(t.lanes);
	t.lanes = NULL;
	assert_int_equal(apply_use_lanes(t.s->k.apply, NULL), 0);
	assert_int_equal(apply_case_restore(t.s).left, 0);
	assert_true(high() == KNOB_VALUE_MAX);
	assert_null(apply_case_record(t.s, t.s->hog, KNOB_MEMORY_HIGH));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_write_is_pending_until_it_has_ended_and_is_recorded_before),
		CASE(a_second_write_of_a_knob_is_not_handed_in_beside_the_first),
		CASE(an_undo_takes_back_what_waits_and_nothing_is_left),
		CASE(an_undo_of_a_second_step_gives_the_original_back),
		CASE(giving_back_does_not_wait_behind_a_long_job),
		CASE(it_goes_down_in_steps_while_the_use_follows),
		CASE(what_cannot_be_reclaimed_is_not_punished_and_tried_again_later),
		CASE(what_cannot_be_reclaimed_is_not_held_by_an_earlier_step),
		CASE(a_tighter_value_of_somebody_else_is_no_fight),
		CASE(what_is_eased_does_not_go_above_the_original),
		CASE(a_value_a_little_below_the_use_stays),
		CASE(a_vanished_cgroup_is_normal),
		CASE(another_writer_in_between_is_seen),
		CASE(a_full_slow_lane_leaves_the_change_for_the_next_pass),
		CASE(a_full_urgent_lane_gives_back_in_line),
		CASE(a_pass_with_work_for_the_lanes_allocates_nothing),
		CASE(stopping_in_the_middle_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
