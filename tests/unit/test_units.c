// SPDX-License-Identifier: LGPL-2.1-or-later
// When systemd is asked and told, what is written down before, and what is mended after: against a
// process that answers as systemd does (tests/lib/fake_systemd.h).
#include "tests/lib/test.h"

#include "agent/base/fs.h"
#include "agent/base/log.h"
#include "policy/decide.h"
#include "policy/knob.h"
#include "tests/lib/tree.h"
#include "tests/lib/units_case.h"

TEST(what_was_written_is_told_in_one_call_after_it_was_recorded)
{
	struct units_case *s = *state;
	fake_kernel_plan(&s->a->k, s->a->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	fake_kernel_plan(&s->a->k, s->a->class, KNOB_MEMORY_LOW, EFFECT_PROTECTION, 8192);
	fake_kernel_plan(&s->a->k, s->a->class, KNOB_IO_WEIGHT, EFFECT_SHARE, 10);
	assert_int_equal(units_case_pass(s, 10 * S), 3);
	assert_int_equal(units_counts(units_case_units(s)).waiting, 1);
	assert_int_equal(fake_systemd_calls(&s->systemd), 1);
	assert_int_equal(fake_systemd_get(&s->systemd, "be.slice", "CPUWeight"), 50);
	assert_int_equal(fake_systemd_get(&s->systemd, "be.slice", "MemoryLow"), 8192);
	assert_int_equal(fake_systemd_get(&s->systemd, "be.slice", "IOWeight"), 10);
	assert_true(fake_systemd_get(&s->systemd, "hog.slice", "CPUWeight") == UNIT_PROP_UNSET);
	assert_int_equal(units_counts(units_case_units(s)).calls, 1);
	assert_int_equal(fs_exists(s->a->k.state_fd, UNIT_TABLE_FILE), 1);
	/* Steady: nothing is asked again. */
	for (int64_t t = 11; t < 60; t++)
		assert_int_equal(units_case_pass(s, t * S), 0);
	assert_int_equal(fake_systemd_calls(&s->systemd), 1);
	assert_int_equal(units_counts(units_case_units(s)).told, 1);
	assert_int_equal(units_counts(units_case_units(s)).waiting, 0);
}

TEST(a_hold_is_never_told_and_put_back_when_telling_wipes_it)
{
	struct units_case *s = *state;
	fake_kernel_plan(&s->a->k, s->a->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	fake_kernel_plan(&s->a->k, s->a->class, KNOB_CPU_MAX, EFFECT_HOLD, 5000);
	assert_int_equal(units_case_pass(s, 10 * S), 2);
	assert_int_equal(fake_systemd_calls(&s->systemd), 1);
	assert_true(fake_systemd_get(&s->systemd, "be.slice", "CPUQuotaPerSecUSec") ==
		    UNIT_PROP_UNSET);
	assert_int_equal(apply_case_value(s->a, APPLY_CLASS, KNOB_CPU_MAX), 5000);
	/* That was colod's own doing, not somebody's who writes over it. */
	assert_int_equal(units_case_pass(s, 11 * S), 0);
	assert_int_equal(apply_drift(s->a->k.apply).rewrites, 0);
	assert_true(apply_case_record(s->a, s->a->class, KNOB_CPU_MAX)->original.value ==
		    KNOB_VALUE_MAX);
}

TEST(calls_for_one_unit_are_five_seconds_apart_and_the_last_value_wins)
{
	struct units_case *s = *state;
	fake_kernel_plan(&s->a->k, s->a->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	units_case_pass(s, 10 * S);
	for (int64_t t = 0; t < 4; t++) {
		plan_clear(&s->a->k.f.plan);
		fake_kernel_plan(&s->a->k, s->a->class, KNOB_CPU_WEIGHT, EFFECT_SHARE,
				 60 + (uint64_t)t);
		units_case_pass(s, (11 + t) * S);
	}
	assert_int_equal(fake_systemd_calls(&s->systemd), 1);
	units_case_pass(s, 15 * S);
	assert_int_equal(fake_systemd_calls(&s->systemd), 2);
	assert_int_equal(fake_systemd_get(&s->systemd, "be.slice", "CPUWeight"), 63);
}

TEST(idle_is_told_as_a_weight_of_zero)
{
	struct units_case *s = *state;
	fake_kernel_plan(&s->a->k, s->a->hog, KNOB_CPU_IDLE, EFFECT_SHARE, 1);
	units_case_pass(s, 10 * S);
	assert_int_equal(fake_systemd_get(&s->systemd, "hog.slice", "CPUWeight"), 0);
	assert_int_equal(apply_case_value(s->a, APPLY_HOG, KNOB_CPU_IDLE), 1);
}

TEST(a_unit_of_another_systemd_is_left_alone_and_asked_once)
{
	struct units_case *s = *state;
	fake_kernel_plan(&s->a->k, s->a->online, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	assert_int_equal(units_case_pass(s, 10 * S), 1);
	for (int64_t t = 20; t < 200; t += 10)
		units_case_pass(s, t * S);
	assert_int_equal(fake_systemd_calls(&s->systemd), 0);
	assert_int_equal(units_counts(units_case_units(s)).told, 0);
}

TEST(what_systemd_has_already_is_not_told)
{
	struct units_case *s = *state;
	fake_systemd_set(&s->systemd, "be.slice", "CPUWeight", 50);
	fake_kernel_plan(&s->a->k, s->a->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	units_case_pass(s, 10 * S);
	assert_int_equal(fake_systemd_calls(&s->systemd), 0);
	assert_false(units_case_has_dropin(s, "be.slice.d"));
}

TEST(a_value_that_is_given_back_is_undone_and_leaves_no_dropin)
{
	struct units_case *s = *state;
	fake_systemd_set(&s->systemd, "be.slice", "CPUWeight", 300);
	fake_kernel_plan(&s->a->k, s->a->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	fake_kernel_plan(&s->a->k, s->a->class, KNOB_MEMORY_LOW, EFFECT_PROTECTION, 8192);
	units_case_pass(s, 10 * S);
	assert_true(units_case_has_dropin(s, "be.slice.d/50-CPUWeight.conf"));
	plan_clear(&s->a->k.f.plan);
	fake_kernel_plan(&s->a->k, s->a->class, KNOB_MEMORY_LOW, EFFECT_PROTECTION, 8192);
	units_case_pass(s, 20 * S);
	assert_int_equal(fake_systemd_get(&s->systemd, "be.slice", "CPUWeight"), 300);
	assert_int_equal(fake_systemd_get(&s->systemd, "be.slice", "MemoryLow"), 8192);
	assert_false(units_case_has_dropin(s, "be.slice.d/50-CPUWeight.conf"));
	assert_true(units_case_has_dropin(s, "be.slice.d/50-MemoryLow.conf"));
	/* systemd wrote 300 with it, which nobody had in the file. */
	assert_int_equal(apply_case_value(s->a, APPLY_CLASS, KNOB_CPU_WEIGHT), 100);
	plan_clear(&s->a->k.f.plan);
	units_case_pass(s, 30 * S);
	assert_false(units_case_has_dropin(s, "be.slice.d"));
	units_case_pass(s, 40 * S);
	assert_int_equal(units_counts(units_case_units(s)).told, 0);
}

TEST(an_admins_dropin_from_before_stays_with_its_value)
{
	struct units_case *s = *state;
	fake_systemd_set(&s->systemd, "be.slice", "CPUWeight", 300);
	assert_int_equal(tree_write(s->a->k.dir, UNITS_CONTROL "be.slice.d/50-CPUWeight.conf",
				    "[Slice]\nCPUWeight=300\n"),
			 0);
	fake_kernel_plan(&s->a->k, s->a->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	units_case_pass(s, 10 * S);
	plan_clear(&s->a->k.f.plan);
	units_case_pass(s, 20 * S);
	assert_true(units_case_has_dropin(s, "be.slice.d/50-CPUWeight.conf"));
	assert_int_equal(fake_systemd_get(&s->systemd, "be.slice", "CPUWeight"), 300);
}

TEST(what_somebody_sets_since_is_told_over_while_planned_and_becomes_what_it_goes_back_to)
{
	struct units_case *s = *state;
	fake_kernel_plan(&s->a->k, s->a->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	units_case_pass(s, 10 * S);
	/* The kubelet's minute loop: property and file. */
	fake_systemd_set(&s->systemd, "be.slice", "CPUWeight", 2);
	apply_case_foreign(s->a, APPLY_CLASS, KNOB_CPU_WEIGHT, 2);
	units_case_pass(s, 70 * S);
	assert_int_equal(fake_systemd_get(&s->systemd, "be.slice", "CPUWeight"), 50);
	assert_int_equal(fake_systemd_calls(&s->systemd), 2);
	plan_clear(&s->a->k.f.plan);
	units_case_pass(s, 80 * S);
	assert_int_equal(fake_systemd_get(&s->systemd, "be.slice", "CPUWeight"), 2);
	assert_int_equal(apply_case_value(s->a, APPLY_CLASS, KNOB_CPU_WEIGHT), 2);
}

TEST(a_quota_that_only_the_file_has_is_carried_and_goes_again)
{
	struct units_case *s = *state;
	struct knob_value quota = knob_value_quota(33333, 100000);

	assert_true(fake_kernel_write(&s->a->k, APPLY_CLASS, KNOB_CPU_MAX, &quota));
	fake_kernel_plan(&s->a->k, s->a->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	units_case_pass(s, 10 * S);
	/* Rounded up to a percent for the drop-in, exact in the file. */
	assert_int_equal(fake_systemd_get(&s->systemd, "be.slice", "CPUQuotaPerSecUSec"), 340000);
	assert_int_equal(apply_case_value(s->a, APPLY_CLASS, KNOB_CPU_MAX), 33333);
	plan_clear(&s->a->k.f.plan);
	units_case_pass(s, 20 * S);
	assert_true(fake_systemd_get(&s->systemd, "be.slice", "CPUQuotaPerSecUSec") ==
		    UNIT_PROP_UNSET);
	assert_int_equal(apply_case_value(s->a, APPLY_CLASS, KNOB_CPU_MAX), 33333);
	assert_false(units_case_has_dropin(s, "be.slice.d"));
}

TEST(a_quota_that_systemd_has_stays_as_it_is)
{
	struct units_case *s = *state;
	struct knob_value quota = knob_value_quota(25000, 100000);

	fake_systemd_set(&s->systemd, "be.slice", "CPUQuotaPerSecUSec", 250000);
	assert_true(fake_kernel_write(&s->a->k, APPLY_CLASS, KNOB_CPU_MAX, &quota));
	fake_kernel_plan(&s->a->k, s->a->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	units_case_pass(s, 10 * S);
	assert_int_equal(fake_systemd_get(&s->systemd, "be.slice", "CPUQuotaPerSecUSec"), 250000);
	assert_false(units_case_has_dropin(s, "be.slice.d/50-CPUQuota.conf"));
	assert_int_equal(apply_case_value(s->a, APPLY_CLASS, KNOB_CPU_MAX), 25000);
}

TEST(memory_is_not_told_where_a_limit_was_written_behind_systemds_back)
{
	struct units_case *s = *state;
	assert_int_equal(tree_knob(s->a->k.dir, APPLY_CLASS, "memory.max", "104857600"), 0);
	fake_kernel_plan(&s->a->k, s->a->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	fake_kernel_plan(&s->a->k, s->a->class, KNOB_MEMORY_LOW, EFFECT_PROTECTION, 8192);
	units_case_pass(s, 10 * S);
	assert_int_equal(fake_systemd_get(&s->systemd, "be.slice", "CPUWeight"), 50);
	assert_int_equal(fake_systemd_get(&s->systemd, "be.slice", "MemoryLow"), 0);
	assert_int_equal(apply_case_value(s->a, APPLY_CLASS, KNOB_MEMORY_LOW), 8192);
}

/* systemd, told of a controller that is new to a family, empties a cpuset.cpus that somebody wrote there by hand. */
TEST(a_set_that_somebody_wrote_by_hand_is_not_lost_to_what_is_told)
{
	struct units_case *s = *state;
	fake_kernel_plan(&s->a->k, s->a->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	units_case_pass(s, 10 * S);
	assert_int_equal(fake_systemd_calls(&s->systemd), 1);
	assert_int_equal(tree_knob(s->a->k.dir, APPLY_ONLINE, "cpuset.cpus", "0-1\n"), 0);
	fake_kernel_plan(&s->a->k, s->a->class, KNOB_IO_WEIGHT, EFFECT_SHARE, 10);
	fake_kernel_plan(&s->a->k, s->a->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 40);
	units_case_pass(s, 20 * S);
	assert_int_equal(fake_systemd_calls(&s->systemd), 1);
	assert_int_equal(apply_case_value(s->a, APPLY_CLASS, KNOB_IO_WEIGHT), 10);
	assert_int_equal(apply_case_value(s->a, APPLY_HOG, KNOB_CPU_WEIGHT), 40);
	assert_int_equal(units_counts(units_case_units(s)).waiting, 0);
	/* Nothing is new about the class's CPU weight. */
	plan_clear(&s->a->k.f.plan);
	fake_kernel_plan(&s->a->k, s->a->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 60);
	units_case_pass(s, 30 * S);
	assert_int_equal(fake_systemd_get(&s->systemd, "be.slice", "CPUWeight"), 60);
	assert_true(fake_systemd_get(&s->systemd, "be.slice", "IOWeight") == UNIT_PROP_UNSET);
	/* Gone: the rest is told. */
	assert_int_equal(tree_knob(s->a->k.dir, APPLY_ONLINE, "cpuset.cpus", "\n"), 0);
	fake_kernel_plan(&s->a->k, s->a->class, KNOB_IO_WEIGHT, EFFECT_SHARE, 10);
	units_case_pass(s, 40 * S);
	assert_int_equal(fake_systemd_get(&s->systemd, "be.slice", "IOWeight"), 10);
}

TEST(a_refusal_costs_nothing_and_is_tried_again_a_minute_later)
{
	struct units_case *s = *state;
	fake_systemd_mood(&s->systemd, "refuse");
	fake_kernel_plan(&s->a->k, s->a->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	assert_int_equal(units_case_pass(s, 10 * S), 1);
	assert_int_equal(apply_case_value(s->a, APPLY_CLASS, KNOB_CPU_WEIGHT), 50);
	fake_systemd_mood(&s->systemd, "ok");
	units_case_pass(s, 20 * S);
	assert_int_equal(fake_systemd_calls(&s->systemd), 0);
	units_case_pass(s, 71 * S);
	assert_int_equal(fake_systemd_calls(&s->systemd), 1);
}

TEST(without_a_bus_there_are_only_files_and_a_later_one_is_used)
{
	struct units_case *s = *state;
	units_set_bus(units_case_units(s), NULL);
	fake_kernel_plan(&s->a->k, s->a->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	assert_int_equal(units_case_pass(s, 10 * S), 1);
	assert_int_equal(fake_systemd_calls(&s->systemd), 0);
	units_set_bus(units_case_units(s), s->bus);
	units_case_pass(s, 11 * S);
	assert_int_equal(fake_systemd_calls(&s->systemd), 1);
}

TEST(the_next_run_adopts_what_was_told_and_restores_it_from_the_record_alone)
{
	struct units_case *s = *state;
	struct units_restored done;

	fake_systemd_set(&s->systemd, "be.slice", "CPUWeight", 300);
	fake_kernel_plan(&s->a->k, s->a->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	units_case_pass(s, 10 * S);
	units_case_again(s);
	assert_int_equal(units_case_pass(s, 20 * S), 0);
	assert_int_equal(fake_systemd_calls(&s->systemd), 1);
	assert_int_equal(units_counts(units_case_units(s)).told, 1);
	assert_int_equal(apply_case_restore(s->a).restored, 1);
	units_restore(units_case_units(s), &done);
	assert_int_equal(done.written, 1);
	assert_int_equal(done.restored, 1);
	assert_int_equal(fake_systemd_get(&s->systemd, "be.slice", "CPUWeight"), 300);
	assert_int_equal(apply_case_value(s->a, APPLY_CLASS, KNOB_CPU_WEIGHT), 100);
	assert_false(units_case_has_dropin(s, "be.slice.d"));
	assert_int_equal(fs_exists(s->a->k.state_fd, UNIT_TABLE_FILE), 0);
}

TEST(a_gone_unit_leaves_no_dropin)
{
	struct units_case *s = *state;
	fake_kernel_plan(&s->a->k, s->a->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	units_case_pass(s, 10 * S);
	assert_true(units_case_has_dropin(s, "hog.slice.d"));
	fake_kernel_remove(&s->a->k, APPLY_HOG);
	s->a->k.f.model.n_cgroups--;
	plan_clear(&s->a->k.f.plan);
	units_pass(units_case_units(s), &s->a->k.f.model, 11 * S);
	assert_false(units_case_has_dropin(s, "hog.slice.d"));
	s->a->k.f.model.n_cgroups++;
}

/* systemd writes all of a controller for a reason of its own (a scope below that ends), and so the limit that it was
 * told over a hold. With the hold gone that limit is colod's, and is given back. */
TEST(a_limit_that_systemd_wrote_over_a_hold_is_given_back)
{
	struct units_case *s = *state;
	struct apply_case *a = s->a;
	uint64_t before = apply_case_value(a, APPLY_HOG, KNOB_MEMORY_HIGH);

	fake_kernel_plan(&a->k, a->hog, KNOB_MEMORY_HIGH, EFFECT_LIMIT, 64 << 20);
	(void)units_case_pass(s, 10 * S);
	assert_int_equal(fake_systemd_get(&s->systemd, "hog.slice", "MemoryHigh"), 64 << 20);
	for (int i = 1; i <= 2; i++) {
		plan_clear(&a->k.f.plan);
		fake_kernel_plan(&a->k, a->hog, KNOB_MEMORY_HIGH, EFFECT_HOLD, i * (16 << 20));
		(void)units_case_pass(s, (20 + i) * S);
	}
	apply_case_foreign(a, APPLY_HOG, KNOB_MEMORY_HIGH, 64 << 20);
	plan_clear(&a->k.f.plan);
	fake_kernel_plan(&a->k, a->hog, KNOB_MEMORY_HIGH, EFFECT_LIMIT, 64 << 20);
	assert_int_equal(units_case_pass(s, 30 * S), 0);
	assert_int_equal(apply_case_record(a, a->hog, KNOB_MEMORY_HIGH)->written.value, 64 << 20);
	assert_int_equal(a->hog->knobs[KNOB_MEMORY_HIGH].written.value, 64 << 20);
	units_case_again(s);
	assert_int_equal(apply_case_restore(a).foreign, 0);
	assert_int_equal(apply_case_value(a, APPLY_HOG, KNOB_MEMORY_HIGH), before);
}

/* Without a hold it is an older value than colod's: a rest of what systemd was told of late. */
TEST(an_older_limit_that_systemd_wrote_over_a_newer_one_is_not_taken_for_colods_own)
{
	struct units_case *s = *state;
	struct apply_case *a = s->a;

	fake_kernel_plan(&a->k, a->hog, KNOB_MEMORY_HIGH, EFFECT_LIMIT, 64 << 20);
	(void)units_case_pass(s, 10 * S);
	plan_clear(&a->k.f.plan);
	fake_kernel_plan(&a->k, a->hog, KNOB_MEMORY_HIGH, EFFECT_LIMIT, 80 << 20);
	(void)units_case_pass(s, 11 * S);
	apply_case_foreign(a, APPLY_HOG, KNOB_MEMORY_HIGH, 64 << 20);
	fake_kernel_read(&a->k);
	units_pass(units_case_units(s), &a->k.f.model, 12 * S);
	assert_int_equal(apply_case_record(a, a->hog, KNOB_MEMORY_HIGH)->written.value, 80 << 20);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, units_case_setup, units_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_limit_that_systemd_wrote_over_a_hold_is_given_back),
		CASE(an_older_limit_that_systemd_wrote_over_a_newer_one_is_not_taken_for_colods_own),
		CASE(what_was_written_is_told_in_one_call_after_it_was_recorded),
		CASE(a_hold_is_never_told_and_put_back_when_telling_wipes_it),
		CASE(calls_for_one_unit_are_five_seconds_apart_and_the_last_value_wins),
		CASE(idle_is_told_as_a_weight_of_zero),
		CASE(a_unit_of_another_systemd_is_left_alone_and_asked_once),
		CASE(what_systemd_has_already_is_not_told),
		CASE(a_value_that_is_given_back_is_undone_and_leaves_no_dropin),
		CASE(an_admins_dropin_from_before_stays_with_its_value),
		CASE(what_somebody_sets_since_is_told_over_while_planned_and_becomes_what_it_goes_back_to),
		CASE(a_quota_that_only_the_file_has_is_carried_and_goes_again),
		CASE(a_quota_that_systemd_has_stays_as_it_is),
		CASE(memory_is_not_told_where_a_limit_was_written_behind_systemds_back),
		CASE(a_set_that_somebody_wrote_by_hand_is_not_lost_to_what_is_told),
		CASE(a_refusal_costs_nothing_and_is_tried_again_a_minute_later),
		CASE(without_a_bus_there_are_only_files_and_a_later_one_is_used),
		CASE(the_next_run_adopts_what_was_told_and_restores_it_from_the_record_alone),
		CASE(a_gone_unit_leaves_no_dropin),
	};

	log_open(LOG_EMERG);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
