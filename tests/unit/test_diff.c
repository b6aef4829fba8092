// SPDX-License-Identifier: LGPL-2.1-or-later
// The diff: which knobs change, which do not, and in which order.
// The node is that of diff_case.h.
#include "tests/lib/test.h"

#include "policy/decide.h"
#include "policy/diff.h"
#include "policy/knob.h"
#include "policy/mode.h"
#include "tests/lib/alloc_count.h"
#include "tests/lib/diff_case.h"

TEST(a_planned_value_that_differs_is_written_and_nothing_else)
{
	struct diff_case *s = *state;

	diff_case_plan(s, s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	diff_case_plan(s, s->online, KNOB_CPU_WEIGHT, EFFECT_SHARE, 100);
	assert_string_equal(diff_case_run(s, MODE_SQUEEZE), "besteffort.slice cpu.weight = 50; ");
	assert_int_equal(s->changes.list[0].had.value, 100);
	assert_int_equal(s->changes.list[0].reason.code, REASON_WEIGHT_FIXED);
	assert_int_equal(s->changes.n_withheld, 0);
}

TEST(a_value_that_only_differs_by_the_kernels_rounding_is_not_written)
{
	struct diff_case *s = *state;

	fake_set(s->hog, KNOB_MEMORY_HIGH, 999424);
	diff_case_plan(s, s->hog, KNOB_MEMORY_HIGH, EFFECT_LIMIT, 1000001);
	assert_string_equal(diff_case_run(s, MODE_SQUEEZE), "");
}

TEST(a_knob_that_was_not_read_or_is_missing_gets_no_change)
{
	struct diff_case *s = *state;

	fake_missing(s->hog, KNOB_IO_WEIGHT);
	s->hog->knobs[KNOB_CPU_IDLE].now.state = KNOB_UNREAD;
	diff_case_plan(s, s->hog, KNOB_IO_WEIGHT, EFFECT_SHARE, 10);
	diff_case_plan(s, s->hog, KNOB_CPU_IDLE, EFFECT_SHARE, 1);
	assert_string_equal(diff_case_run(s, MODE_SQUEEZE), "");
}

TEST(each_mode_allows_its_effects_and_counts_the_rest)
{
	struct diff_case *s = *state;

	diff_case_plan(s, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 1);
	diff_case_plan(s, s->hog, KNOB_MEMORY_LOW, EFFECT_PROTECTION, 4096);
	diff_case_plan(s, s->hog, KNOB_MEMORY_HIGH, EFFECT_LIMIT, 1 << 20);
	diff_case_plan(s, s->hog, KNOB_CPU_MAX, EFFECT_HOLD, 5000);
	for (int mode = MODE_OFF; mode <= MODE_OBSERVE; mode++) {
		assert_string_equal(diff_case_run(s, (enum mode)mode), "");
		assert_int_equal(s->changes.n_withheld, 4);
	}
	assert_string_equal(diff_case_run(s, MODE_PROTECT),
			    "hog.slice memory.low = 4096; hog.slice cpu.weight = 1; ");
	assert_int_equal(s->changes.n_withheld, 2);
	diff_case_run(s, MODE_SQUEEZE);
	assert_int_equal(s->changes.n, 4);
	assert_int_equal(s->changes.n_withheld, 0);
}

/* Each resource has a mode of its own: lowering one undoes that one's knobs and no others. */
TEST(a_lowered_resource_gives_back_its_own_knobs_and_no_others)
{
	struct diff_case *s = *state;
	static const char *const undone[RESOURCE_COUNT] = {
		"hog.slice cpu.weight <- 100; ",
		"hog.slice memory.low <- 0; ",
		"hog.slice io.weight <- default 100; ",
	};

	diff_case_plan(s, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 1);
	diff_case_plan(s, s->hog, KNOB_MEMORY_LOW, EFFECT_PROTECTION, 4096);
	diff_case_plan(s, s->hog, KNOB_IO_WEIGHT, EFFECT_SHARE, 10);
	diff_case_run(s, MODE_SQUEEZE);
	assert_int_equal(s->changes.n, 3);
	fake_apply(&s->f);
	for (int r = 0; r < RESOURCE_COUNT; r++) {
		struct modes modes = mode_of_all(MODE_SQUEEZE);

		modes.by[r] = MODE_OBSERVE;
		assert_string_equal(diff_case_run_modes(s, &modes, false), undone[r]);
		assert_int_equal(s->changes.n_withheld, 1);
		modes.by[r] = MODE_OFF;
		assert_string_equal(diff_case_run_modes(s, &modes, false), undone[r]);
	}
	assert_string_equal(diff_case_run(s, MODE_SQUEEZE), "");
}

TEST(what_is_withheld_is_listed_for_the_resource_that_observes)
{
	struct diff_case *s = *state;
	struct modes modes = mode_of_all(MODE_PROTECT);

	diff_case_plan(s, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 1);
	diff_case_plan(s, s->hog, KNOB_MEMORY_LOW, EFFECT_PROTECTION, 4096);
	modes.by[RESOURCE_MEMORY] = MODE_OBSERVE;
	assert_string_equal(diff_case_run_modes(s, &modes, false), "hog.slice cpu.weight = 1; ");
	assert_string_equal(diff_case_run_modes(s, &modes, true),
			    "hog.slice memory.low = 4096; hog.slice cpu.weight = 1; ");
	assert_int_equal(s->changes.n_withheld, 1);
}

TEST(what_is_withheld_is_listed_on_request_in_observe_only)
{
	struct diff_case *s = *state;
	struct modes modes = mode_of_all(MODE_OBSERVE);

	diff_case_plan(s, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 1);
	diff_case_plan(s, s->hog, KNOB_MEMORY_HIGH, EFFECT_LIMIT, 1 << 20);
	assert_int_equal(diff(&s->f.model, &s->f.plan, &modes, true, &s->changes), 0);
	assert_int_equal(s->changes.n, 2);
	assert_int_equal(s->changes.n_withheld, 2);
	modes = mode_of_all(MODE_PROTECT);
	assert_int_equal(diff(&s->f.model, &s->f.plan, &modes, true, &s->changes), 0);
	assert_int_equal(s->changes.n, 1);
	assert_int_equal(s->changes.n_withheld, 1);
}

TEST(an_owned_knob_that_no_plan_names_gets_its_original_back)
{
	struct diff_case *s = *state;

	fake_own(s->hog, KNOB_CPU_WEIGHT, 39, 1);
	assert_string_equal(diff_case_run(s, MODE_SQUEEZE), "hog.slice cpu.weight <- 39; ");
	assert_int_equal(s->changes.list[0].reason.code, REASON_NOT_PLANNED);
}

/* As after a restart beside a kubelet that has not answered yet. */
static void await_facts(struct diff_case *s)
{
	fake_waiting(&s->f, s->hog->pod);
	fake_waiting(&s->f, s->online->pod);
	s->f.model.facts_awaited = true;
}

TEST(until_facts_come_shares_and_protection_stay_and_holds_end)
{
	struct diff_case *s = *state;

	await_facts(s);
	fake_own(s->class, KNOB_CPU_WEIGHT, 1, 3);
	fake_own(s->hog, KNOB_CPU_IDLE, 0, 1);
	fake_own(s->hog, KNOB_CPU_WEIGHT, 39, 1);
	fake_own(s->online, KNOB_MEMORY_MIN, 0, 4096);
	fake_own(s->hog, KNOB_MEMORY_HIGH, 1u << 30, 1u << 20);
	fake_own(s->class, KNOB_CPU_MAX, KNOB_VALUE_MAX, 20000);
	s->class->knobs[KNOB_CPU_MAX].held = true;
	assert_string_equal(diff_case_run(s, MODE_SQUEEZE),
			    "besteffort.slice cpu.max <- max 100000; "
			    "hog.slice memory.high <- 1073741824; ");
	s->f.model.facts_awaited = false;
	(void)diff_case_run(s, MODE_SQUEEZE);
	assert_int_equal(s->changes.n, 6);
}

TEST(what_is_awaited_does_not_keep_what_the_mode_forbids_or_others_wrote)
{
	struct diff_case *s = *state;

	await_facts(s);
	fake_own(s->class, KNOB_CPU_WEIGHT, 1, 3);
	assert_string_equal(diff_case_run(s, MODE_PROTECT), "");
	assert_string_equal(diff_case_run(s, MODE_OBSERVE), "besteffort.slice cpu.weight <- 1; ");
	s->class->knobs[KNOB_CPU_WEIGHT].now.value = 77;
	assert_string_equal(diff_case_run(s, MODE_PROTECT), "besteffort.slice cpu.weight x 77; ");
	fake_own(s->class, KNOB_CPU_WEIGHT, 1, 3);
	diff_case_plan(s, s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 5);
	fake_own(s->hog, KNOB_CPU_WEIGHT, 1, 3);
	fake_level(&s->f, s->hog->pod, LEVEL_P7);
	assert_string_equal(diff_case_run(s, MODE_PROTECT),
			    "besteffort.slice cpu.weight = 5; hog.slice cpu.weight <- 1; ");
}

TEST(lowering_the_mode_undoes_what_the_new_one_does_not_allow)
{
	struct diff_case *s = *state;

	fake_own(s->hog, KNOB_MEMORY_HIGH, KNOB_VALUE_MAX, 1 << 20);
	fake_own(s->hog, KNOB_CPU_WEIGHT, 100, 1);
	diff_case_plan(s, s->hog, KNOB_MEMORY_HIGH, EFFECT_LIMIT, 1 << 20);
	diff_case_plan(s, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 1);
	assert_string_equal(diff_case_run(s, MODE_PROTECT), "hog.slice memory.high <- max; ");
	assert_int_equal(s->changes.list[0].reason.code, REASON_MODE);
	assert_string_equal(diff_case_run(s, MODE_OBSERVE),
			    "hog.slice cpu.weight <- 100; hog.slice memory.high <- max; ");
}

TEST(a_value_that_somebody_else_wrote_since_is_left_alone)
{
	struct diff_case *s = *state;

	fake_own(s->hog, KNOB_CPU_WEIGHT, 39, 1);
	s->hog->knobs[KNOB_CPU_WEIGHT].now.value = 7;
	assert_string_equal(diff_case_run(s, MODE_SQUEEZE), "hog.slice cpu.weight x 7; ");
}

TEST(a_planned_value_is_written_again_over_somebody_elses)
{
	struct diff_case *s = *state;

	fake_own(s->hog, KNOB_CPU_WEIGHT, 39, 1);
	s->hog->knobs[KNOB_CPU_WEIGHT].now.value = 7;
	diff_case_plan(s, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 1);
	assert_string_equal(diff_case_run(s, MODE_SQUEEZE), "hog.slice cpu.weight = 1; ");
}

TEST(a_weight_is_never_written_to_an_idle_group)
{
	struct diff_case *s = *state;

	/* Goes idle in this pass: the weight needs nothing. */
	diff_case_plan(s, s->hog, KNOB_CPU_IDLE, EFFECT_SHARE, 1);
	diff_case_plan(s, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 5);
	assert_string_equal(diff_case_run(s, MODE_SQUEEZE), "hog.slice cpu.idle = 1; ");
	/* Is idle by colod, its weight remembered: nothing at all. */
	fake_own(s->hog, KNOB_CPU_IDLE, 0, 1);
	fake_own(s->hog, KNOB_CPU_WEIGHT, 39, 100);
	s->hog->knobs[KNOB_CPU_WEIGHT].now.value = 1;
	assert_string_equal(diff_case_run(s, MODE_SQUEEZE), "");
	/* 6.1 shows 0. */
	s->hog->knobs[KNOB_CPU_WEIGHT].now.value = 0;
	assert_string_equal(diff_case_run(s, MODE_SQUEEZE), "");
}

TEST(a_weight_is_never_written_to_a_group_that_somebody_else_made_idle)
{
	struct diff_case *s = *state;

	fake_set(s->hog, KNOB_CPU_IDLE, 1);
	fake_set(s->hog, KNOB_CPU_WEIGHT, 1);
	diff_case_plan(s, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 5);
	assert_string_equal(diff_case_run(s, MODE_SQUEEZE), "");
	assert_string_equal(diff_case_run(s, MODE_OBSERVE), "");
	assert_int_equal(s->changes.n_withheld, 0);
}

TEST(the_remembered_weight_follows_idle_off_at_once)
{
	struct diff_case *s = *state;

	fake_own(s->hog, KNOB_CPU_IDLE, 0, 1);
	fake_own(s->hog, KNOB_CPU_WEIGHT, 39, 100);
	s->hog->knobs[KNOB_CPU_WEIGHT].now.value = 1;
	fake_own(s->class, KNOB_CPU_WEIGHT, 100, 50);
	assert_string_equal(diff_case_run(s, MODE_SQUEEZE),
			    "besteffort.slice cpu.weight <- 100; hog.slice cpu.idle <- 0; "
			    "hog.slice cpu.weight <- 39; ");
}

TEST(a_planned_weight_follows_idle_off_at_once_even_where_it_tightens)
{
	struct diff_case *s = *state;

	fake_own(s->hog, KNOB_CPU_IDLE, 0, 1);
	fake_own(s->hog, KNOB_CPU_WEIGHT, 39, 100);
	s->hog->knobs[KNOB_CPU_WEIGHT].now.value = 1;
	diff_case_plan(s, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 5);
	diff_case_plan(s, s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	assert_string_equal(diff_case_run(s, MODE_SQUEEZE),
			    "hog.slice cpu.idle <- 0; hog.slice cpu.weight = 5; "
			    "besteffort.slice cpu.weight = 50; ");
}

TEST(a_weight_that_somebody_elses_idle_swallowed_is_forgotten)
{
	struct diff_case *s = *state;

	fake_own(s->hog, KNOB_CPU_WEIGHT, 39, 5);
	s->hog->knobs[KNOB_CPU_WEIGHT].now.value = 1;
	fake_set(s->hog, KNOB_CPU_IDLE, 1);
	assert_string_equal(diff_case_run(s, MODE_SQUEEZE), "hog.slice cpu.weight x 1; ");
}

TEST(protection_rises_from_the_parent_and_falls_from_the_child)
{
	struct diff_case *s = *state;

	diff_case_plan(s, s->hog, KNOB_MEMORY_LOW, EFFECT_PROTECTION, 8192);
	diff_case_plan(s, s->class, KNOB_MEMORY_LOW, EFFECT_PROTECTION, 8192);
	diff_case_plan(s, s->root, KNOB_MEMORY_LOW, EFFECT_PROTECTION, 8192);
	assert_string_equal(diff_case_run(s, MODE_PROTECT),
			    "kubepods.slice memory.low = 8192; besteffort.slice memory.low = 8192; "
			    "hog.slice memory.low = 8192; ");
	fake_own(s->hog, KNOB_MEMORY_LOW, 0, 16384);
	fake_own(s->class, KNOB_MEMORY_LOW, 0, 16384);
	fake_own(s->root, KNOB_MEMORY_LOW, 0, 16384);
	assert_string_equal(diff_case_run(s, MODE_PROTECT),
			    "hog.slice memory.low = 8192; besteffort.slice memory.low = 8192; "
			    "kubepods.slice memory.low = 8192; ");
	assert_string_equal(diff_case_run(s, MODE_OBSERVE),
			    "hog.slice memory.low <- 0; besteffort.slice memory.low <- 0; "
			    "kubepods.slice memory.low <- 0; ");
}

TEST(protection_that_moves_never_overbooks_the_parent_on_the_way)
{
	struct diff_case *s = *state;

	/* 10 of the parent: 8 of a and 2 of hog become 4 and 6. */
	fake_set(s->root, KNOB_MEMORY_MIN, 10 * 4096);
	fake_set(s->online, KNOB_MEMORY_MIN, 8 * 4096);
	fake_set(s->class, KNOB_MEMORY_MIN, 2 * 4096);
	diff_case_plan(s, s->class, KNOB_MEMORY_MIN, EFFECT_PROTECTION, 6 * 4096);
	diff_case_plan(s, s->online, KNOB_MEMORY_MIN, EFFECT_PROTECTION, 4 * 4096);
	assert_string_equal(diff_case_run(s, MODE_PROTECT),
			    "a.slice memory.min = 16384; "
			    "besteffort.slice memory.min = 24576; ");
}

TEST(holds_end_first_then_loosening_then_tightening)
{
	struct diff_case *s = *state;

	diff_case_plan(s, s->hog, KNOB_MEMORY_HIGH, EFFECT_LIMIT, 1 << 20);
	diff_case_plan(s, s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	diff_case_plan(s, s->online, KNOB_CPU_WEIGHT, EFFECT_SHARE, 500);
	diff_case_plan(s, s->online, KNOB_MEMORY_LOW, EFFECT_PROTECTION, 4096);
	fake_own(s->hog, KNOB_CPU_MAX, KNOB_VALUE_MAX, 5000);
	s->hog->knobs[KNOB_CPU_MAX].held = true;
	fake_own(s->root, KNOB_IO_WEIGHT, 100, 500);
	assert_string_equal(diff_case_run(s, MODE_SQUEEZE),
			    "hog.slice cpu.max <- max 100000; a.slice cpu.weight = 500; "
			    "a.slice memory.low = 4096; "
			    "hog.slice memory.high = 1048576; besteffort.slice cpu.weight = 50; "
			    "kubepods.slice io.weight <- default 100; ");
	assert_int_equal(s->changes.list[0].reason.code, REASON_RELEASED);
	assert_int_equal(s->changes.list[0].effect, EFFECT_HOLD);
}

TEST(quotas_are_compared_as_shares_of_a_cpu)
{
	struct change c = {
		.knob = KNOB_CPU_MAX,
		.kind = CHANGE_WRITE,
		.effect = EFFECT_HOLD,
		.had = knob_value_quota(50000, 100000),
		.want = knob_value_quota(15000, 20000),
	};

	assert_int_equal(diff_phase(&c), DIFF_GIVE_BACK);
	c.want = knob_value_quota(5000, 20000);
	assert_int_equal(diff_phase(&c), DIFF_TIGHTEN);
	c.had = knob_value_quota(KNOB_VALUE_MAX, 100000);
	c.want = knob_value_quota(KNOB_VALUE_MAX - 1, 1000);
	assert_int_equal(diff_phase(&c), DIFF_TIGHTEN);
	c.had = knob_value_quota(1000, 100000);
	c.want = knob_value_quota(KNOB_VALUE_MAX, 20000);
	assert_int_equal(diff_phase(&c), DIFF_GIVE_BACK);
}

TEST(after_the_changes_a_second_diff_is_empty_and_allocates_nothing)
{
	struct diff_case *s = *state;
	const struct modes modes = mode_of_all(MODE_SQUEEZE);
	unsigned long before;

	diff_case_plan(s, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 1);
	diff_case_plan(s, s->hog, KNOB_MEMORY_HIGH, EFFECT_LIMIT, 1 << 20);
	diff_case_run(s, MODE_SQUEEZE);
	assert_int_equal(s->changes.n, 2);
	fake_apply(&s->f);
	changes_free(&s->changes);
	before = alloc_count();
	assert_int_equal(diff(&s->f.model, &s->f.plan, &modes, false, &s->changes), 0);
	assert_int_equal(alloc_count(), before);
	assert_int_equal(s->changes.n, 0);
}

TEST(sibling_order_does_not_change_what_is_written)
{
	struct diff_case *s = *state;
	size_t n;

	diff_case_plan(s, s->online, KNOB_CPU_WEIGHT, EFFECT_SHARE, 500);
	diff_case_plan(s, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 1);
	diff_case_plan(s, s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	diff_case_run(s, MODE_SQUEEZE);
	n = s->changes.n;
	fake_reverse_siblings(&s->f);
	diff_case_run(s, MODE_SQUEEZE);
	assert_int_equal(s->changes.n, n);
	assert_ptr_equal(s->changes.list[0].cgroup, s->online);
	/* Children before their parents when it tightens. */
	assert_ptr_equal(s->changes.list[1].cgroup, s->hog);
	assert_ptr_equal(s->changes.list[2].cgroup, s->class);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, diff_case_setup, diff_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_planned_value_that_differs_is_written_and_nothing_else),
		CASE(a_value_that_only_differs_by_the_kernels_rounding_is_not_written),
		CASE(a_knob_that_was_not_read_or_is_missing_gets_no_change),
		CASE(each_mode_allows_its_effects_and_counts_the_rest),
		CASE(a_lowered_resource_gives_back_its_own_knobs_and_no_others),
		CASE(what_is_withheld_is_listed_for_the_resource_that_observes),
		CASE(what_is_withheld_is_listed_on_request_in_observe_only),
		CASE(an_owned_knob_that_no_plan_names_gets_its_original_back),
		CASE(until_facts_come_shares_and_protection_stay_and_holds_end),
		CASE(what_is_awaited_does_not_keep_what_the_mode_forbids_or_others_wrote),
		CASE(lowering_the_mode_undoes_what_the_new_one_does_not_allow),
		CASE(a_value_that_somebody_else_wrote_since_is_left_alone),
		CASE(a_planned_value_is_written_again_over_somebody_elses),
		CASE(a_weight_is_never_written_to_an_idle_group),
		CASE(a_weight_is_never_written_to_a_group_that_somebody_else_made_idle),
		CASE(the_remembered_weight_follows_idle_off_at_once),
		CASE(a_planned_weight_follows_idle_off_at_once_even_where_it_tightens),
		CASE(a_weight_that_somebody_elses_idle_swallowed_is_forgotten),
		CASE(protection_rises_from_the_parent_and_falls_from_the_child),
		CASE(protection_that_moves_never_overbooks_the_parent_on_the_way),
		CASE(holds_end_first_then_loosening_then_tightening),
		CASE(quotas_are_compared_as_shares_of_a_cpu),
		CASE(after_the_changes_a_second_diff_is_empty_and_allocates_nothing),
		CASE(sibling_order_does_not_change_what_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
