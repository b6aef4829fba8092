// SPDX-License-Identifier: LGPL-2.1-or-later
// cpu.idle and the weight that it makes the kernel forget: remembered before, back afterwards.
#include "tests/lib/test.h"

#include <errno.h>
#include <unistd.h>

#include "policy/decide.h"
#include "policy/knob.h"
#include "tests/lib/apply_case.h"

TEST(the_weight_that_idle_makes_the_kernel_forget_comes_back)
{
	struct apply_case *s = *state;

	apply_case_foreign(s, APPLY_HOG, KNOB_CPU_WEIGHT, 39);
	fake_kernel_read(&s->k);
	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_IDLE, EFFECT_SHARE, 1);
	assert_int_equal(fake_kernel_pass(&s->k), 1);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_IDLE), 1);
	/* While it is idle nothing is written, whatever the weight reads. */
	fake_kernel_read(&s->k);
	assert_int_equal(fake_kernel_pass(&s->k), 0);
	assert_int_equal(s->k.changes.n, 0);
	plan_clear(&s->k.f.plan);
	assert_int_equal(fake_kernel_pass(&s->k), 2);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_IDLE), 0);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_WEIGHT), 39);
	assert_int_equal(s->k.apply->originals.n, 0);
}

TEST(the_weight_comes_back_through_a_planned_one_and_idle_too)
{
	struct apply_case *s = *state;

	s->k.weight_while_idle = 0;
	apply_case_foreign(s, APPLY_HOG, KNOB_CPU_WEIGHT, 39);
	fake_kernel_read(&s->k);
	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 5);
	fake_kernel_pass(&s->k);
	plan_clear(&s->k.f.plan);
	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_IDLE, EFFECT_SHARE, 1);
	fake_kernel_pass(&s->k);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_IDLE), 1);
	plan_clear(&s->k.f.plan);
	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 5);
	fake_kernel_pass(&s->k);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_IDLE), 0);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_WEIGHT), 5);
	assert_int_equal(apply_case_restore(s).left, 0);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_WEIGHT), 39);
}

TEST(idle_that_is_refused_leaves_the_weight_owned_by_nobody)
{
	struct apply_case *s = *state;

	apply_case_foreign(s, APPLY_HOG, KNOB_CPU_WEIGHT, 39);
	fake_kernel_read(&s->k);
	s->k.fail_step = APPLY_STEP_WRITE;
	s->k.fail_knob = KNOB_CPU_IDLE;
	s->k.fail_error = -EINVAL;
	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_IDLE, EFFECT_SHARE, 1);
	assert_int_equal(fake_kernel_pass(&s->k), 0);
	assert_int_equal(s->k.changes.list[0].refusal, REFUSAL_INVALID);
	assert_false(s->hog->knobs[KNOB_CPU_WEIGHT].owned);
	assert_false(s->hog->knobs[KNOB_CPU_IDLE].owned);
	assert_int_equal(s->k.apply->originals.n, 0);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_WEIGHT), 39);
}

TEST(idle_off_that_is_refused_keeps_the_remembered_weight)
{
	struct apply_case *s = *state;

	apply_case_foreign(s, APPLY_HOG, KNOB_CPU_WEIGHT, 39);
	fake_kernel_read(&s->k);
	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_IDLE, EFFECT_SHARE, 1);
	fake_kernel_pass(&s->k);
	plan_clear(&s->k.f.plan);
	s->k.fail_step = APPLY_STEP_WRITE;
	s->k.fail_knob = KNOB_CPU_IDLE;
	s->k.fail_error = -EBUSY;
	assert_int_equal(fake_kernel_pass(&s->k), 0);
	assert_int_equal(s->k.changes.n, 2);
	assert_int_equal(s->k.changes.list[0].refusal, REFUSAL_BUSY);
	/* The weight that was to follow waits, and says no more than that. */
	assert_false(s->k.changes.list[1].done);
	assert_int_equal(s->k.changes.list[1].refusal, REFUSAL_NONE);
	assert_int_equal(apply_case_record(s, s->hog, KNOB_CPU_WEIGHT)->original.value, 39);
	s->k.fail_knob = KNOB_COUNT;
	assert_int_equal(fake_kernel_pass(&s->k), 2);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_WEIGHT), 39);
}

TEST(a_restore_that_is_refused_idle_off_keeps_the_remembered_weight_too)
{
	struct apply_case *s = *state;
	struct apply_restored done;

	apply_case_foreign(s, APPLY_HOG, KNOB_CPU_WEIGHT, 39);
	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_IDLE, EFFECT_SHARE, 1);
	fake_kernel_pass(&s->k);
	s->k.fail_step = APPLY_STEP_WRITE;
	s->k.fail_knob = KNOB_CPU_IDLE;
	s->k.fail_error = -EBUSY;
	done = apply_case_restore(s);
	assert_int_equal(done.left, 2);
	s->k.fail_knob = KNOB_COUNT;
	done = apply_case_restore(s);
	assert_int_equal(done.restored, 2);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_IDLE), 0);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_WEIGHT), 39);
}

TEST(idle_that_cannot_be_recorded_keeps_the_record_of_an_owned_weight)
{
	struct apply_case *s = *state;

	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 5);
	fake_kernel_pass(&s->k);
	plan_clear(&s->k.f.plan);
	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_IDLE, EFFECT_SHARE, 1);
	for (enum knob knob = KNOB_CPU_WEIGHT; knob <= KNOB_CPU_IDLE; knob++) {
		s->k.fail_step = APPLY_STEP_RECORD;
		s->k.fail_knob = knob;
		s->k.fail_error = -ENOSPC;
		assert_int_equal(fake_kernel_pass(&s->k), -ENOSPC);
		assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_IDLE), 0);
		assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_WEIGHT), 5);
		assert_true(s->hog->knobs[KNOB_CPU_WEIGHT].owned);
		assert_int_equal(s->hog->knobs[KNOB_CPU_WEIGHT].written.value, 5);
	}
	s->k.fail_knob = KNOB_COUNT;
	assert_int_equal(apply_case_restore(s).restored, 1);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_WEIGHT), 100);
}

TEST(systemd_rewriting_an_idle_group_leaves_its_values_in_force)
{
	struct apply_case *s = *state;

	apply_case_foreign(s, APPLY_HOG, KNOB_CPU_WEIGHT, 39);
	fake_kernel_read(&s->k);
	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_IDLE, EFFECT_SHARE, 1);
	fake_kernel_pass(&s->k);
	apply_case_foreign(s, APPLY_HOG, KNOB_CPU_IDLE, 0);
	apply_case_foreign(s, APPLY_HOG, KNOB_CPU_WEIGHT, 59);
	/* Put back at the next look, with the new weight as the original. */
	fake_kernel_read(&s->k);
	assert_int_equal(fake_kernel_pass(&s->k), 1);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_IDLE), 1);
	assert_int_equal(apply_case_restore(s).left, 0);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_WEIGHT), 59);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_IDLE), 0);
}

TEST(a_hidden_weight_is_known_as_one)
{
	struct apply_case *s = *state;
	int fd = -EBADF;

	assert_int_equal(apply_open(s->k.apply, APPLY_HOG, s->hog->inode, &fd), 0);
	assert_false(writer_is_hidden(fd, KNOB_CPU_WEIGHT));
	apply_case_foreign(s, APPLY_HOG, KNOB_CPU_IDLE, 1);
	assert_true(writer_is_hidden(fd, KNOB_CPU_WEIGHT));
	assert_false(writer_is_hidden(fd, KNOB_CPU_MAX));
	assert_false(writer_is_hidden(fd, KNOB_CPU_IDLE));
	(void)close(fd);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, apply_case_setup, apply_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_weight_that_idle_makes_the_kernel_forget_comes_back),
		CASE(the_weight_comes_back_through_a_planned_one_and_idle_too),
		CASE(idle_that_is_refused_leaves_the_weight_owned_by_nobody),
		CASE(idle_off_that_is_refused_keeps_the_remembered_weight),
		CASE(a_restore_that_is_refused_idle_off_keeps_the_remembered_weight_too),
		CASE(idle_that_cannot_be_recorded_keeps_the_record_of_an_owned_weight),
		CASE(systemd_rewriting_an_idle_group_leaves_its_values_in_force),
		CASE(a_hidden_weight_is_known_as_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
