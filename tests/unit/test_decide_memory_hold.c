// SPDX-License-Identifier: LGPL-2.1-or-later
// Whom the memory hold meets and with what numbers; who is left alone.
#include "policy/decide_memory_hold.h"

#include "policy/memory_growth.h"
#include "tests/lib/memory_case.h"
#include "tests/lib/test.h"

#define MIB MEMORY_CASE_MIB

static struct memory_case c;

/* 1500 MiB above the line of 200. */
static int setup(void **state)
{
	(void)state;
	memory_case_init(&c, 1700);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	memory_case_done(&c);
	return 0;
}

/* One second at 100 MiB: 1400 are left, gone in 14 s. All may take 1400 ÷ 30 in a second. */
TEST(who_grows_may_grow_by_its_part_of_the_room_and_who_does_not_is_left_alone)
{
	const struct plan_entry *e;

	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 100});
	assert_int_equal(memory_case_ladder(&c)->rung, RUNG_SQUEEZE);
	assert_int_equal(memory_case_high_mib(c.hog),
			 612); /* what it uses: it grew by more than that */
	assert_true(memory_case_high_mib(c.tame) == UINT64_MAX);
	assert_true(memory_case_high_mib(c.web) == UINT64_MAX);
	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 100});
	assert_int_equal(memory_case_high_mib(c.hog), 612 + 1400 / 30);
	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 100});
	assert_int_equal(c.hog_bytes / MIB, 658);
	e = plan_find(&c.f.plan, c.hog->cgroup, KNOB_MEMORY_HIGH);
	assert_non_null(e);
	assert_int_equal(e->effect, EFFECT_HOLD);
	assert_int_equal(e->reason.code, REASON_MEMORY_GROWTH);
	assert_int_equal(e->reason.observed / MIB, 46);
	assert_int_equal(e->reason.limit / MIB, 1354 / 30);
	assert_true(e->reason.extra / MIB == 1353);
}

TEST(what_is_allowed_is_divided_and_the_level_may_say_less)
{
	const struct room room = {.room_bytes = (int64_t)(600 * MIB)};
	struct level_memory level = {0};

	assert_true(memory_growth_allowed(&room, 1, &level) == 20 * MIB);
	assert_true(memory_growth_allowed(&room, 4, &level) == 5 * MIB);
	level.growth_bytes_per_s = 8 * MIB;
	assert_true(memory_growth_allowed(&room, 1, &level) == 8 * MIB);
	assert_true(memory_growth_allowed(&room, 4, &level) == 5 * MIB);
	assert_true(memory_growth_allowed(&(struct room){.room_bytes = -5}, 1, &level) == MIB);
	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 60, .tame_grows = 40});
	assert_int_equal(memory_case_high_mib(c.hog), 572);
	assert_int_equal(memory_case_high_mib(c.tame), 552);
}

/* A pod below a bound of the policy or of somebody else's that is tighter needs no other. */
TEST(a_tighter_bound_stays)
{
	fake_set(c.hog->cgroup, KNOB_MEMORY_HIGH, 550 * MIB);
	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 44, .tame_grows = 60});
	assert_int_equal(memory_case_ladder(&c)->rung, RUNG_SQUEEZE);
	assert_int_equal(memory_case_high_mib(c.hog), 550);
	assert_false(c.hog->cgroup->knobs[KNOB_MEMORY_HIGH].owned);
	assert_int_equal(memory_case_high_mib(c.tame), 572);
}

TEST(the_policys_own_bound_is_back_after_the_hold)
{
	c.f.policy.levels[LEVEL_P7].memory.high =
		(struct amount){.kind = AMOUNT_BYTES, .value = 2000 * MIB};
	memory_case_run(&c, 1, (struct memory_second){0});
	assert_int_equal(memory_case_high_mib(c.hog), 2000);
	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 100});
	assert_int_equal(memory_case_high_mib(c.hog), 612);
	assert_true(c.hog->cgroup->knobs[KNOB_MEMORY_HIGH].held);
	memory_case_run(&c, 15, (struct memory_second){0});
	assert_int_equal(memory_case_ladder(&c)->rung, RUNG_CALM);
	assert_int_equal(memory_case_high_mib(c.hog), 2000);
	assert_false(c.hog->cgroup->knobs[KNOB_MEMORY_HIGH].held);
	assert_true(c.hog->cgroup->knobs[KNOB_MEMORY_HIGH].original.value == KNOB_VALUE_MAX);
}

/* The room shrinks by a thirtieth a second at most: it lasts for minutes instead of 15 s, and is never gone. */
TEST(the_room_is_never_used_up_by_pods_that_are_held)
{
	memory_case_run(&c, 120, (struct memory_second){.hog_grows = 500});
	assert_true(c.free_bytes > 200 * MIB);
	assert_true(memory_case_high_mib(c.hog) * MIB >= c.hog_bytes - MIB);
}

/* As assign.c has it. */
static void asked_to_go(struct pod *pod)
{
	pod->facts->deleting = true;
	c.f.plan.assignments[pod->slot].may_hold = false;
}

/* Evicted, it has its grace: in that it would take what is left, and somebody else would be killed for it. */
TEST(who_is_held_when_it_is_asked_to_go_stays_so_until_it_is_calm)
{
	memory_case_run(&c, 2, (struct memory_second){.hog_grows = 100});
	assert_true(c.hog->cgroup->knobs[KNOB_MEMORY_HIGH].held);
	asked_to_go(c.hog);
	memory_case_run(&c, 5, (struct memory_second){.hog_grows = 100});
	assert_true(memory_case_high_mib(c.hog) < 612 + 6 * 50);
	assert_true(memory_case_high_mib(c.web) == UINT64_MAX);
	memory_case_run(&c, 15, (struct memory_second){0});
	assert_int_equal(memory_case_ladder(&c)->rung, RUNG_CALM);
	assert_true(memory_case_high_mib(c.hog) == UINT64_MAX);
}

TEST(who_goes_and_was_not_held_ends_without_a_hold)
{
	asked_to_go(c.hog);
	memory_case_run(&c, 3, (struct memory_second){.hog_grows = 100, .tame_grows = 20});
	assert_true(memory_case_ladder(&c)->rung >= RUNG_SQUEEZE);
	assert_true(memory_case_high_mib(c.hog) == UINT64_MAX);
	assert_true(memory_case_high_mib(c.tame) < UINT64_MAX);
}

/* A hog that was too fast to be held in time: below half of the line (200 MiB) the kernel has to choose, and a hold would only
 * keep it from that while everybody else is reclaimed from. Measured: tests/vm/tests/48-storm.sh. */
TEST(a_hold_that_comes_too_late_is_none)
{
	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 1595});
	assert_int_equal(memory_case_ladder(&c)->rung, RUNG_RECLAIM);
	assert_int_equal(c.free_bytes / MIB, 105);
	assert_int_equal(memory_case_high_mib(c.hog), 2107);
	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 50, .tame_grows = 10});
	assert_true(memory_case_high_mib(c.hog) == UINT64_MAX);
	assert_true(memory_case_high_mib(c.tame) == UINT64_MAX);
}

/* A mebibyte in a second or two, however little is left. */
TEST(nobody_stands_still_for_good)
{
	uint64_t before;

	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 1540});
	before = c.hog_bytes;
	memory_case_run(&c, 20, (struct memory_second){.hog_grows = 50});
	assert_true(c.hog_bytes >= before + 8 * MIB);
	assert_true(c.hog_bytes <= before + 22 * MIB);
}

TEST(a_policy_that_only_reclaims_holds_nobody)
{
	c.f.policy.pressure_memory.steps = 1u << ACTION_RECLAIM;
	memory_case_run(&c, 5, (struct memory_second){.hog_grows = 200});
	assert_int_equal(memory_case_ladder(&c)->rung, RUNG_RECLAIM);
	assert_true(memory_case_high_mib(c.hog) == UINT64_MAX);
}

TEST(without_a_rung_or_a_measured_room_nobody_is_held)
{
	memory_case_run(&c, 5, (struct memory_second){.hog_grows = 10});
	assert_int_equal(memory_case_ladder(&c)->rung, RUNG_CALM);
	assert_int_equal(c.n_writes, 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(who_grows_may_grow_by_its_part_of_the_room_and_who_does_not_is_left_alone),
		CASE(what_is_allowed_is_divided_and_the_level_may_say_less),
		CASE(a_tighter_bound_stays),
		CASE(the_policys_own_bound_is_back_after_the_hold),
		CASE(the_room_is_never_used_up_by_pods_that_are_held),
		CASE(who_is_held_when_it_is_asked_to_go_stays_so_until_it_is_calm),
		CASE(who_goes_and_was_not_held_ends_without_a_hold),
		CASE(a_hold_that_comes_too_late_is_none),
		CASE(nobody_stands_still_for_good),
		CASE(a_policy_that_only_reclaims_holds_nobody),
		CASE(without_a_rung_or_a_measured_room_nobody_is_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
