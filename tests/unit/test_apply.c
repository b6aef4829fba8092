// SPDX-License-Identifier: LGPL-2.1-or-later
// The life of the stage: what the next run knows of the last one, however that ended.
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/base/fs.h"
#include "policy/decide.h"
#include "policy/knob.h"
#include "tests/lib/apply_case.h"
#include "tests/lib/tree.h"

#define MIB (1u << 20)

TEST(a_restart_knows_what_the_last_run_wrote_and_changes_no_share)
{
	struct apply_case *s = *state;

	apply_case_foreign(s, APPLY_HOG, KNOB_CPU_WEIGHT, 39);
	fake_kernel_read(&s->k);
	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 5);
	fake_kernel_plan(&s->k, s->class, KNOB_CPU_MAX, EFFECT_HOLD, 5000);
	fake_kernel_pass(&s->k);
	fake_kernel_end(&s->k);
	fake_kernel_start(&s->k);
	assert_true(s->hog->knobs[KNOB_CPU_WEIGHT].owned);
	assert_int_equal(s->hog->knobs[KNOB_CPU_WEIGHT].original.value, 39);
	assert_true(s->class->knobs[KNOB_CPU_MAX].held);
	/* The hold is not planned after a restart: it ends; the share stays as it is. */
	plan_clear(&s->k.f.plan);
	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 5);
	assert_int_equal(fake_kernel_pass(&s->k), 1);
	assert_true(apply_case_value(s, APPLY_CLASS, KNOB_CPU_MAX) == KNOB_VALUE_MAX);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_WEIGHT), 5);
	assert_int_equal(apply_case_restore(s).restored, 1);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_WEIGHT), 39);
}

TEST(records_of_a_run_without_a_state_directory_live_as_long_as_it_does)
{
	struct apply_case *s = *state;
	struct apply *apply = NULL;

	assert_int_equal(apply_new(s->k.cgroup_fd, -EBADF, &apply), 0);
	apply_free(s->k.apply);
	s->k.apply = apply;
	fake_kernel_plan(&s->k, s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	assert_int_equal(fake_kernel_pass(&s->k), 1);
	assert_int_equal(fs_exists(s->k.state_fd, ORIGINALS_FILE), 0);
	assert_int_equal(apply_case_restore(s).restored, 1);
	assert_int_equal(apply_case_value(s, APPLY_CLASS, KNOB_CPU_WEIGHT), 100);
}

TEST(a_damaged_record_costs_its_knob_only_and_the_rest_comes_back)
{
	struct apply_case *s = *state;
	char text[4096], *mark;

	fake_kernel_plan(&s->k, s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	fake_kernel_plan(&s->k, s->hog, KNOB_IO_WEIGHT, EFFECT_SHARE, 10);
	assert_int_equal(fake_kernel_pass(&s->k), 2);
	fake_kernel_end(&s->k);
	assert_int_equal(tree_read(s->k.dir, "run/colod/originals", text, sizeof(text) - 1), 0);
	mark = strstr(text, "cpu.weight");
	assert_non_null(mark);
	mark[0] = 'k';
	strcat(text, "\n");
	assert_int_equal(tree_write(s->k.dir, "run/colod/originals", text), 0);
	fake_kernel_start(&s->k);
	assert_false(s->class->knobs[KNOB_CPU_WEIGHT].owned);
	assert_true(s->hog->knobs[KNOB_IO_WEIGHT].owned);
	assert_int_equal(apply_case_restore(s).restored, 1);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_IO_WEIGHT), 100);
	assert_int_equal(fs_exists(s->k.state_fd, ORIGINALS_FILE_BAD), 1);
}

TEST(records_of_cgroups_that_are_gone_end_when_the_model_is_adopted)
{
	struct apply_case *s = *state;

	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 5);
	fake_kernel_plan(&s->k, s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	fake_kernel_pass(&s->k);
	/* Not in the model, but still there: kept. */
	s->k.f.model.n_cgroups--;
	apply_adopt(s->k.apply, &s->k.f.model);
	assert_non_null(apply_case_record(s, s->hog, KNOB_CPU_WEIGHT));
	fake_kernel_remove(&s->k, APPLY_HOG);
	apply_adopt(s->k.apply, &s->k.f.model);
	assert_null(apply_case_record(s, s->hog, KNOB_CPU_WEIGHT));
	assert_non_null(apply_case_record(s, s->class, KNOB_CPU_WEIGHT));
	s->k.f.model.n_cgroups++;
}

/* Two passes that use every kind of step: weights, idle on with a remembered weight, a quota, an
 * approach; then a second plan that takes idle off again and changes the rest. */
static void two_passes(struct apply_case *s)
{
	struct fake_kernel *k = &s->k;

	fake_kernel_plan(k, s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	fake_kernel_plan(k, s->hog, KNOB_CPU_IDLE, EFFECT_SHARE, 1);
	fake_kernel_plan(k, s->class, KNOB_CPU_MAX, EFFECT_HOLD, 5000);
	fake_kernel_plan(k, s->hog, KNOB_MEMORY_HIGH, EFFECT_LIMIT, 64 * MIB);
	fake_kernel_plan(k, s->online, KNOB_MEMORY_LOW, EFFECT_PROTECTION, 32 * MIB);
	(void)fake_kernel_pass(k);
	plan_clear(&k->f.plan);
	fake_kernel_plan(k, s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 60);
	fake_kernel_plan(k, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 5);
	fake_kernel_plan(k, s->class, KNOB_CPU_MAX, EFFECT_HOLD, 6000);
	(void)fake_kernel_pass(k);
}

static void all_originals(struct apply_case *s)
{
	assert_int_equal(apply_case_value(s, APPLY_CLASS, KNOB_CPU_WEIGHT), 2);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_WEIGHT), 39);
	assert_int_equal(apply_case_value(s, APPLY_HOG, KNOB_CPU_IDLE), 0);
	assert_true(apply_case_value(s, APPLY_CLASS, KNOB_CPU_MAX) == KNOB_VALUE_MAX);
	assert_true(apply_case_value(s, APPLY_HOG, KNOB_MEMORY_HIGH) == KNOB_VALUE_MAX);
	assert_int_equal(apply_case_value(s, APPLY_ONLINE, KNOB_MEMORY_LOW), 4096);
	assert_int_equal(apply_case_value(s, APPLY_ONLINE, KNOB_CPU_WEIGHT), 100);
}

/* The next run, in this process: what the one that was killed wrote is in the tree and the file. */
static void killed_at(struct apply_case *s, unsigned step, bool *ret_finished)
{
	struct apply_restored done;
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		fake_kernel_start(&s->k);
		s->k.stop_step = step;
		two_passes(s);
		_exit(1);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	*ret_finished = WEXITSTATUS(status) == 1;
	fake_kernel_start(&s->k);
	assert_int_equal(apply_restore(s->k.apply, false, &done), 0);
	assert_int_equal(done.left, 0);
	assert_int_equal(done.gone, 0);
	fake_kernel_end(&s->k);
}

TEST(a_kill_at_any_step_loses_no_original)
{
	struct apply_case *s = *state;
	bool finished = false;
	unsigned step;

	fake_kernel_end(&s->k);
	apply_case_foreign(s, APPLY_CLASS, KNOB_CPU_WEIGHT, 2);
	apply_case_foreign(s, APPLY_HOG, KNOB_CPU_WEIGHT, 39);
	apply_case_foreign(s, APPLY_ONLINE, KNOB_MEMORY_LOW, 4096);
	assert_int_equal(tree_knob(s->k.dir, APPLY_HOG, "memory.current", "104857600"), 0);
	for (step = 1; !finished; step++) {
		killed_at(s, step, &finished);
		all_originals(s);
	}
	/* Ten knobs written and two given back, in three to four steps each. */
	assert_true(step > 30);
}

TEST(a_kill_at_any_step_of_a_restore_loses_no_original)
{
	struct apply_case *s = *state;
	bool finished = false;

	fake_kernel_end(&s->k);
	apply_case_foreign(s, APPLY_CLASS, KNOB_CPU_WEIGHT, 2);
	apply_case_foreign(s, APPLY_HOG, KNOB_CPU_WEIGHT, 39);
	apply_case_foreign(s, APPLY_ONLINE, KNOB_MEMORY_LOW, 4096);
	for (unsigned step = 1; !finished; step++) {
		struct apply_restored done;
		int status = 0;
		pid_t pid;

		fake_kernel_start(&s->k);
		plan_clear(&s->k.f.plan);
		two_passes(s);
		fake_kernel_end(&s->k);
		plan_clear(&s->k.f.plan);
		pid = fork();
		if (pid == 0) {
			fake_kernel_start(&s->k);
			s->k.stop_step = step;
			(void)apply_restore(s->k.apply, false, &done);
			_exit(1);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		finished = WIFEXITED(status) && WEXITSTATUS(status) == 1;
		fake_kernel_start(&s->k);
		assert_int_equal(apply_restore(s->k.apply, false, &done), 0);
		assert_int_equal(done.left, 0);
		fake_kernel_end(&s->k);
		all_originals(s);
	}
}

static int next_fd(void)
{
	int fd = dup(STDERR_FILENO);

	close(fd);
	return fd;
}

TEST(an_end_leaves_no_descriptor_open)
{
	struct apply_case *s = *state;
	int before;

	fake_kernel_end(&s->k);
	before = next_fd();
	for (int i = 0; i < 3; i++) {
		fake_kernel_start(&s->k);
		fake_kernel_end(&s->k);
	}
	assert_int_equal(next_fd(), before);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, apply_case_setup, apply_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_restart_knows_what_the_last_run_wrote_and_changes_no_share),
		CASE(records_of_a_run_without_a_state_directory_live_as_long_as_it_does),
		CASE(a_damaged_record_costs_its_knob_only_and_the_rest_comes_back),
		CASE(records_of_cgroups_that_are_gone_end_when_the_model_is_adopted),
		CASE(a_kill_at_any_step_loses_no_original),
		CASE(an_end_leaves_no_descriptor_open),
		CASE(a_kill_at_any_step_of_a_restore_loses_no_original),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
