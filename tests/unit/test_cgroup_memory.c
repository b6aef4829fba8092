// SPDX-License-Identifier: LGPL-2.1-or-later
// memory.high is approached: never below what is in use in one step. memory.max never below it at all.
#include "tests/lib/test.h"

#include <errno.h>
#include <unistd.h>

#include "policy/knob.h"
#include "tests/lib/apply_case.h"
#include "tests/lib/tree.h"

#define MIB (1u << 20)

static uint64_t step_of(struct apply_case *s, enum knob knob, uint64_t now, uint64_t want,
			const char *current)
{
	const struct knob_value from = knob_value_of(now), to = knob_value_of(want);
	struct knob_value value = {.state = KNOB_UNREAD};
	int dir_fd = -EBADF;

	assert_int_equal(tree_knob(s->k.dir, APPLY_HOG, "memory.current", current), 0);
	assert_int_equal(apply_open(s->k.apply, APPLY_HOG, s->hog->inode, &dir_fd), 0);
	assert_int_equal(writer_of(knob)->step(dir_fd, &from, &to, &value), 0);
	(void)close(dir_fd);
	assert_int_equal(value.state, KNOB_KNOWN);
	return value.value;
}

static uint64_t step(struct apply_case *s, uint64_t now, uint64_t want, const char *current)
{
	return step_of(s, KNOB_MEMORY_HIGH, now, want, current);
}

TEST(memory_high_goes_up_at_once_and_down_no_further_than_what_is_in_use)
{
	struct apply_case *s = *state;
	const uint64_t mib = 1 << 20;

	/* Up, or down with room to spare: at once. */
	assert_int_equal(step(s, 10 * mib, 20 * mib, "15728640"), 20 * mib);
	assert_true(step(s, 10 * mib, KNOB_VALUE_MAX, "15728640") == KNOB_VALUE_MAX);
	assert_int_equal(step(s, 20 * mib, 10 * mib, "4096"), 10 * mib);
	assert_int_equal(step(s, KNOB_VALUE_MAX, 10 * mib, "10485760"), 10 * mib);
	/* In use: to what is in use. */
	assert_int_equal(step(s, KNOB_VALUE_MAX, 10 * mib, "15728640"), 15 * mib);
	/* Nothing to be gained: where it is. Never up. */
	assert_int_equal(step(s, 15 * mib, 10 * mib, "15728640"), 15 * mib);
	assert_int_equal(step(s, 15 * mib, 10 * mib, "15000000"), 15 * mib);
	assert_int_equal(step(s, 15 * mib, 10 * mib, "20971520"), 15 * mib);
}

/* The kernel kills in a cgroup that cannot be brought below its memory.max. */
TEST(memory_max_is_always_above_what_is_in_use)
{
	struct apply_case *s = *state;
	const uint64_t mib = 1 << 20;

	assert_int_equal(step_of(s, KNOB_MEMORY_MAX, 10 * mib, 20 * mib, "15728640"), 20 * mib);
	assert_int_equal(step_of(s, KNOB_MEMORY_MAX, KNOB_VALUE_MAX, 32 * mib, "15728640"),
			 32 * mib);
	/* In use, or next to it: room is left, and what is in use is followed down. */
	assert_int_equal(step_of(s, KNOB_MEMORY_MAX, KNOB_VALUE_MAX, 15 * mib, "15728640"),
			 19 * mib);
	assert_int_equal(step_of(s, KNOB_MEMORY_MAX, 19 * mib, 15 * mib, "12582912"), 16 * mib);
	assert_int_equal(step_of(s, KNOB_MEMORY_MAX, 16 * mib, 15 * mib, "11534336"), 15 * mib);
	/* It grew again: never up, and no lower than it is. */
	assert_int_equal(step_of(s, KNOB_MEMORY_MAX, 19 * mib, 15 * mib, "18874368"), 19 * mib);
}

/* One that has grown far over its value is held in vain as well: a try must come, or nothing eases it. */
TEST(a_use_far_above_the_value_is_still_tried)
{
	struct apply_case *s = *state;
	const struct knob_value from = knob_value_of(88 * MIB), to = knob_value_of(32 * MIB);
	struct knob_value value;
	uint64_t gap = 0;
	int dir_fd = -EBADF;

	assert_int_equal(tree_knob(s->k.dir, APPLY_HOG, "memory.current", "104857600"), 0);
	assert_int_equal(apply_open(s->k.apply, APPLY_HOG, s->hog->inode, &dir_fd), 0);
	assert_int_equal(
		writer_of(KNOB_MEMORY_HIGH)->stride(dir_fd, &from, &to, false, &value, &gap), 0);
	(void)close(dir_fd);
	assert_int_equal(value.value, 87 * MIB);
	assert_int_equal(gap, 13 * MIB);
}

TEST(memory_high_is_not_lowered_on_a_number_that_was_not_read)
{
	struct apply_case *s = *state;
	const struct knob_value from = knob_value_of(KNOB_VALUE_MAX), to = knob_value_of(4096);
	struct knob_value value;
	int dir_fd = -EBADF;

	assert_int_equal(apply_open(s->k.apply, APPLY_HOG, s->hog->inode, &dir_fd), 0);
	assert_int_equal(tree_knob(s->k.dir, APPLY_HOG, "memory.current", "?"), 0);
	assert_int_equal(writer_of(KNOB_MEMORY_HIGH)->step(dir_fd, &from, &to, &value), -EBADMSG);
	assert_int_equal(tree_delete(s->k.dir, "sys/fs/cgroup/" APPLY_HOG "/memory.current"), 0);
	assert_int_equal(writer_of(KNOB_MEMORY_HIGH)->step(dir_fd, &from, &to, &value), -ENOENT);
	(void)close(dir_fd);
}

TEST(memory_high_is_never_lowered_below_what_is_in_use_in_one_step)
{
	struct apply_case *s = *state;

	assert_int_equal(tree_knob(s->k.dir, APPLY_HOG, "memory.current", "209715200"), 0);
	fake_kernel_plan(&s->k, s->hog, KNOB_MEMORY_HIGH, EFFECT_LIMIT, 100 * MIB);
	assert_int_equal(fake_kernel_pass(&s->k), 1);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_MEMORY_HIGH), 200 * MIB);
	assert_false(s->k.changes.list[0].done);
	assert_int_equal(s->k.changes.list[0].refusal, REFUSAL_NONE);
	assert_int_equal(s->k.changes.list[0].got.value, 200 * MIB);
	/* Use stays: pending, but nothing is written, and never up again. */
	assert_int_equal(fake_kernel_pass(&s->k), 0);
	assert_int_equal(s->k.changes.n, 1);
	assert_int_equal(tree_knob(s->k.dir, APPLY_HOG, "memory.current", "262144000"), 0);
	assert_int_equal(fake_kernel_pass(&s->k), 0);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_MEMORY_HIGH), 200 * MIB);
	/* Use falls: it follows, then it arrives. */
	assert_int_equal(tree_knob(s->k.dir, APPLY_HOG, "memory.current", "157286400"), 0);
	assert_int_equal(fake_kernel_pass(&s->k), 1);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_MEMORY_HIGH), 150 * MIB);
	assert_int_equal(tree_knob(s->k.dir, APPLY_HOG, "memory.current", "4096"), 0);
	assert_int_equal(fake_kernel_pass(&s->k), 1);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_MEMORY_HIGH), 100 * MIB);
	assert_true(s->k.changes.list[0].done);
	assert_int_equal(fake_kernel_pass(&s->k), 0);
	assert_int_equal(s->k.changes.n, 0);
	assert_int_equal(apply_case_restore(s).restored, 1);
	assert_true(apply_case_value(s, APPLY_HOG, KNOB_MEMORY_HIGH) == KNOB_VALUE_MAX);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, apply_case_setup, apply_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(memory_high_goes_up_at_once_and_down_no_further_than_what_is_in_use),
		CASE(memory_max_is_always_above_what_is_in_use),
		CASE(a_use_far_above_the_value_is_still_tried),
		CASE(memory_high_is_not_lowered_on_a_number_that_was_not_read),
		CASE(memory_high_is_never_lowered_below_what_is_in_use_in_one_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
