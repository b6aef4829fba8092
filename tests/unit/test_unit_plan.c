// SPDX-License-Identifier: LGPL-2.1-or-later
// What is told of one unit, from what is wanted, was told, and systemd has.
#include "tests/lib/test.h"

#include "agent/apply/unit_plan.h"
#include "policy/knob.h"

#define W UNIT_PROP_CPU_WEIGHT
#define LOW UNIT_PROP_MEMORY_LOW

static struct unit unit;
static struct unit_answer answer;
static struct unit_plan plan;

static int setup(void **state)
{
	(void)state;
	memset(&unit, 0, sizeof(unit));
	answer = (struct unit_answer){.values.mask = (1u << UNIT_PROP_COUNT) - 1};
	for (int i = 0; i < UNIT_PROP_COUNT; i++)
		answer.values.value[i] = UNIT_PROP_UNSET;
	answer.values.value[LOW] = 0;
	return 0;
}

static void want(enum unit_prop prop, uint64_t value)
{
	unit.wanted.mask |= 1u << prop;
	unit.wanted.value[prop] = value;
}

TEST(a_first_telling_remembers_what_was_there)
{
	answer.values.value[W] = 300;
	want(W, 50);
	want(LOW, 4096);
	unit_plan(&unit, &answer, NULL, 1u << LOW, &plan);
	assert_int_equal(plan.tell.mask, 1u << W | 1u << LOW);
	assert_int_equal(plan.tell.value[W], 50);
	assert_int_equal(plan.told[W].before, 300);
	assert_true(plan.told[W].made);
	assert_false(plan.told[LOW].made);
	assert_int_equal(plan.undone, 0);
}

TEST(what_systemd_has_already_is_neither_told_nor_owned)
{
	answer.values.value[W] = 50;
	want(W, 50);
	unit_plan(&unit, &answer, NULL, 0, &plan);
	assert_int_equal(plan.tell.mask, 0);
}

TEST(a_change_keeps_what_it_goes_back_to)
{
	unit.props[W] = (struct unit_told){.set = true, .made = true, .before = 300, .told = 50};
	answer.values.value[W] = 50;
	want(W, 60);
	unit_plan(&unit, &answer, NULL, 1u << W, &plan);
	assert_int_equal(plan.told[W].before, 300);
	assert_int_equal(plan.told[W].previous, 50);
	assert_true(plan.told[W].made);
	/* Somebody set it since: that is what it goes back to. */
	answer.values.value[W] = 111;
	unit_plan(&unit, &answer, NULL, 1u << W, &plan);
	assert_int_equal(plan.told[W].before, 111);
	assert_int_equal(plan.told[W].told, 60);
}

TEST(an_undo_needs_that_it_still_is_colods)
{
	unit.props[W] = (struct unit_told){.set = true, .before = 300, .told = 50, .previous = 40};
	answer.values.value[W] = 50;
	unit_plan(&unit, &answer, NULL, 0, &plan);
	assert_int_equal(plan.tell.value[W], 300);
	assert_int_equal(plan.undone, 1u << W);
	/* Killed between the record and the call. */
	answer.values.value[W] = 40;
	unit_plan(&unit, &answer, NULL, 0, &plan);
	assert_int_equal(plan.undone, 1u << W);
	answer.values.value[W] = 111;
	unit_plan(&unit, &answer, NULL, 0, &plan);
	assert_int_equal(plan.tell.mask, 0);
	assert_int_equal(plan.forget, 1u << W);
}

TEST(a_quota_is_carried_only_where_systemd_would_wipe_it)
{
	struct knob_value max = knob_value_quota(25000, 50000);

	want(W, 50);
	unit_plan(&unit, &answer, &max, 0, &plan);
	assert_int_equal(plan.tell.value[UNIT_PROP_CPU_QUOTA], 500000);
	assert_int_equal(plan.tell.value[UNIT_PROP_CPU_PERIOD], 50000);
	answer.values.value[UNIT_PROP_CPU_QUOTA] = 250000;
	unit_plan(&unit, &answer, &max, 0, &plan);
	assert_int_equal(plan.tell.mask, 1u << W);
	answer.values.value[UNIT_PROP_CPU_QUOTA] = UNIT_PROP_UNSET;
	max.value = KNOB_VALUE_MAX;
	unit_plan(&unit, &answer, &max, 0, &plan);
	assert_int_equal(plan.tell.mask, 1u << W);
	/* Without a weight to tell there is nothing that would wipe it. */
	max.value = 25000;
	unit.wanted.mask = 0;
	want(LOW, 4096);
	unit_plan(&unit, &answer, &max, 0, &plan);
	assert_int_equal(plan.tell.mask, 1u << LOW);
}

TEST(a_carried_quota_follows_its_owner_and_goes_with_him)
{
	struct knob_value max = knob_value_quota(25000, 100000);

	want(W, 50);
	answer.values.value[W] = 50;
	unit.now = answer.values;
	unit.props[W] = (struct unit_told){.set = true, .told = 50};
	unit.props[UNIT_PROP_CPU_QUOTA] =
		(struct unit_told){.set = true, .before = UNIT_PROP_UNSET, .told = 250000};
	answer.values.value[UNIT_PROP_CPU_QUOTA] = 250000;
	assert_true(unit_plan_is_done(&unit, &max));
	max.value = 80000;
	assert_false(unit_plan_is_done(&unit, &max));
	unit_plan(&unit, &answer, &max, 0, &plan);
	assert_int_equal(plan.tell.value[UNIT_PROP_CPU_QUOTA], 800000);
	max.value = KNOB_VALUE_MAX;
	assert_false(unit_plan_is_done(&unit, &max));
	unit_plan(&unit, &answer, &max, 0, &plan);
	assert_true(plan.tell.value[UNIT_PROP_CPU_QUOTA] == UNIT_PROP_UNSET);
	assert_true(plan.undone & 1u << UNIT_PROP_CPU_QUOTA);
}

TEST(a_property_that_systemd_lacks_is_not_waited_for)
{
	answer.values.mask &= ~(1u << UNIT_PROP_IO_WEIGHT);
	want(UNIT_PROP_IO_WEIGHT, 10);
	unit_plan(&unit, &answer, NULL, 0, &plan);
	assert_int_equal(plan.tell.mask, 0);
	unit.now = answer.values;
	assert_true(unit_plan_is_done(&unit, NULL));
}

TEST(what_is_wanted_and_told_is_done_unless_it_is_stale)
{
	want(W, 50);
	unit.props[W] = (struct unit_told){.set = true, .told = 50};
	unit.now.mask = 1u << W;
	unit.now.value[W] = 50;
	assert_true(unit_plan_is_done(&unit, NULL));
	unit.stale = true;
	assert_false(unit_plan_is_done(&unit, NULL));
	unit.stale = false;
	unit.wanted.mask = 0;
	assert_false(unit_plan_is_done(&unit, NULL));
}

#define CASE(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_first_telling_remembers_what_was_there),
		CASE(what_systemd_has_already_is_neither_told_nor_owned),
		CASE(a_change_keeps_what_it_goes_back_to),
		CASE(an_undo_needs_that_it_still_is_colods),
		CASE(a_quota_is_carried_only_where_systemd_would_wipe_it),
		CASE(a_carried_quota_follows_its_owner_and_goes_with_him),
		CASE(a_property_that_systemd_lacks_is_not_waited_for),
		CASE(what_is_wanted_and_told_is_done_unless_it_is_stale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
