// SPDX-License-Identifier: LGPL-2.1-or-later
// The order of shares in the diff, once the deciders told who yields to whom.
// The node is that of diff_case.h.
#include "tests/lib/test.h"

#include "policy/decide.h"
#include "policy/decide_tree.h"
#include "policy/diff.h"
#include "policy/knob.h"
#include "policy/mode.h"
#include "tests/lib/diff_case.h"

/* What the deciders counted tells who yields. */
static void count_offline(struct diff_case *s)
{
	fake_level(&s->f, s->online->pod, LEVEL_P0);
	fake_level(&s->f, s->hog->pod, LEVEL_P7);
	assert_int_equal(decide_tree_build(&s->f.model, &s->f.policy, &s->f.plan), 0);
}

TEST(a_share_of_offline_work_rises_after_its_online_siblings_and_falls_before_theirs)
{
	struct diff_case *s = *state;

	fake_set(s->class, KNOB_CPU_WEIGHT, 1);
	fake_set(s->online, KNOB_CPU_WEIGHT, 100);
	diff_case_plan(s, s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	diff_case_plan(s, s->online, KNOB_CPU_WEIGHT, EFFECT_SHARE, 2500);
	count_offline(s);
	assert_string_equal(diff_case_run(s, MODE_PROTECT), "a.slice cpu.weight = 2500; "
							    "besteffort.slice cpu.weight = 50; ");
	fake_set(s->class, KNOB_CPU_WEIGHT, 90);
	fake_set(s->online, KNOB_CPU_WEIGHT, 5000);
	assert_string_equal(diff_case_run(s, MODE_PROTECT), "besteffort.slice cpu.weight = 50; "
							    "a.slice cpu.weight = 2500; ");
	/* The same while values come back. */
	fake_own(s->class, KNOB_CPU_WEIGHT, 1, 50);
	fake_own(s->online, KNOB_CPU_WEIGHT, 100, 2500);
	assert_string_equal(diff_case_run(s, MODE_OBSERVE), "besteffort.slice cpu.weight <- 1; "
							    "a.slice cpu.weight <- 100; ");
}

TEST(an_offline_group_that_is_idle_no_more_gets_its_weight_in_the_next_line)
{
	struct diff_case *s = *state;

	fake_own(s->class, KNOB_CPU_IDLE, 0, 1);
	fake_set(s->class, KNOB_CPU_WEIGHT, 1);
	diff_case_plan(s, s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	diff_case_plan(s, s->online, KNOB_CPU_WEIGHT, EFFECT_SHARE, 2500);
	count_offline(s);
	assert_string_equal(diff_case_run(s, MODE_PROTECT),
			    "a.slice cpu.weight = 2500; besteffort.slice cpu.idle <- 0; "
			    "besteffort.slice cpu.weight = 50; ");
}

/* The last to be done, but the first of its cgroup; and undone before anything else. Why it ends is the pod's own
 * affair. Nothing below the highest mode allows it. */
TEST(a_freeze_is_written_before_its_pod_is_bound_and_undone_first)
{
	struct diff_case *s = *state;

	fake_rare_knobs(&s->f);
	diff_case_plan(s, s->hog, KNOB_MEMORY_HIGH, EFFECT_HOLD, 4096 * 10);
	diff_case_plan(s, s->hog, KNOB_CGROUP_FREEZE, EFFECT_HOLD, 1);
	diff_case_plan(s, s->online, KNOB_CPU_WEIGHT, EFFECT_SHARE, 2500);
	assert_string_equal(diff_case_run(s, MODE_FULL),
			    "a.slice cpu.weight = 2500; hog.slice cgroup.freeze = 1; "
			    "hog.slice memory.high = 40960; ");
	assert_string_equal(diff_case_run(s, MODE_SQUEEZE),
			    "a.slice cpu.weight = 2500; hog.slice memory.high = 40960; ");
	assert_int_equal(s->changes.n_withheld, 1);
	plan_clear(&s->f.plan);
	fake_own(s->hog, KNOB_CGROUP_FREEZE, 0, 1);
	s->hog->knobs[KNOB_CGROUP_FREEZE].held = true;
	fake_own(s->online, KNOB_CPU_WEIGHT, 100, 2500);
	assert_string_equal(diff_case_run(s, MODE_FULL),
			    "hog.slice cgroup.freeze <- 0; a.slice cpu.weight <- 100; ");
	assert_int_equal(s->changes.list[0].reason.code, REASON_RELEASED);
}

/* A pod must not stand still until somebody can read its file again. */
TEST(a_hold_that_cannot_be_read_ends_all_the_same)
{
	struct diff_case *s = *state;

	fake_rare_knobs(&s->f);
	fake_own(s->hog, KNOB_CGROUP_FREEZE, 0, 1);
	s->hog->knobs[KNOB_CGROUP_FREEZE].now.state = KNOB_UNREAD;
	assert_string_equal(diff_case_run(s, MODE_FULL), "");
	s->hog->knobs[KNOB_CGROUP_FREEZE].held = true;
	assert_string_equal(diff_case_run(s, MODE_FULL), "hog.slice cgroup.freeze <- 0; ");
	diff_case_plan(s, s->hog, KNOB_CGROUP_FREEZE, EFFECT_HOLD, 1);
	assert_string_equal(diff_case_run(s, MODE_FULL), "");
	s->hog->knobs[KNOB_CGROUP_FREEZE].now.state = KNOB_MISSING;
	plan_clear(&s->f.plan);
	assert_string_equal(diff_case_run(s, MODE_FULL), "");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, diff_case_setup, diff_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_share_of_offline_work_rises_after_its_online_siblings_and_falls_before_theirs),
		CASE(a_freeze_is_written_before_its_pod_is_bound_and_undone_first),
		CASE(a_hold_that_cannot_be_read_ends_all_the_same),
		CASE(an_offline_group_that_is_idle_no_more_gets_its_weight_in_the_next_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
