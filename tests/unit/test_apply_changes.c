// SPDX-License-Identifier: LGPL-2.1-or-later
// The changes of a pass against a tree that behaves like the kernel: what is written, recorded and
// given back, what is refused and why.
#include "tests/lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/log.h"
#include "policy/decide.h"
#include "policy/diff.h"
#include "policy/knob.h"
#include "policy/mode.h"
#include "tests/lib/alloc_count.h"
#include "tests/lib/apply_case.h"
#include "tests/lib/tree.h"

TEST(a_planned_value_is_written_read_back_and_owned)
{
	struct apply_case *s = *state;
	const struct knob_state *knob = &s->class->knobs[KNOB_CPU_WEIGHT];

	s->k.record_checked = s->class;
	fake_kernel_plan(&s->k, s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	assert_int_equal(fake_kernel_pass(&s->k), 1);
	assert_int_equal(apply_case_value(s, APPLY_CLASS, KNOB_CPU_WEIGHT), 50);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_WEIGHT), 100);
	assert_int_equal(apply_case_value(s, APPLY_ONLINE, KNOB_CPU_WEIGHT), 100);
	assert_true(s->k.changes.list[0].done);
	assert_int_equal(s->k.changes.list[0].refusal, REFUSAL_NONE);
	assert_int_equal(s->k.changes.list[0].got.value, 50);
	assert_true(knob->owned);
	assert_false(knob->held);
	assert_int_equal(knob->now.value, 50);
	assert_int_equal(knob->original.value, 100);
	assert_int_equal(knob->written.value, 50);
}

/* systemd may write what it was told a moment ago over a newer value: that is nobody else's. */
TEST(what_systemd_writes_late_is_not_taken_for_an_original)
{
	struct apply_case *s = *state;
	struct knob_state *knob = &s->class->knobs[KNOB_CPU_WEIGHT];

	fake_kernel_plan(&s->k, s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	assert_int_equal(fake_kernel_pass(&s->k), 1);
	knob->told = knob_value_of(70);
	assert_int_equal(tree_knob(s->k.dir, APPLY_CLASS, "cpu.weight", "70"), 0);
	fake_kernel_read(&s->k);
	assert_int_equal(fake_kernel_pass(&s->k), 1);
	assert_int_equal(apply_case_value(s, APPLY_CLASS, KNOB_CPU_WEIGHT), 50);
	assert_int_equal(apply_drift(s->k.apply).rewrites, 0);
	assert_int_equal(knob->original.value, 100);
	assert_int_equal(apply_case_restore(s).restored, 1);
	assert_int_equal(apply_case_value(s, APPLY_CLASS, KNOB_CPU_WEIGHT), 100);
}

TEST(a_second_pass_does_nothing_and_allocates_nothing)
{
	struct apply_case *s = *state;
	unsigned long before;

	fake_kernel_plan(&s->k, s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	fake_kernel_plan(&s->k, s->hog, KNOB_MEMORY_HIGH, EFFECT_LIMIT, 100000001);
	assert_int_equal(fake_kernel_pass(&s->k), 2);
	s->k.steps = 0;
	before = alloc_count();
	assert_int_equal(fake_kernel_pass(&s->k), 0);
	assert_int_equal(alloc_count(), before);
	assert_int_equal(s->k.changes.n, 0);
	assert_int_equal(s->k.steps, 0);
	/* Nor after a rescan, although the kernel rounded the value. */
	fake_kernel_read(&s->k);
	assert_int_equal(fake_kernel_pass(&s->k), 0);
	assert_int_equal(s->k.changes.n, 0);
}

TEST(a_dry_run_writes_nothing_and_fills_nothing)
{
	struct apply_case *s = *state;
	const struct modes modes = mode_of_all(MODE_SQUEEZE);

	fake_kernel_plan(&s->k, s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	assert_int_equal(diff(&s->k.f.model, &s->k.f.plan, &modes, false, &s->k.changes), 0);
	assert_int_equal(s->k.changes.n, 1);
	assert_int_equal(apply_changes(s->k.apply, &s->k.f.model, &s->k.changes, true), 0);
	assert_int_equal(s->k.steps, 0);
	assert_int_equal(apply_case_value(s, APPLY_CLASS, KNOB_CPU_WEIGHT), 100);
	assert_false(s->k.changes.list[0].done);
	assert_false(s->class->knobs[KNOB_CPU_WEIGHT].owned);
	assert_int_equal(fs_exists(s->k.state_fd, ORIGINALS_FILE), 0);
}

TEST(what_is_not_planned_any_more_gets_its_original_back)
{
	struct apply_case *s = *state;

	apply_case_foreign(s, APPLY_CLASS, KNOB_CPU_WEIGHT, 39);
	fake_kernel_read(&s->k);
	fake_kernel_plan(&s->k, s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	fake_kernel_pass(&s->k);
	plan_clear(&s->k.f.plan);
	assert_int_equal(fake_kernel_pass(&s->k), 1);
	assert_int_equal(apply_case_value(s, APPLY_CLASS, KNOB_CPU_WEIGHT), 39);
	assert_false(s->class->knobs[KNOB_CPU_WEIGHT].owned);
	assert_int_equal(s->k.apply->originals.n, 0);
	assert_int_equal(fake_kernel_pass(&s->k), 0);
}

TEST(the_original_is_what_is_there_at_the_write_not_what_the_model_remembers)
{
	struct apply_case *s = *state;

	fake_kernel_plan(&s->k, s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	apply_case_foreign(s, APPLY_CLASS, KNOB_CPU_WEIGHT, 7);
	fake_kernel_pass(&s->k);
	assert_int_equal(s->class->knobs[KNOB_CPU_WEIGHT].original.value, 7);
	assert_int_equal(s->k.changes.list[0].had.value, 7);
	assert_int_equal(apply_case_restore(s).restored, 1);
	assert_int_equal(apply_case_value(s, APPLY_CLASS, KNOB_CPU_WEIGHT), 7);
}

TEST(after_drift_the_original_is_the_last_foreign_value)
{
	struct apply_case *s = *state;

	fake_kernel_plan(&s->k, s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	fake_kernel_pass(&s->k);
	apply_case_foreign(s, APPLY_CLASS, KNOB_CPU_WEIGHT, 3);
	fake_kernel_read(&s->k);
	assert_int_equal(fake_kernel_pass(&s->k), 1);
	assert_int_equal(apply_case_value(s, APPLY_CLASS, KNOB_CPU_WEIGHT), 50);
	assert_int_equal(s->class->knobs[KNOB_CPU_WEIGHT].original.value, 3);
	assert_int_equal(apply_case_record(s, s->class, KNOB_CPU_WEIGHT)->original.value, 3);
	plan_clear(&s->k.f.plan);
	fake_kernel_pass(&s->k);
	assert_int_equal(apply_case_value(s, APPLY_CLASS, KNOB_CPU_WEIGHT), 3);
}

TEST(a_new_plan_keeps_the_first_original)
{
	struct apply_case *s = *state;

	for (uint64_t weight = 50; weight > 40; weight--) {
		plan_clear(&s->k.f.plan);
		fake_kernel_plan(&s->k, s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, weight);
		assert_int_equal(fake_kernel_pass(&s->k), 1);
		assert_int_equal(apply_case_record(s, s->class, KNOB_CPU_WEIGHT)->original.value,
				 100);
	}
	assert_int_equal(apply_case_restore(s).restored, 1);
	assert_int_equal(apply_case_value(s, APPLY_CLASS, KNOB_CPU_WEIGHT), 100);
}

TEST(a_foreign_value_is_never_written_over_by_a_restore)
{
	struct apply_case *s = *state;

	fake_kernel_plan(&s->k, s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	fake_kernel_pass(&s->k);
	plan_clear(&s->k.f.plan);
	/* The model does not know of it yet: the diff asks for a restore. */
	apply_case_foreign(s, APPLY_CLASS, KNOB_CPU_WEIGHT, 7);
	assert_int_equal(fake_kernel_pass(&s->k), 0);
	assert_int_equal(apply_case_value(s, APPLY_CLASS, KNOB_CPU_WEIGHT), 7);
	assert_int_equal(s->k.changes.list[0].kind, CHANGE_FORGET);
	assert_true(s->k.changes.list[0].done);
	assert_false(s->class->knobs[KNOB_CPU_WEIGHT].owned);
	assert_null(apply_case_record(s, s->class, KNOB_CPU_WEIGHT));
}

TEST(a_hold_is_known_as_one_and_can_be_ended_alone)
{
	struct apply_case *s = *state;
	struct apply_restored done;

	fake_kernel_plan(&s->k, s->class, KNOB_CPU_MAX, EFFECT_HOLD, 5000);
	fake_kernel_plan(&s->k, s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	assert_int_equal(fake_kernel_pass(&s->k), 2);
	assert_true(s->class->knobs[KNOB_CPU_MAX].held);
	assert_false(s->class->knobs[KNOB_CPU_WEIGHT].held);
	assert_int_equal(apply_restore(s->k.apply, true, &done), 0);
	assert_int_equal(done.written, 1);
	assert_int_equal(done.restored, 1);
	assert_true(apply_case_value(s, APPLY_CLASS, KNOB_CPU_MAX) == KNOB_VALUE_MAX);
	assert_int_equal(fake_kernel_value(&s->k, APPLY_CLASS, KNOB_CPU_MAX).period_us, 100000);
	assert_int_equal(apply_case_value(s, APPLY_CLASS, KNOB_CPU_WEIGHT), 50);
}

TEST(a_cgroup_that_vanished_is_normal_and_its_records_end)
{
	struct apply_case *s = *state;

	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 5);
	fake_kernel_plan(&s->k, s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	fake_kernel_pass(&s->k);
	plan_clear(&s->k.f.plan);
	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 6);
	fake_kernel_plan(&s->k, s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 60);
	fake_kernel_remove(&s->k, APPLY_HOG);
	assert_int_equal(fake_kernel_pass(&s->k), 1);
	assert_int_equal(s->k.changes.n, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct change *c = &s->k.changes.list[i];

		assert_int_equal(c->refusal, c->cgroup == s->hog ? REFUSAL_GONE : REFUSAL_NONE);
		assert_int_equal(c->done, c->cgroup == s->class);
	}
	assert_null(apply_case_record(s, s->hog, KNOB_CPU_WEIGHT));
	assert_non_null(apply_case_record(s, s->class, KNOB_CPU_WEIGHT));
	assert_int_equal(apply_case_value(s, APPLY_CLASS, KNOB_CPU_WEIGHT), 60);
}

TEST(another_cgroup_under_the_same_name_is_not_touched)
{
	struct apply_case *s = *state;

	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 5);
	fake_kernel_pass(&s->k);
	/* Moved away, so that the inode number stays in use. */
	assert_int_equal(renameat(s->k.cgroup_fd, APPLY_HOG, s->k.cgroup_fd, "moved"), 0);
	assert_int_equal(tree_cgroup(s->k.dir, APPLY_HOG), 0);
	plan_clear(&s->k.f.plan);
	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 6);
	assert_int_equal(fake_kernel_pass(&s->k), 0);
	assert_int_equal(s->k.changes.list[0].refusal, REFUSAL_GONE);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_WEIGHT), 100);
	assert_int_equal(apply_case_restore(s).written, 0);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_WEIGHT), 100);
}

static void refusing(struct apply_case *s, enum apply_step step, int error, enum refusal want)
{
	s->k.fail_step = step;
	s->k.fail_knob = KNOB_CPU_WEIGHT;
	s->k.fail_error = error;
	(void)fake_kernel_pass(&s->k);
	assert_int_equal(s->k.changes.list[0].refusal, want);
	assert_int_equal(s->k.changes.list[0].error, error);
	assert_false(s->k.changes.list[0].done);
	s->k.fail_knob = KNOB_COUNT;
}

TEST(a_refusal_is_told_by_its_cause_and_leaves_nothing_owned)
{
	struct apply_case *s = *state;

	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 5);
	refusing(s, APPLY_STEP_WRITE, -EINVAL, REFUSAL_INVALID);
	refusing(s, APPLY_STEP_WRITE, -ERANGE, REFUSAL_INVALID);
	refusing(s, APPLY_STEP_WRITE, -EACCES, REFUSAL_DENIED);
	refusing(s, APPLY_STEP_WRITE, -EPERM, REFUSAL_DENIED);
	refusing(s, APPLY_STEP_WRITE, -EROFS, REFUSAL_DENIED);
	refusing(s, APPLY_STEP_WRITE, -EBUSY, REFUSAL_BUSY);
	refusing(s, APPLY_STEP_WRITE, -EIO, REFUSAL_OTHER);
	assert_false(s->hog->knobs[KNOB_CPU_WEIGHT].owned);
	assert_int_equal(s->k.apply->originals.n, 0);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_WEIGHT), 100);
	/* And once the cause is gone it works. */
	assert_int_equal(fake_kernel_pass(&s->k), 1);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_WEIGHT), 5);
}

TEST(a_refused_change_of_an_owned_knob_stays_owned_with_its_original)
{
	struct apply_case *s = *state;

	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 5);
	fake_kernel_pass(&s->k);
	plan_clear(&s->k.f.plan);
	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 6);
	refusing(s, APPLY_STEP_WRITE, -EBUSY, REFUSAL_BUSY);
	assert_true(s->hog->knobs[KNOB_CPU_WEIGHT].owned);
	assert_int_equal(apply_case_restore(s).restored, 1);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_WEIGHT), 100);
}

TEST(a_refused_restore_keeps_its_record)
{
	struct apply_case *s = *state;

	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 5);
	fake_kernel_pass(&s->k);
	plan_clear(&s->k.f.plan);
	refusing(s, APPLY_STEP_WRITE, -EBUSY, REFUSAL_BUSY);
	assert_true(s->hog->knobs[KNOB_CPU_WEIGHT].owned);
	assert_int_equal(fake_kernel_pass(&s->k), 1);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_WEIGHT), 100);
}

/* What was told of in the passes so far, a line each. */
static char told[4096];

static void note_event(void *context, const struct apply_event *e)
{
	static const char *const kinds[] = {
		[HISTORY_WRITE] = "write", [HISTORY_RESTORE] = "restore",
		[HISTORY_LEFT] = "left",   [HISTORY_REFUSED] = "refused",
		[HISTORY_DRIFT] = "drift", [HISTORY_FIGHT] = "fight",
	};
	size_t len = strlen(told);
	char from[KNOB_TEXT_SIZE], to[KNOB_TEXT_SIZE];

	(void)context;
	assert_non_null(e->cgroup);
	assert_string_equal(e->path, e->cgroup->path);
	(void)snprintf(told + len, sizeof(told) - len, "%s %s %s → %s%s%s\n", kinds[e->kind],
		       knob_name(e->knob), knob_format(e->knob, e->from, from, sizeof(from)),
		       knob_format(e->knob, e->to, to, sizeof(to)), e->why && *e->why ? ": " : "",
		       e->why ? e->why : "");
}

/* How often something with this text is told of in so many passes. */
static size_t times_told(struct apply_case *s, int n_passes, const char *text)
{
	size_t n = 0;

	told[0] = '\0';
	apply_on_event(s->k.apply, note_event, NULL);
	for (int i = 0; i < n_passes; i++)
		(void)fake_kernel_pass(&s->k);
	for (const char *p = told; (p = strstr(p, text)); p++)
		n++;
	return n;
}

TEST(a_refusal_is_said_once_and_again_only_after_it_worked)
{
	struct apply_case *s = *state;

	fake_kernel_plan(&s->k, s->hog, KNOB_IO_WEIGHT, EFFECT_SHARE, 10);
	s->k.fail_step = APPLY_STEP_WRITE;
	s->k.fail_knob = KNOB_IO_WEIGHT;
	s->k.fail_error = -EINVAL;
	assert_int_equal(times_told(s, 3, "refused io.weight default 100 → default 10: "), 1);
	s->k.fail_knob = KNOB_COUNT;
	assert_int_equal(times_told(s, 3, "write io.weight default 100 → default 10\n"), 1);
	plan_clear(&s->k.f.plan);
	fake_kernel_plan(&s->k, s->hog, KNOB_IO_WEIGHT, EFFECT_SHARE, 20);
	s->k.fail_knob = KNOB_IO_WEIGHT;
	assert_int_equal(times_told(s, 3, "refused io.weight default 10 → default 20: "), 1);
}

/* As the runtime does while it makes a pod: once is normal, and the next pass writes again. */
TEST(a_value_that_is_overtaken_is_said_only_when_it_happens_again)
{
	static const char *const texts[] = {"77", "78", "79"};
	struct apply_case *s = *state;
	size_t n[3];

	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 5);
	s->k.race_knob = KNOB_CPU_WEIGHT;
	for (int i = 0; i < 3; i++) {
		s->k.race_text = texts[i];
		n[i] = times_told(s, 1, "refused cpu.weight ");
		assert_int_equal(s->k.changes.list[0].refusal, REFUSAL_DIFFERS);
	}
	assert_int_equal(n[0], 0);
	assert_int_equal(n[1], 1);
	assert_int_equal(n[2], 0);
	assert_int_equal(times_told(s, 1, "write cpu.weight 79 → 5\n"), 1);
	s->k.race_text = "80";
	plan_clear(&s->k.f.plan);
	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 6);
	assert_int_equal(times_told(s, 1, "refused cpu.weight "), 0);
}

TEST(a_missing_file_is_told_from_a_missing_controller)
{
	struct apply_case *s = *state;
	char path[TREE_PATH_SIZE];

	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 5);
	(void)snprintf(path, sizeof(path), "sys/fs/cgroup/%s/cpu.weight", APPLY_HOG);
	assert_int_equal(tree_delete(s->k.dir, path), 0);
	/* It was there when it was planned: most likely its cgroup goes with it. */
	assert_int_equal(times_told(s, 1, "refused cpu.weight "), 0);
	assert_int_equal(s->k.changes.list[0].refusal, REFUSAL_NO_KNOB);
	/* It is missing from here on, so that the next pass does not try again. */
	assert_int_equal(fake_kernel_pass(&s->k), 0);
	assert_int_equal(s->k.changes.n, 0);
	s->hog->knobs[KNOB_CPU_WEIGHT].now = knob_value_of(100);
	assert_int_equal(tree_knob(s->k.dir, APPLY_CLASS, "cgroup.subtree_control", "memory io"),
			 0);
	assert_int_equal(times_told(s, 1, "refused cpu.weight "), 1);
	assert_int_equal(s->k.changes.list[0].refusal, REFUSAL_NO_CONTROLLER);
}

TEST(another_writer_in_between_is_seen_and_its_value_becomes_the_original)
{
	struct apply_case *s = *state;

	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 5);
	s->k.race_knob = KNOB_CPU_WEIGHT;
	s->k.race_text = "77";
	fake_kernel_pass(&s->k);
	assert_int_equal(s->k.changes.list[0].refusal, REFUSAL_DIFFERS);
	assert_int_equal(s->k.changes.list[0].got.value, 77);
	assert_int_equal(fake_kernel_pass(&s->k), 1);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_WEIGHT), 5);
	assert_int_equal(apply_case_restore(s).restored, 1);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_WEIGHT), 77);
}

TEST(a_write_that_is_taken_without_effect_owns_nothing)
{
	struct apply_case *s = *state;

	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 5);
	s->k.race_knob = KNOB_CPU_WEIGHT;
	s->k.race_text = "100";
	fake_kernel_pass(&s->k);
	assert_int_equal(s->k.changes.list[0].refusal, REFUSAL_DIFFERS);
	assert_false(s->hog->knobs[KNOB_CPU_WEIGHT].owned);
	assert_int_equal(s->k.apply->originals.n, 0);
}

TEST(without_a_record_nothing_is_written)
{
	struct apply_case *s = *state;

	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 5);
	s->k.fail_step = APPLY_STEP_RECORD;
	s->k.fail_knob = KNOB_CPU_WEIGHT;
	s->k.fail_error = -ENOSPC;
	assert_int_equal(fake_kernel_pass(&s->k), -ENOSPC);
	assert_int_equal(s->k.changes.list[0].refusal, REFUSAL_NO_RECORD);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_WEIGHT), 100);
	assert_int_equal(s->k.n_writes, 0);
	assert_false(s->hog->knobs[KNOB_CPU_WEIGHT].owned);
	/* What can be recorded is written, and only that. */
	fake_kernel_plan(&s->k, s->class, KNOB_IO_WEIGHT, EFFECT_SHARE, 10);
	assert_int_equal(fake_kernel_pass(&s->k), 1);
	assert_int_equal(apply_case_value(s, APPLY_CLASS, KNOB_IO_WEIGHT), 10);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_WEIGHT), 100);
}

TEST(without_room_for_a_record_originals_still_come_back)
{
	struct apply_case *s = *state;

	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 5);
	fake_kernel_plan(&s->k, s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	fake_kernel_pass(&s->k);
	plan_clear(&s->k.f.plan);
	fake_kernel_plan(&s->k, s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	s->k.fail_step = APPLY_STEP_RECORD;
	s->k.fail_knob = KNOB_CPU_WEIGHT;
	s->k.fail_error = -ENOSPC;
	assert_int_equal(fake_kernel_pass(&s->k), 1);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_WEIGHT), 100);
	assert_int_equal(apply_case_restore(s).restored, 1);
	assert_int_equal(apply_case_value(s, APPLY_CLASS, KNOB_CPU_WEIGHT), 100);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, apply_case_setup, apply_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* First: the log takes 20 lines of a kind in 10 s. */
		CASE(a_refusal_is_said_once_and_again_only_after_it_worked),
		CASE(a_value_that_is_overtaken_is_said_only_when_it_happens_again),
		CASE(a_planned_value_is_written_read_back_and_owned),
		CASE(what_systemd_writes_late_is_not_taken_for_an_original),
		CASE(a_second_pass_does_nothing_and_allocates_nothing),
		CASE(a_dry_run_writes_nothing_and_fills_nothing),
		CASE(what_is_not_planned_any_more_gets_its_original_back),
		CASE(the_original_is_what_is_there_at_the_write_not_what_the_model_remembers),
		CASE(after_drift_the_original_is_the_last_foreign_value),
		CASE(a_new_plan_keeps_the_first_original),
		CASE(a_foreign_value_is_never_written_over_by_a_restore),
		CASE(a_hold_is_known_as_one_and_can_be_ended_alone),
		CASE(a_cgroup_that_vanished_is_normal_and_its_records_end),
		CASE(another_cgroup_under_the_same_name_is_not_touched),
		CASE(a_refusal_is_told_by_its_cause_and_leaves_nothing_owned),
		CASE(a_refused_change_of_an_owned_knob_stays_owned_with_its_original),
		CASE(a_refused_restore_keeps_its_record),
		CASE(a_missing_file_is_told_from_a_missing_controller),
		CASE(another_writer_in_between_is_seen_and_its_value_becomes_the_original),
		CASE(a_write_that_is_taken_without_effect_owns_nothing),
		CASE(without_a_record_nothing_is_written),
		CASE(without_room_for_a_record_originals_still_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
