// SPDX-License-Identifier: LGPL-2.1-or-later
// What colod's knobs are as properties.
#include "tests/lib/test.h"

#include "policy/knob.h"
#include "policy/unit_prop.h"

static const struct unit_values nothing;

static void own(struct cgroup *cg, enum knob knob, uint64_t value)
{
	cg->knobs[knob].owned = true;
	cg->knobs[knob].written = knob_value_of(value);
}

TEST(names_go_both_ways)
{
	for (int i = 0; i < UNIT_PROP_COUNT; i++)
		assert_int_equal(unit_prop_from_name(unit_prop_name((enum unit_prop)i)), i);
	assert_true(unit_prop_from_name("TasksMax") < 0);
	assert_null(unit_prop_name(UNIT_PROP_COUNT));
	assert_string_equal(unit_prop_setting(UNIT_PROP_CPU_QUOTA), "CPUQuota");
}

TEST(shares_protection_and_limits_are_wanted_holds_are_not)
{
	struct cgroup cg = {0};
	struct unit_values wanted;

	own(&cg, KNOB_CPU_WEIGHT, 50);
	own(&cg, KNOB_MEMORY_MIN, 4096);
	own(&cg, KNOB_MEMORY_HIGH, 8192);
	own(&cg, KNOB_IO_WEIGHT, 10);
	own(&cg, KNOB_CPU_MAX, 5000);
	unit_prop_wanted(&cg, &nothing, &wanted);
	assert_int_equal(wanted.mask, 1u << UNIT_PROP_CPU_WEIGHT | 1u << UNIT_PROP_MEMORY_MIN |
					      1u << UNIT_PROP_MEMORY_HIGH |
					      1u << UNIT_PROP_IO_WEIGHT);
	assert_int_equal(wanted.value[UNIT_PROP_MEMORY_HIGH], 8192);
	cg.knobs[KNOB_MEMORY_HIGH].held = true;
	cg.knobs[KNOB_CPU_WEIGHT].owned = false;
	unit_prop_wanted(&cg, &nothing, &wanted);
	assert_int_equal(wanted.mask, 1u << UNIT_PROP_MEMORY_MIN | 1u << UNIT_PROP_IO_WEIGHT);
}

TEST(idle_goes_before_the_weight_that_it_hides)
{
	struct cgroup cg = {0};
	struct unit_values wanted;

	own(&cg, KNOB_CPU_WEIGHT, 100);
	own(&cg, KNOB_CPU_IDLE, 1);
	unit_prop_wanted(&cg, &nothing, &wanted);
	assert_int_equal(wanted.value[UNIT_PROP_CPU_WEIGHT], 0);
	own(&cg, KNOB_CPU_IDLE, 0);
	unit_prop_wanted(&cg, &nothing, &wanted);
	assert_int_equal(wanted.value[UNIT_PROP_CPU_WEIGHT], 100);
}

TEST(a_contested_knob_stays_as_it_was_told)
{
	struct unit_values told = {.mask = 1u << UNIT_PROP_CPU_WEIGHT}, wanted;
	struct cgroup cg = {0};

	told.value[UNIT_PROP_CPU_WEIGHT] = 40;
	own(&cg, KNOB_CPU_WEIGHT, 50);
	cg.knobs[KNOB_CPU_WEIGHT].contested = true;
	unit_prop_wanted(&cg, &nothing, &wanted);
	assert_int_equal(wanted.mask, 0);
	unit_prop_wanted(&cg, &told, &wanted);
	assert_int_equal(wanted.value[UNIT_PROP_CPU_WEIGHT], 40);
}

/* To take it back would make systemd write over the hold. */
TEST(what_was_told_before_a_hold_stays_told_during_it)
{
	struct unit_values told = {.mask = 1u << UNIT_PROP_MEMORY_HIGH}, wanted;
	struct cgroup cg = {0};

	told.value[UNIT_PROP_MEMORY_HIGH] = 8192;
	own(&cg, KNOB_MEMORY_HIGH, 4096);
	cg.knobs[KNOB_MEMORY_HIGH].held = true;
	unit_prop_wanted(&cg, &told, &wanted);
	assert_int_equal(wanted.mask, told.mask);
	assert_int_equal(wanted.value[UNIT_PROP_MEMORY_HIGH], 8192);
	cg.knobs[KNOB_MEMORY_HIGH].owned = false;
	unit_prop_wanted(&cg, &told, &wanted);
	assert_int_equal(wanted.mask, 0);
}

TEST(somebody_elses_quota_is_the_original_behind_a_hold)
{
	struct cgroup cg = {0};
	struct knob_value max;

	assert_false(unit_prop_foreign_max(&cg, &max));
	cg.knobs[KNOB_CPU_MAX].now = knob_value_quota(5000, 20000);
	assert_true(unit_prop_foreign_max(&cg, &max));
	assert_int_equal(max.value, 5000);
	cg.knobs[KNOB_CPU_MAX].owned = true;
	cg.knobs[KNOB_CPU_MAX].original = knob_value_quota(7000, 100000);
	assert_true(unit_prop_foreign_max(&cg, &max));
	assert_int_equal(max.value, 7000);
}

/* 252 writes whole percents into its drop-in and forgets the rest at the next daemon-reload. */
TEST(a_carried_quota_is_never_tighter_than_it_was)
{
	struct knob_value v = knob_value_quota(12500, 100000);

	assert_int_equal(unit_prop_quota_of(&v), 130000);
	v = knob_value_quota(13000, 100000);
	assert_int_equal(unit_prop_quota_of(&v), 130000);
	v = knob_value_quota(1000, 1000000);
	assert_int_equal(unit_prop_quota_of(&v), 10000);
	v = knob_value_quota(KNOB_VALUE_MAX, 100000);
	assert_true(unit_prop_quota_of(&v) == UNIT_PROP_UNSET);
	v = knob_value_quota(UINT64_MAX - 1, 1);
	assert_true(unit_prop_quota_of(&v) == UNIT_PROP_UNSET);
}

TEST(what_systemd_writes_is_known_from_its_properties)
{
	struct unit_values v = {.mask = (1u << UNIT_PROP_COUNT) - 1};
	struct knob_value got;

	for (int i = 0; i < UNIT_PROP_COUNT; i++)
		v.value[i] = UNIT_PROP_UNSET;
	assert_true(unit_prop_writes(&v, KNOB_CPU_WEIGHT, &got));
	assert_int_equal(got.value, 100);
	assert_true(unit_prop_writes(&v, KNOB_CPU_MAX, &got));
	assert_true(got.value == KNOB_VALUE_MAX);
	assert_int_equal(got.period_us, 100000);
	assert_true(unit_prop_writes(&v, KNOB_CPU_IDLE, &got));
	assert_int_equal(got.value, 0);
	v.value[UNIT_PROP_CPU_WEIGHT] = 0;
	v.value[UNIT_PROP_CPU_QUOTA] = 1340000;
	v.value[UNIT_PROP_CPU_PERIOD] = 50000;
	v.value[UNIT_PROP_MEMORY_LOW] = 4096;
	assert_true(unit_prop_writes(&v, KNOB_CPU_MAX, &got));
	assert_int_equal(got.value, 67000);
	assert_int_equal(got.period_us, 50000);
	assert_true(unit_prop_writes(&v, KNOB_CPU_IDLE, &got));
	assert_int_equal(got.value, 1);
	assert_true(unit_prop_writes(&v, KNOB_MEMORY_LOW, &got));
	assert_int_equal(got.value, 4096);
	assert_true(unit_prop_writes(&v, KNOB_MEMORY_OOM_GROUP, &got));
	assert_int_equal(got.value, 0);
	v.oom_group = true;
	assert_true(unit_prop_writes(&v, KNOB_MEMORY_OOM_GROUP, &got));
	assert_int_equal(got.value, 1);
	v.mask = 1u << UNIT_PROP_CPU_WEIGHT;
	assert_false(unit_prop_writes(&v, KNOB_MEMORY_OOM_GROUP, &got));
	assert_false(unit_prop_writes(&v, KNOB_CPU_MAX, &got));
	assert_false(unit_prop_writes(&v, KNOB_MEMORY_LOW, &got));
	assert_false(unit_prop_writes(&v, KNOB_MEMORY_MAX, &got));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_go_both_ways),
		cmocka_unit_test(shares_protection_and_limits_are_wanted_holds_are_not),
		cmocka_unit_test(idle_goes_before_the_weight_that_it_hides),
		cmocka_unit_test(a_contested_knob_stays_as_it_was_told),
		cmocka_unit_test(what_was_told_before_a_hold_stays_told_during_it),
		cmocka_unit_test(somebody_elses_quota_is_the_original_behind_a_hold),
		cmocka_unit_test(what_systemd_writes_is_known_from_its_properties),
		cmocka_unit_test(a_carried_quota_is_never_tighter_than_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
