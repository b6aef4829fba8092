// SPDX-License-Identifier: LGPL-2.1-or-later
// Giving everything back from the records alone: the order, what is counted as what, and what is
// left with which words.
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/base/fs.h"
#include "policy/decide.h"
#include "policy/knob.h"
#include "tests/lib/apply_case.h"
#include "tests/lib/tree.h"

/* What was written to, and what was left, in that order. */
struct told {
	char order[1024];
	char left[1024];
};

static int note(void *context, enum apply_step step, const char *path, enum knob knob)
{
	struct told *told = context;
	const char *name = strrchr(path, '/');

	if (step == APPLY_STEP_WRITE) {
		strcat(told->order, name ? name + 1 : path);
		strcat(told->order, " ");
		strcat(told->order, knob_name(knob));
		strcat(told->order, "; ");
	}
	return 0;
}

static void note_left(void *context, const struct apply_event *event)
{
	struct told *told = context;
	size_t len = strlen(told->left);
	char wrote[KNOB_TEXT_SIZE], is[KNOB_TEXT_SIZE];

	if (event->kind != HISTORY_LEFT)
		return;
	(void)snprintf(told->left + len, sizeof(told->left) - len, "%s %s: wrote %s, is %s: %s\n",
		       event->path, knob_name(event->knob),
		       knob_format(event->knob, event->from, wrote, sizeof(wrote)),
		       knob_format(event->knob, event->to, is, sizeof(is)), event->why);
}

TEST(nothing_changed_restores_nothing)
{
	struct apply_case *s = *state;
	struct apply_restored done = apply_case_restore(s);

	assert_int_equal(done.written, 0);
	assert_int_equal(done.restored, 0);
	assert_int_equal(done.gone, 0);
	assert_int_equal(done.left, 0);
	assert_int_equal(fs_exists(s->k.state_fd, ORIGINALS_FILE), 0);
}

TEST(holds_come_back_first_then_room_then_protection_from_the_child_up)
{
	struct apply_case *s = *state;
	struct told told = {0};
	struct apply_restored done;

	fake_kernel_plan(&s->k, s->hog, KNOB_MEMORY_LOW, EFFECT_PROTECTION, 8192);
	fake_kernel_plan(&s->k, s->class, KNOB_MEMORY_LOW, EFFECT_PROTECTION, 8192);
	fake_kernel_plan(&s->k, s->hog, KNOB_IO_WEIGHT, EFFECT_SHARE, 10);
	fake_kernel_plan(&s->k, s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_MAX, EFFECT_HOLD, 5000);
	assert_int_equal(fake_kernel_pass(&s->k), 5);
	apply_set_hook(s->k.apply, note, &told);
	done = apply_case_restore(s);
	assert_int_equal(done.restored, 5);
	assert_string_equal(told.order, "hog.slice cpu.max; be.slice cpu.weight; "
					"hog.slice io.weight; hog.slice memory.low; "
					"be.slice memory.low; ");
}

TEST(idle_comes_back_before_the_weight_it_made_the_kernel_forget)
{
	struct apply_case *s = *state;
	struct apply_restored done;

	apply_case_foreign(s, APPLY_HOG, KNOB_CPU_WEIGHT, 39);
	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_IDLE, EFFECT_SHARE, 1);
	assert_int_equal(fake_kernel_pass(&s->k), 1);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_WEIGHT), 1);
	done = apply_case_restore(s);
	/* The weight was changed too, by the kernel on colod's behalf. */
	assert_int_equal(done.written, 2);
	assert_int_equal(done.restored, 2);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_IDLE), 0);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_WEIGHT), 39);
}

TEST(a_group_that_was_idle_before_colod_is_idle_again)
{
	struct apply_case *s = *state;
	struct apply_restored done;

	apply_case_foreign(s, APPLY_HOG, KNOB_CPU_IDLE, 1);
	fake_kernel_read(&s->k);
	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_IDLE, EFFECT_SHARE, 0);
	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 5);
	assert_int_equal(fake_kernel_pass(&s->k), 2);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_WEIGHT), 5);
	done = apply_case_restore(s);
	assert_int_equal(done.left, 0);
	assert_int_equal(done.restored, 2);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_IDLE), 1);
}

TEST(what_somebody_else_wrote_since_is_left_and_said_with_all_three_values)
{
	struct apply_case *s = *state;
	struct told told = {0};
	struct apply_restored done;

	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 5);
	fake_kernel_plan(&s->k, s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	fake_kernel_pass(&s->k);
	apply_case_foreign(s, APPLY_HOG, KNOB_CPU_WEIGHT, 7);
	apply_on_event(s->k.apply, note_left, &told);
	done = apply_case_restore(s);
	assert_int_equal(done.written, 2);
	assert_int_equal(done.restored, 1);
	assert_int_equal(done.left, 1);
	assert_int_equal(done.foreign, 1);
	assert_string_equal(told.left,
			    APPLY_HOG " cpu.weight: wrote 5, is 7: somebody else wrote since; "
				      "before colod it was 100\n");
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_WEIGHT), 7);
	assert_int_equal(apply_case_value(s, APPLY_CLASS, KNOB_CPU_WEIGHT), 100);
	/* It is not colod's any more: a second restore has nothing to do. */
	assert_int_equal(apply_case_restore(s).written, 0);
}

TEST(an_original_that_is_there_already_counts_as_restored)
{
	struct apply_case *s = *state;
	struct apply_restored done;

	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 5);
	fake_kernel_pass(&s->k);
	apply_case_foreign(s, APPLY_HOG, KNOB_CPU_WEIGHT, 100);
	s->k.n_writes = 0;
	done = apply_case_restore(s);
	assert_int_equal(done.restored, 1);
	assert_int_equal(s->k.n_writes, 0);
}

TEST(a_cgroup_that_is_gone_is_counted_and_no_trouble)
{
	struct apply_case *s = *state;
	struct apply_restored done;

	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 5);
	fake_kernel_plan(&s->k, s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	fake_kernel_pass(&s->k);
	fake_kernel_remove(&s->k, APPLY_HOG);
	done = apply_case_restore(s);
	assert_int_equal(done.written, 2);
	assert_int_equal(done.gone, 1);
	assert_int_equal(done.restored, 1);
	assert_int_equal(done.left, 0);
}

TEST(another_cgroup_under_the_same_name_is_not_written_to)
{
	struct apply_case *s = *state;
	struct apply_restored done;

	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 5);
	fake_kernel_pass(&s->k);
	assert_int_equal(renameat(s->k.cgroup_fd, APPLY_HOG, s->k.cgroup_fd, "moved"), 0);
	assert_int_equal(tree_cgroup(s->k.dir, APPLY_HOG), 0);
	/* Even with the very value that colod wrote into the other one. */
	apply_case_foreign(s, APPLY_HOG, KNOB_CPU_WEIGHT, 5);
	done = apply_case_restore(s);
	assert_int_equal(done.gone, 1);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_WEIGHT), 5);
}

TEST(what_the_kernel_refuses_is_left_with_the_cause_and_can_be_tried_again)
{
	struct apply_case *s = *state;
	struct told told = {0};
	struct apply_restored done;

	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 5);
	fake_kernel_pass(&s->k);
	apply_on_event(s->k.apply, note_left, &told);
	s->k.fail_step = APPLY_STEP_WRITE;
	s->k.fail_knob = KNOB_CPU_WEIGHT;
	s->k.fail_error = -EROFS;
	done = apply_case_restore(s);
	assert_int_equal(done.left, 1);
	assert_int_equal(done.foreign, 0);
	assert_non_null(strstr(told.left, "not permitted (Read-only file system)"));
	s->k.fail_knob = KNOB_COUNT;
	done = apply_case_restore(s);
	assert_int_equal(done.restored, 1);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_WEIGHT), 100);
}

TEST(a_restore_without_a_model_and_by_another_run_gives_the_same)
{
	struct apply_case *s = *state;
	struct apply *apply = NULL;
	struct apply_restored done;

	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 5);
	fake_kernel_plan(&s->k, s->hog, KNOB_MEMORY_HIGH, EFFECT_LIMIT, 10000001);
	fake_kernel_plan(&s->k, s->class, KNOB_CPU_MAX, EFFECT_HOLD, 5000);
	fake_kernel_pass(&s->k);
	fake_kernel_end(&s->k);
	assert_int_equal(apply_new(s->k.cgroup_fd, s->k.state_fd, &apply), 0);
	assert_int_equal(apply_restore(apply, true, &done), 0);
	assert_int_equal(done.written, 1);
	assert_int_equal(done.restored, 1);
	assert_int_equal(apply_restore(apply, false, &done), 0);
	assert_int_equal(done.written, 2);
	assert_int_equal(done.restored, 2);
	apply_free(apply);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_WEIGHT), 100);
	assert_true(apply_case_value(s, APPLY_HOG, KNOB_MEMORY_HIGH) == KNOB_VALUE_MAX);
	assert_true(apply_case_value(s, APPLY_CLASS, KNOB_CPU_MAX) == KNOB_VALUE_MAX);
	/* Nothing is left of the file, and a further run finds nothing to do. */
	assert_int_equal(fs_exists(s->k.state_fd, ORIGINALS_FILE), 0);
	assert_int_equal(apply_new(s->k.cgroup_fd, s->k.state_fd, &apply), 0);
	assert_int_equal(apply_restore(apply, false, &done), 0);
	assert_int_equal(done.written, 0);
	apply_free(apply);
}

TEST(ending_holds_tells_the_model_and_leaves_the_shares)
{
	struct apply_case *s = *state;
	struct knob_state *hold = &s->class->knobs[KNOB_CPU_MAX];
	struct apply_restored done;

	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 5);
	fake_kernel_plan(&s->k, s->class, KNOB_CPU_MAX, EFFECT_HOLD, 5000);
	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_MAX, EFFECT_HOLD, 4000);
	fake_kernel_pass(&s->k);
	s->k.fail_step = APPLY_STEP_RECORD;
	s->k.fail_knob = KNOB_CPU_MAX;
	s->k.fail_error = -ENOSPC;
	apply_case_foreign(s, APPLY_HOG, KNOB_CPU_MAX, 123000);
	apply_end_holds(s->k.apply, &s->k.f.model, &done);
	assert_int_equal(done.written, 2);
	assert_int_equal(done.restored, 1);
	assert_int_equal(done.foreign, 1);
	assert_false(hold->owned || hold->held);
	assert_true(hold->now.value == KNOB_VALUE_MAX);
	assert_false(s->hog->knobs[KNOB_CPU_MAX].owned);
	assert_int_equal(s->hog->knobs[KNOB_CPU_MAX].now.value, 123000);
	assert_true(s->hog->knobs[KNOB_CPU_WEIGHT].owned);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_WEIGHT), 5);
}

static bool is_at(void *context, const char *path)
{
	return strcmp(context, path) == 0;
}

/* A kill lifts what is held for a moment, and puts it back: a hold that ended meanwhile would come back without an owner. */
TEST(who_is_killed_is_left_alone_until_that_is_over)
{
	struct apply_case *s = *state;
	struct knob_state *hold = &s->hog->knobs[KNOB_CPU_MAX];
	struct apply_restored done;
	char hog[] = APPLY_HOG;

	fake_kernel_plan(&s->k, s->class, KNOB_CPU_MAX, EFFECT_HOLD, 5000);
	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_MAX, EFFECT_HOLD, 4000);
	fake_kernel_pass(&s->k);
	apply_set_dying(s->k.apply, is_at, hog);
	apply_case_foreign(s, APPLY_HOG, KNOB_CPU_MAX, KNOB_VALUE_MAX); /* the lift */
	hold->now.value = KNOB_VALUE_MAX;
	fake_kernel_pass(&s->k);
	assert_true(apply_case_value(s, APPLY_HOG, KNOB_CPU_MAX) == KNOB_VALUE_MAX);
	assert_int_equal(hold->rewrites, 0);
	apply_end_holds(s->k.apply, &s->k.f.model, &done);
	assert_int_equal(done.written, 1); /* that of the class */
	assert_true(hold->held);
	/* It has what it had, and is still colod's to end. */
	assert_true(fake_kernel_write(&s->k, APPLY_HOG, KNOB_CPU_MAX, &hold->written));
	apply_set_dying(s->k.apply, NULL, NULL);
	apply_end_holds(s->k.apply, &s->k.f.model, &done);
	assert_int_equal(done.restored, 1);
	assert_false(hold->held);
	assert_true(apply_case_value(s, APPLY_HOG, KNOB_CPU_MAX) == KNOB_VALUE_MAX);
}

TEST(a_hold_that_the_kernel_keeps_stays_on_record)
{
	struct apply_case *s = *state;
	struct apply_restored done;

	fake_kernel_plan(&s->k, s->class, KNOB_CPU_MAX, EFFECT_HOLD, 5000);
	fake_kernel_pass(&s->k);
	s->k.fail_step = APPLY_STEP_WRITE;
	s->k.fail_knob = KNOB_CPU_MAX;
	s->k.fail_error = -EBUSY;
	apply_end_holds(s->k.apply, &s->k.f.model, &done);
	assert_int_equal(done.left, 1);
	assert_true(s->class->knobs[KNOB_CPU_MAX].held);
	s->k.fail_knob = KNOB_COUNT;
	apply_end_holds(s->k.apply, &s->k.f.model, &done);
	assert_int_equal(done.restored, 1);
	assert_false(s->class->knobs[KNOB_CPU_MAX].held);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, apply_case_setup, apply_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(nothing_changed_restores_nothing),
		CASE(holds_come_back_first_then_room_then_protection_from_the_child_up),
		CASE(idle_comes_back_before_the_weight_it_made_the_kernel_forget),
		CASE(a_group_that_was_idle_before_colod_is_idle_again),
		CASE(what_somebody_else_wrote_since_is_left_and_said_with_all_three_values),
		CASE(an_original_that_is_there_already_counts_as_restored),
		CASE(a_cgroup_that_is_gone_is_counted_and_no_trouble),
		CASE(another_cgroup_under_the_same_name_is_not_written_to),
		CASE(what_the_kernel_refuses_is_left_with_the_cause_and_can_be_tried_again),
		CASE(ending_holds_tells_the_model_and_leaves_the_shares),
		CASE(who_is_killed_is_left_alone_until_that_is_over),
		CASE(a_hold_that_the_kernel_keeps_stays_on_record),
		CASE(a_restore_without_a_model_and_by_another_run_gives_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
