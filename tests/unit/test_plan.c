// SPDX-License-Identifier: LGPL-2.1-or-later
// The plan as a container: found by cgroup and knob, replaced rather than doubled, kept in order.
#include "policy/decide.h"
#include "tests/lib/fake.h"
#include "tests/lib/test.h"

#define MANY 5000

static struct plan_entry entry_of(struct cgroup *cg, enum knob knob, uint64_t value)
{
	return (struct plan_entry){
		.cgroup = cg,
		.knob = knob,
		.want = {.state = KNOB_KNOWN, .value = value},
	};
}

TEST(an_entry_is_found_by_cgroup_and_knob)
{
	static struct cgroup cgroups[MANY];
	struct plan plan = {0};

	for (size_t i = 0; i < MANY; i++) {
		struct plan_entry e = entry_of(&cgroups[i], KNOB_CPU_WEIGHT, i);

		assert_int_equal(plan_add(&plan, &e), 0);
	}
	assert_int_equal(plan.n_entries, MANY);
	for (size_t i = 0; i < MANY; i++) {
		assert_int_equal(plan_find(&plan, &cgroups[i], KNOB_CPU_WEIGHT)->want.value, i);
		assert_int_equal(plan.entries[i].want.value, i); /* in the order of adding */
		assert_null(plan_find(&plan, &cgroups[i], KNOB_CPU_IDLE));
	}
	plan_free(&plan);
}

TEST(a_second_entry_for_one_knob_replaces_the_first)
{
	struct cgroup cg = {0};
	struct plan plan = {0};
	struct plan_entry e = entry_of(&cg, KNOB_IO_WEIGHT, 1);

	assert_int_equal(plan_add(&plan, &e), 0);
	e.want.value = 2;
	assert_int_equal(plan_add(&plan, &e), 0);
	assert_int_equal(plan.n_entries, 1);
	assert_int_equal(plan_find(&plan, &cg, KNOB_IO_WEIGHT)->want.value, 2);
	plan_free(&plan);
}

TEST(a_cleared_plan_holds_nothing_and_can_be_filled_again)
{
	struct cgroup cg = {0};
	struct plan plan = {0};
	struct plan_entry e = entry_of(&cg, KNOB_IO_WEIGHT, 1);

	plan_clear(&plan);
	assert_null(plan_find(&plan, &cg, KNOB_IO_WEIGHT));
	assert_int_equal(plan_add(&plan, &e), 0);
	plan_clear(&plan);
	assert_int_equal(plan.n_entries, 0);
	assert_null(plan_find(&plan, &cg, KNOB_IO_WEIGHT));
	assert_int_equal(plan_add(&plan, &e), 0);
	assert_non_null(plan_find(&plan, &cg, KNOB_IO_WEIGHT));
	plan_free(&plan);
	plan_free(&plan);
}

TEST(a_pod_that_nothing_was_decided_for_has_no_level)
{
	struct pod pod = {.slot = 7};
	struct plan plan = {0};

	assert_int_equal(plan_assignment(&plan, &pod)->state, ASSIGNMENT_NONE);
	assert_int_equal(plan_assignment(&plan, &pod)->level, LEVEL_NONE);
	assert_int_equal(plan_assignment(&plan, &pod)->rule, -1);
	assert_false(plan_assignment(&plan, &pod)->may_hold);
}

TEST(a_cleared_plan_has_no_level_for_anybody)
{
	struct pod pod = {.slot = 0};
	struct plan plan = {.n_assignments = 1};

	plan.assignments = calloc(1, sizeof(*plan.assignments));
	assert_non_null(plan.assignments);
	plan.assignments[0].state = ASSIGNMENT_LEVEL;
	assert_int_equal(plan_assignment(&plan, &pod)->state, ASSIGNMENT_LEVEL);
	plan_clear(&plan);
	assert_int_equal(plan_assignment(&plan, &pod)->state, ASSIGNMENT_NONE);
	plan_free(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_is_found_by_cgroup_and_knob),
		cmocka_unit_test(a_second_entry_for_one_knob_replaces_the_first),
		cmocka_unit_test(a_cleared_plan_holds_nothing_and_can_be_filled_again),
		cmocka_unit_test(a_cleared_plan_has_no_level_for_anybody),
		cmocka_unit_test(a_pod_that_nothing_was_decided_for_has_no_level),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
