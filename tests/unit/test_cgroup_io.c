// SPDX-License-Identifier: LGPL-2.1-or-later
// io.max as a hold: one line a disk, of which only what was held is written and given back; the lines of other disks, and
// what somebody else wrote since, are never touched.
#include "tests/lib/test.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "agent/apply/apply_lanes.h"
#include "policy/decide.h"
#include "policy/diff.h"
#include "policy/knob.h"
#include "tests/lib/apply_case.h"
#include "tests/lib/tree.h"

#define OTHERS "8:48 rbps=11 wbps=max riops=max wiops=max\n"
#define SECOND ((enum knob)(KNOB_IO_MAX + 1))

static const char *file(struct apply_case *s)
{
	static char text[512];

	assert_int_equal(tree_knob_read(s->k.dir, APPLY_HOG, "io.max", text, sizeof(text)), 0);
	return text;
}

static void somebody_writes(struct apply_case *s, const char *line)
{
	struct knob_value value;

	assert_int_equal(knob_parse(KNOB_IO_MAX, line, &value), 0);
	assert_true(fake_kernel_write(&s->k, APPLY_HOG, KNOB_IO_MAX, &value));
}

static int setup(void **state)
{
	struct apply_case *s;

	if (apply_case_setup(state) < 0)
		return -1;
	s = *state;
	assert_int_equal(tree_knob(s->k.dir, APPLY_HOG, "io.max", OTHERS), 0);
	fake_kernel_read(&s->k);
	return 0;
}

/* NULL: nothing is wanted any more. */
static int pass(struct apply_case *s, enum knob knob, const char *line)
{
	struct plan_entry e = {
		.cgroup = s->hog,
		.knob = knob,
		.effect = EFFECT_HOLD,
		.reason = {.code = REASON_SQUEEZE, .level = LEVEL_NONE, .rule = -1},
	};

	plan_clear(&s->k.f.plan);
	if (line) {
		assert_int_equal(knob_parse(knob, line, &e.want), 0);
		assert_int_equal(plan_add(&s->k.f.plan, &e), 0);
	}
	return fake_kernel_pass(&s->k);
}

static const struct knob_state *state_of(const struct apply_case *s, enum knob knob)
{
	return &s->hog->knobs[knob];
}

TEST(one_line_is_written_and_given_back_and_the_others_stay)
{
	struct apply_case *s = *state;

	s->k.record_checked = s->hog;
	assert_int_equal(pass(s, KNOB_IO_MAX, "8:0 rbps=4096"), 1);
	assert_string_equal(file(s), OTHERS "8:0 rbps=4096 wbps=max riops=max wiops=max\n");
	assert_true(state_of(s, KNOB_IO_MAX)->held);
	assert_int_equal(pass(s, KNOB_IO_MAX, "8:0 rbps=4096"), 0);
	/* Another part of it, and a lower one. */
	assert_int_equal(pass(s, KNOB_IO_MAX, "8:0 rbps=2048 wbps=9000"), 1);
	assert_string_equal(file(s), OTHERS "8:0 rbps=2048 wbps=9000 riops=max wiops=max\n");
	assert_int_equal(pass(s, KNOB_IO_MAX, NULL), 1);
	assert_string_equal(file(s), OTHERS);
	assert_false(state_of(s, KNOB_IO_MAX)->owned);
	assert_null(apply_case_record(s, s->hog, KNOB_IO_MAX));
}

TEST(each_disk_has_its_own_original)
{
	struct apply_case *s = *state;

	somebody_writes(s, "8:16 wiops=50");
	fake_kernel_read(&s->k);
	(void)pass(s, KNOB_IO_MAX, "8:0 rbps=4096");
	(void)pass(s, SECOND, "8:16 wiops=20");
	/* Of the first nothing is planned any more: it is given back in the same pass. */
	assert_string_equal(file(s), OTHERS "8:16 rbps=max wbps=max riops=max wiops=20\n");
	(void)pass(s, SECOND, NULL);
	assert_string_equal(file(s), OTHERS "8:16 rbps=max wbps=max riops=max wiops=50\n");
}

TEST(what_somebody_else_wrote_since_stays_part_by_part)
{
	struct apply_case *s = *state;

	(void)pass(s, KNOB_IO_MAX, "8:0 rbps=4096 wbps=9000");
	somebody_writes(s, "8:0 wbps=7 wiops=3");
	fake_kernel_read(&s->k);
	assert_int_equal(pass(s, KNOB_IO_MAX, NULL), 1);
	assert_string_equal(file(s), OTHERS "8:0 rbps=max wbps=7 riops=max wiops=3\n");
	assert_false(state_of(s, KNOB_IO_MAX)->owned);
}

TEST(a_hold_that_somebody_lifted_is_put_back_and_what_he_wrote_is_the_original)
{
	struct apply_case *s = *state;

	(void)pass(s, KNOB_IO_MAX, "8:0 rbps=4096 wbps=9000");
	somebody_writes(s, "8:0 wbps=max wiops=3");
	fake_kernel_read(&s->k);
	assert_int_equal(pass(s, KNOB_IO_MAX, "8:0 rbps=4096 wbps=9000"), 1);
	assert_string_equal(file(s), OTHERS "8:0 rbps=4096 wbps=9000 riops=max wiops=3\n");
	assert_true(state_of(s, KNOB_IO_MAX)->original.io.bytes[DISK_READ] == KNOB_VALUE_MAX);
	assert_true(state_of(s, KNOB_IO_MAX)->original.io.requests[DISK_WRITE] == 3);
	(void)pass(s, KNOB_IO_MAX, NULL);
	assert_string_equal(file(s), OTHERS "8:0 rbps=max wbps=max riops=max wiops=3\n");
}

/* As a guard does it, or the next colod: from the record alone. */
TEST(a_hold_ends_with_the_agent)
{
	struct apply_case *s = *state;
	struct apply_restored done;

	(void)pass(s, KNOB_IO_MAX, "8:0 rbps=4096 wbps=9000");
	(void)pass(s, KNOB_IO_MAX, "8:0 rbps=2048 wbps=9000");
	somebody_writes(s, "8:0 wiops=3");
	fake_kernel_end(&s->k);
	fake_kernel_start(&s->k);
	apply_end_holds(s->k.apply, &s->k.f.model, &done);
	assert_int_equal(done.restored, 1);
	assert_int_equal(done.left, 0);
	assert_string_equal(file(s), OTHERS "8:0 rbps=max wbps=max riops=max wiops=3\n");
	assert_false(state_of(s, KNOB_IO_MAX)->owned);
}

/* Killed between the record of the second value and its write: the first is there. */
TEST(a_hold_that_was_about_to_change_ends_too)
{
	struct apply_case *s = *state;
	struct apply_restored done;

	(void)pass(s, KNOB_IO_MAX, "8:0 rbps=4096");
	s->k.fail_step = APPLY_STEP_WRITE;
	s->k.fail_knob = KNOB_IO_MAX;
	s->k.fail_error = -EINTR;
	(void)pass(s, KNOB_IO_MAX, "8:0 rbps=2048");
	s->k.fail_knob = KNOB_COUNT;
	fake_kernel_end(&s->k);
	fake_kernel_start(&s->k);
	apply_end_holds(s->k.apply, NULL, &done);
	assert_string_equal(file(s), OTHERS);
	assert_int_equal(done.left, 0);
}

TEST(a_disk_that_went_is_said_once_and_nothing_of_it_is_colods)
{
	struct apply_case *s = *state;

	s->k.fail_step = APPLY_STEP_WRITE;
	s->k.fail_knob = KNOB_IO_MAX;
	s->k.fail_error = -ENODEV;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pass(s, KNOB_IO_MAX, "8:0 rbps=4096"), 0);
		assert_int_equal(s->k.changes.list[0].refusal, REFUSAL_NO_DISK);
		assert_false(state_of(s, KNOB_IO_MAX)->owned);
	}
	/* It went while it was held: its line went with it, and there is nothing to give back. */
	s->k.fail_knob = KNOB_COUNT;
	assert_int_equal(pass(s, KNOB_IO_MAX, "8:0 rbps=4096"), 1);
	assert_int_equal(tree_knob(s->k.dir, APPLY_HOG, "io.max", OTHERS), 0);
	fake_kernel_read(&s->k);
	assert_int_equal(pass(s, KNOB_IO_MAX, NULL), 0);
	assert_false(state_of(s, KNOB_IO_MAX)->owned);
	assert_string_equal(file(s), OTHERS);
}

/* The plan has gone on to another disk before this one was given back. */
TEST(what_was_held_of_one_disk_ends_before_the_next_is_held)
{
	struct apply_case *s = *state;

	(void)pass(s, KNOB_IO_MAX, "8:0 rbps=4096");
	assert_int_equal(pass(s, KNOB_IO_MAX, "8:16 rbps=2048"), 1);
	assert_string_equal(file(s), OTHERS "8:16 rbps=2048 wbps=max riops=max wiops=max\n");
	assert_int_equal(state_of(s, KNOB_IO_MAX)->original.io.minor, 16);
	s->hog->knobs[KNOB_IO_MAX].now = state_of(s, KNOB_IO_MAX)->written;
	(void)pass(s, KNOB_IO_MAX, NULL);
	assert_string_equal(file(s), OTHERS);
}

TEST(another_writer_in_between_is_no_effect_of_ours)
{
	struct apply_case *s = *state;

	s->k.race_text = "8:0 rbps=5 wbps=max riops=max wiops=max\n";
	s->k.race_knob = KNOB_IO_MAX;
	(void)pass(s, KNOB_IO_MAX, "8:0 rbps=4096");
	assert_int_equal(s->k.changes.list[0].refusal, REFUSAL_DIFFERS);
	fake_kernel_read(&s->k);
	(void)pass(s, KNOB_IO_MAX, NULL);
	assert_string_equal(file(s), "8:0 rbps=5 wbps=max riops=max wiops=max\n");
}

/* From 6.10 on the first bound of a disk waits for what the disk is at work for. */
TEST(the_slow_lane_writes_it)
{
	struct apply_case *s = *state;
	struct lanes *lanes = NULL;
	struct apply_counts counts = {0};

	assert_int_equal(lanes_new(&lanes), 0);
	assert_int_equal(apply_use_lanes(s->k.apply, lanes), 0);
	for (int want = 1; want >= 0; want--) {
		struct pollfd p = {.fd = lanes->event_fd, .events = POLLIN};

		(void)pass(s, KNOB_IO_MAX, want ? "8:0 rbps=4096" : NULL);
		assert_true(state_of(s, KNOB_IO_MAX)->under_way);
		assert_int_equal(poll(&p, 1, 10000), 1);
		apply_collect(s->k.apply, &s->k.f.model, &s->k.changes, &counts);
		assert_int_equal(state_of(s, KNOB_IO_MAX)->owned, want);
		assert_int_equal(lane_counts(lanes->urgent).written, 0);
	}
	assert_string_equal(file(s), OTHERS);
	assert_int_equal(counts.writes, 1);
	assert_int_equal(counts.restores, 1);
	assert_int_equal(apply_use_lanes(s->k.apply, NULL), 0);
	lanes_free(lanes);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, apply_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(one_line_is_written_and_given_back_and_the_others_stay),
		CASE(each_disk_has_its_own_original),
		CASE(what_somebody_else_wrote_since_stays_part_by_part),
		CASE(a_hold_that_somebody_lifted_is_put_back_and_what_he_wrote_is_the_original),
		CASE(a_hold_ends_with_the_agent),
		CASE(a_hold_that_was_about_to_change_ends_too),
		CASE(a_disk_that_went_is_said_once_and_nothing_of_it_is_colods),
		CASE(what_was_held_of_one_disk_ends_before_the_next_is_held),
		CASE(another_writer_in_between_is_no_effect_of_ours),
		CASE(the_slow_lane_writes_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
