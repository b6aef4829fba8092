// SPDX-License-Identifier: LGPL-2.1-or-later
// How far a held pod gets: along its line on average, however it slips over its bound, and what that costs in writes.
#include "policy/growth_line.h"

#include "policy/decide.h"
#include "tests/lib/memory_case.h"
#include "tests/lib/test.h"

#define MIB MEMORY_CASE_MIB
#define SECOND MEMORY_CASE_SECOND

static struct memory_case c;

/* 1500 MiB above the line of 200; each offline pod may grow by 2 MiB a second. */
static int setup(void **state)
{
	(void)state;
	memory_case_init(&c, 1700);
	c.f.policy.levels[LEVEL_P7].memory.growth_bytes_per_s = 2 * MIB;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	memory_case_done(&c);
	return 0;
}

/* Until the hog is held; what it uses then. */
static uint64_t hold_the_hog(void)
{
	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 100});
	assert_int_equal(memory_case_high_mib(c.hog), c.hog_bytes / MIB);
	c.n_writes = 0;
	return c.hog_bytes;
}

TEST(what_slips_over_the_bound_is_not_forgiven)
{
	uint64_t before = hold_the_hog();

	memory_case_run(&c, 60, (struct memory_second){.hog_grows = 100, .slips = 8});
	assert_true(c.hog_bytes >= before + 116 * MIB);
	assert_true(c.hog_bytes <= before + 130 * MIB);
	/* Each write waits until the line has come to what is in use. */
	assert_true(c.n_writes <= 20);
	assert_int_equal(memory_case_ladder(&c)->rung, RUNG_SQUEEZE);
}

TEST(who_does_not_slip_goes_along_the_line)
{
	uint64_t before = hold_the_hog();

	memory_case_run(&c, 60, (struct memory_second){.hog_grows = 100});
	assert_true(c.hog_bytes >= before + 114 * MIB);
	assert_true(c.hog_bytes <= before + 120 * MIB);
	assert_true(c.n_writes <= 60 && c.n_writes >= 20);
}

/* Whoever looks for the one that fills the node must not be told that it hardly grows: that is the hold's doing. */
TEST(what_it_would_take_without_the_hold_is_known_for_as_long_as_it_is_held)
{
	(void)hold_the_hog();
	memory_case_run(&c, 20, (struct memory_second){.hog_grows = 100});
	assert_in_range(growth_line_wants(&c.f.plan, c.hog, c.now_us), 99 * MIB, 101 * MIB);
	assert_int_equal(growth_line_wants(&c.f.plan, c.tame, c.now_us), 0);
	/* It stands at its bound no longer: what it does now counts. */
	memory_case_run(&c, 4, (struct memory_second){.hog_grows = 0});
	assert_int_equal(growth_line_wants(&c.f.plan, c.hog, c.now_us), 0);
}

/* It was held as soon as it began, so that nobody saw it run free: how long it stood still tells. */
TEST(how_long_it_stood_still_tells_what_it_would_take)
{
	memory_case_done(&c);
	memory_case_init(&c, 230);
	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 2});
	assert_int_not_equal(memory_case_high_mib(c.hog), UINT64_MAX);
	memory_case_run(&c, 4, (struct memory_second){.hog_grows = 5, .hog_stalls_us = 800000});
	assert_in_range(growth_line_wants(&c.f.plan, c.hog, c.now_us), 4 * MIB, 6 * MIB);
	/* Ever so long, it is no more than twenty times as much. */
	memory_case_run(&c, 4, (struct memory_second){.hog_grows = 5, .hog_stalls_us = 1000000});
	assert_in_range(growth_line_wants(&c.f.plan, c.hog, c.now_us), 15 * MIB, 21 * MIB);
}

/* A tense agent looks five times a second: a bound that is right to a second's growth stays. */
TEST(it_is_written_once_a_second_however_often_it_is_looked_at)
{
	uint64_t before = hold_the_hog();

	memory_case_run(&c, 60, (struct memory_second){.hog_grows = 100, .slips = 1, .passes = 5});
	assert_true(c.hog_bytes >= before + 110 * MIB);
	assert_true(c.hog_bytes <= before + 126 * MIB);
	assert_true(c.n_writes <= 61);
}

/* A bound below what is in use would be reclaim by the one who writes it. */
TEST(no_bound_is_written_below_what_is_in_use)
{
	uint64_t high;

	(void)hold_the_hog();
	high = memory_case_high_mib(c.hog);
	for (int i = 0; i < 60; i++) {
		memory_case_run(&c, 1, (struct memory_second){.hog_grows = 100, .slips = 8});
		assert_true(memory_case_high_mib(c.hog) == high ||
			    memory_case_high_mib(c.hog) >= c.hog_bytes / MIB);
		high = memory_case_high_mib(c.hog);
	}
}

/* For 20 s it used half of what its line gave: what it has to make up for then is two seconds. */
TEST(what_was_not_used_is_not_saved_up)
{
	uint64_t before;

	(void)hold_the_hog();
	memory_case_run(&c, 20, (struct memory_second){.hog_grows = 1, .tame_grows = 100});
	assert_true(memory_case_high_mib(c.hog) != UINT64_MAX);
	before = c.hog_bytes;
	memory_case_run(&c, 5, (struct memory_second){.hog_grows = 100, .tame_grows = 100});
	assert_true(c.hog_bytes <= before + 12 * MIB);
}

/* Two seconds after it last stood at its bound; the other one, that stands at its own, stays held. */
TEST(who_stands_at_its_bound_stays_held_and_who_does_not_is_let_go)
{
	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 60, .tame_grows = 60});
	assert_int_equal(memory_case_high_mib(c.hog), 572);
	assert_int_equal(memory_case_high_mib(c.tame), 572);
	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 60});
	assert_true(growth_line_takes(&c.f.plan, c.tame, c.now_us));
	memory_case_run(&c, 5, (struct memory_second){.hog_grows = 60});
	assert_true(memory_case_high_mib(c.tame) == UINT64_MAX);
	assert_false(growth_line_takes(&c.f.plan, c.tame, c.now_us));
	assert_int_equal(plan_growth(&c.f.plan, c.tame)->line_us, 0);
	assert_true(memory_case_high_mib(c.hog) <= 572 + 14);
	assert_true(growth_line_takes(&c.f.plan, c.hog, c.now_us));
}

/* It cannot grow while it is frozen: without its hold it would run on as fast as before. */
TEST(a_frozen_pod_stays_held)
{
	uint64_t high;

	memory_case_may_freeze(&c);
	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 1300});
	assert_int_equal(memory_case_ladder(&c)->rung, RUNG_FREEZE);
	high = memory_case_high_mib(c.hog);
	assert_true(high != UINT64_MAX);
	for (int i = 0; i < 6; i++) {
		memory_case_run(&c, 1, (struct memory_second){.hog_grows = 1300});
		if (c.hog->cgroup->knobs[KNOB_CGROUP_FREEZE].now.value != 1)
			break;
		assert_true(memory_case_high_mib(c.hog) >= high);
		assert_true(memory_case_high_mib(c.hog) <= high + 4);
	}
}

/* Another pod in the same slot begins anew. */
TEST(a_pod_that_takes_a_slot_has_no_line)
{
	(void)hold_the_hog();
	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 100});
	assert_true(plan_growth(&c.f.plan, c.hog)->line_us > 0);
	c.hog->serial += 1000;
	assert_int_equal(plan_growth(&c.f.plan, c.hog)->line_us, 0);
	assert_int_equal(plan_reserve_growths(&c.f.plan, &c.f.model), 0);
	assert_int_equal(plan_growth(&c.f.plan, c.hog)->line_us, 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_slips_over_the_bound_is_not_forgiven),
		CASE(who_does_not_slip_goes_along_the_line),
		CASE(it_is_written_once_a_second_however_often_it_is_looked_at),
		CASE(how_long_it_stood_still_tells_what_it_would_take),
		CASE(what_it_would_take_without_the_hold_is_known_for_as_long_as_it_is_held),
		CASE(no_bound_is_written_below_what_is_in_use),
		CASE(what_was_not_used_is_not_saved_up),
		CASE(who_stands_at_its_bound_stays_held_and_who_does_not_is_let_go),
		CASE(a_frozen_pod_stays_held),
		CASE(a_pod_that_takes_a_slot_has_no_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
