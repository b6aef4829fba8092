// SPDX-License-Identifier: LGPL-2.1-or-later
// Taking back what systemd was told, from the record alone: what comes back, what is left and why, and
// that no drop-in stays even where systemd cannot be asked.
#include "tests/lib/test.h"

#include <errno.h>
#include <stdlib.h>

#include "agent/base/fs.h"
#include "agent/base/log.h"
#include "policy/knob.h"
#include "tests/lib/fault.h"
#include "tests/lib/tree.h"
#include "tests/lib/units_case.h"

static void tell(struct units_case *s)
{
	fake_systemd_set(&s->systemd, "be.slice", "CPUWeight", 300);
	fake_kernel_plan(&s->a->k, s->a->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	fake_kernel_plan(&s->a->k, s->a->hog, KNOB_IO_WEIGHT, EFFECT_SHARE, 10);
	assert_true(units_case_pass(s, 10 * S) >= 2);
	units_case_again(s);
	assert_true(apply_case_restore(s->a).restored >= 2);
}

TEST(everything_is_as_before_and_no_dropin_is_left)
{
	struct units_case *s = *state;
	struct units_restored done;

	tell(s);
	units_restore(units_case_units(s), &done);
	assert_int_equal(done.written, 2);
	assert_int_equal(done.restored, 2);
	assert_int_equal(done.foreign + done.failed + done.gone, 0);
	assert_int_equal(fake_systemd_get(&s->systemd, "be.slice", "CPUWeight"), 300);
	assert_false(units_case_has_dropin(s, "be.slice.d"));
	assert_false(units_case_has_dropin(s, "hog.slice.d"));
	/* systemd wrote its own 300; the file had 100. */
	assert_int_equal(apply_case_value(s->a, APPLY_CLASS, KNOB_CPU_WEIGHT), 100);
	assert_int_equal(fs_exists(s->a->k.state_fd, UNIT_TABLE_FILE), 0);
	/* Once more finds nothing to do. */
	units_restore(units_case_units(s), &done);
	assert_int_equal(done.written, 0);
}

/* systemd may write all it has at any time, and did so in a VM between the files and the properties. */
TEST(a_file_that_systemd_wrote_again_meanwhile_does_not_come_back_as_colods)
{
	struct units_case *s = *state;
	struct units_restored done;

	fake_kernel_plan(&s->a->k, s->a->class, KNOB_MEMORY_LOW, EFFECT_PROTECTION, 8192);
	tell(s);
	apply_case_foreign(s->a, APPLY_CLASS, KNOB_CPU_WEIGHT, 50);
	apply_case_foreign(s->a, APPLY_CLASS, KNOB_MEMORY_LOW, 8192);
	units_restore(units_case_units(s), &done);
	assert_int_equal(done.restored, 3);
	assert_int_equal(apply_case_value(s->a, APPLY_CLASS, KNOB_CPU_WEIGHT), 300);
	assert_int_equal(apply_case_value(s->a, APPLY_CLASS, KNOB_MEMORY_LOW), 0);
}

TEST(what_somebody_set_since_stays_with_its_dropin)
{
	struct units_case *s = *state;
	struct units_restored done;

	tell(s);
	fake_systemd_set(&s->systemd, "be.slice", "CPUWeight", 111);
	units_restore(units_case_units(s), &done);
	assert_int_equal(done.foreign, 1);
	assert_int_equal(done.restored, 1);
	assert_int_equal(fake_systemd_get(&s->systemd, "be.slice", "CPUWeight"), 111);
	assert_true(units_case_has_dropin(s, "be.slice.d/50-CPUWeight.conf"));
	assert_false(units_case_has_dropin(s, "hog.slice.d"));
}

TEST(what_was_never_told_after_all_counts_as_restored)
{
	struct units_case *s = *state;
	struct units_restored done;

	tell(s);
	fake_systemd_set(&s->systemd, "be.slice", "CPUWeight", 300);
	units_restore(units_case_units(s), &done);
	assert_int_equal(done.restored, 2);
	assert_int_equal(done.foreign, 0);
}

TEST(a_systemd_that_refuses_keeps_the_value_but_no_dropin)
{
	struct units_case *s = *state;
	struct units_restored done;

	tell(s);
	fake_systemd_mood(&s->systemd, "refuse");
	units_restore(units_case_units(s), &done);
	assert_int_equal(done.failed, 2);
	assert_false(units_case_has_dropin(s, "be.slice.d"));
	assert_int_equal(apply_case_value(s->a, APPLY_CLASS, KNOB_CPU_WEIGHT), 100);
}

/* It may be busy, and do in a minute what it was told: the next restore finds what to take back. */
TEST(what_a_silent_systemd_was_told_stays_recorded_and_is_taken_back_later)
{
	struct units_case *s = *state;
	struct units_restored done;

	tell(s);
	/* It is silent from the first question on, or from the first telling. */
	for (unsigned nth = 3; nth <= 5; nth += 2) {
		fault_begin();
		fault_set_from(SYS_BUS, nth, -ETIMEDOUT);
		units_restore(units_case_units(s), &done);
		fault_end();
		assert_int_equal(done.failed, 2);
		assert_false(units_case_has_dropin(s, "be.slice.d"));
		assert_false(units_case_has_dropin(s, "hog.slice.d"));
		assert_int_equal(fs_exists(s->a->k.state_fd, UNIT_TABLE_FILE), 1);
	}
	units_restore(units_case_units(s), &done);
	assert_int_equal(done.restored, 2);
	assert_int_equal(done.failed, 0);
	assert_int_equal(fake_systemd_get(&s->systemd, "be.slice", "CPUWeight"), 300);
	assert_false(units_case_has_dropin(s, "be.slice.d"));
	assert_false(units_case_has_dropin(s, "hog.slice.d"));
	assert_int_equal(fs_exists(s->a->k.state_fd, UNIT_TABLE_FILE), 0);
}

TEST(without_a_bus_an_admins_dropin_says_again_what_he_said)
{
	struct units_case *s = *state;
	struct units_restored done;
	char text[128];

	assert_int_equal(tree_write(s->a->k.dir, UNITS_CONTROL "be.slice.d/50-CPUWeight.conf",
				    "[Slice]\nCPUWeight=300\n"),
			 0);
	tell(s);
	assert_int_equal(tree_read(s->a->k.dir, UNITS_CONTROL "be.slice.d/50-CPUWeight.conf", text,
				   sizeof(text)),
			 0);
	assert_string_equal(text, "[Slice]\nCPUWeight=50");
	assert_int_equal(setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent", 1), 0);
	units_restore(units_case_units(s), &done);
	assert_int_equal(done.failed, 2);
	assert_int_equal(tree_read(s->a->k.dir, UNITS_CONTROL "be.slice.d/50-CPUWeight.conf", text,
				   sizeof(text)),
			 0);
	assert_string_equal(text, "[Slice]\nCPUWeight=300");
	assert_false(units_case_has_dropin(s, "hog.slice.d"));
}

TEST(a_unit_that_is_gone_is_not_told_and_leaves_no_dropin)
{
	struct units_case *s = *state;
	struct units_restored done;

	tell(s);
	assert_int_equal(tree_write(s->a->k.dir, "units/hog.slice/ControlGroup", ""), 0);
	fake_kernel_remove(&s->a->k, APPLY_HOG);
	units_restore(units_case_units(s), &done);
	assert_int_equal(done.gone, 1);
	assert_int_equal(done.restored, 1);
	assert_int_equal(fake_systemd_get(&s->systemd, "hog.slice", "IOWeight"), 10);
	assert_false(units_case_has_dropin(s, "hog.slice.d"));
}

TEST(a_start_that_is_over_has_nothing_to_take_back)
{
	struct units_case *s = *state;
	struct units_restored done;

	tell(s);
	fake_systemd_mood(&s->systemd, "restless");
	units_restore(units_case_units(s), &done);
	assert_int_equal(done.gone, 2);
	assert_int_equal(done.failed, 0);
	assert_false(units_case_has_dropin(s, "be.slice.d"));
	assert_int_equal(fs_exists(s->a->k.state_fd, UNIT_TABLE_FILE), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, units_case_setup, units_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(everything_is_as_before_and_no_dropin_is_left),
		CASE(a_file_that_systemd_wrote_again_meanwhile_does_not_come_back_as_colods),
		CASE(what_somebody_set_since_stays_with_its_dropin),
		CASE(what_was_never_told_after_all_counts_as_restored),
		CASE(a_systemd_that_refuses_keeps_the_value_but_no_dropin),
		CASE(what_a_silent_systemd_was_told_stays_recorded_and_is_taken_back_later),
		CASE(without_a_bus_an_admins_dropin_says_again_what_he_said),
		CASE(a_start_that_is_over_has_nothing_to_take_back),
		CASE(a_unit_that_is_gone_is_not_told_and_leaves_no_dropin),
	};

	log_open(LOG_EMERG);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
