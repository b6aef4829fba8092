// SPDX-License-Identifier: LGPL-2.1-or-later
// Whom rung freeze meets, second by second: who stands still, for how long, and what ends it.
#include "policy/decide_memory_freeze.h"

#include "policy/freeze.h"
#include "policy/knob.h"
#include "tests/lib/memory_case.h"
#include "tests/lib/test.h"

#define SECOND MEMORY_CASE_SECOND
#define MIB MEMORY_CASE_MIB

static struct memory_case c;

/* 1000 MiB above the line of 200. */
static int setup(void **state)
{
	(void)state;
	memory_case_init(&c, 1200);
	memory_case_may_freeze(&c);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	memory_case_done(&c);
	return 0;
}

static bool is_frozen(const struct pod *pod)
{
	return pod->cgroup->knobs[KNOB_CGROUP_FREEZE].now.value == 1;
}

static const struct plan_freeze *of(const struct pod *pod)
{
	return plan_freeze(&c.f.plan, pod);
}

/* In one second to 4 s from empty. */
static void storm(void)
{
	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 220});
	assert_int_equal(memory_case_ladder(&c)->rung, RUNG_FREEZE);
}

/* Seconds until the hog runs again, 120 at most; what it grows by otherwise. */
static int thawed_after(int64_t grows)
{
	int n = 0;

	while (is_frozen(c.hog) && n < 120) {
		memory_case_run(&c, 1, (struct memory_second){.hog_grows = grows});
		n++;
	}
	return n;
}

TEST(who_grows_stands_still_and_nobody_else)
{
	const struct plan_entry *e;

	storm();
	assert_true(is_frozen(c.hog));
	assert_false(is_frozen(c.tame));
	assert_false(is_frozen(c.web));
	e = plan_find(&c.f.plan, c.hog->cgroup, KNOB_CGROUP_FREEZE);
	assert_non_null(e);
	assert_int_equal(e->effect, EFFECT_HOLD);
	assert_int_equal(e->reason.code, REASON_FREEZE);
	assert_int_equal(e->reason.level, LEVEL_P7);
	assert_true(e->reason.observed == 220 * MIB);
	assert_true(e->reason.for_us == 10 * SECOND);
	assert_true(c.hog->cgroup->knobs[KNOB_CGROUP_FREEZE].held);
	assert_null(plan_find(&c.f.plan, c.tame->cgroup, KNOB_CGROUP_FREEZE));
}

/* 780 MiB of room, 220 a second: it is not enough, and stays so. Ten seconds are the most. */
TEST(it_runs_again_after_its_time_and_not_again_within_a_minute)
{
	storm();
	assert_int_equal(thawed_after(0), 10);
	assert_int_equal(of(c.hog)->state, FREEZE_RESTS);
	assert_int_equal(of(c.hog)->reason.code, REASON_FREEZE_OVER);
	assert_true(of(c.hog)->reason.observed <= 10 * SECOND);
	assert_int_equal(memory_case_ladder(&c)->rung, RUNG_RECLAIM);
	for (int i = 0; i < 58; i++) {
		c.free_bytes += 230 * MIB;
		memory_case_run(&c, 1, (struct memory_second){.hog_grows = 300});
		c.free_bytes = 700 * MIB;
		assert_false(is_frozen(c.hog));
	}
}

TEST(it_runs_as_soon_as_there_is_room_again)
{
	storm();
	memory_case_run(&c, 2, (struct memory_second){0});
	assert_true(is_frozen(c.hog));
	/* Ten times what fell in a second before. */
	c.free_bytes = (200 + 2201) * MIB;
	assert_in_range(thawed_after(0), 1, 2);
	assert_int_equal(of(c.hog)->reason.code, REASON_FREEZE_ENDS);
	assert_true(memory_case_ladder(&c)->rung < RUNG_FREEZE);
}

TEST(a_pod_that_ends_runs_at_once)
{
	storm();
	c.hog->facts->deleting = true;
	c.f.plan.assignments[c.hog->slot].may_hold = false;
	assert_int_equal(thawed_after(0), 1);
	assert_int_equal(of(c.hog)->reason.code, REASON_FREEZE_ENDING);
}

TEST(without_facts_or_a_guard_it_runs_at_once)
{
	storm();
	c.hog->facts->freeze.known = false;
	assert_int_equal(thawed_after(0), 1);
	teardown(NULL);
	setup(NULL);
	storm();
	c.f.model.freeze.most_us = 0;
	assert_int_equal(thawed_after(0), 1);
	teardown(NULL);
	setup(NULL);
	storm();
	c.f.policy.pressure_memory.steps &= ~(1u << ACTION_FREEZE);
	assert_int_equal(thawed_after(0), 1);
}

/* After a suspend the ladder is reset; what was frozen before is not frozen again for a minute. */
TEST(a_ladder_that_was_reset_thaws)
{
	storm();
	*memory_case_ladder(&c) = (struct ladder){.rung = RUNG_CALM};
	memory_case_run(&c, 1, (struct memory_second){0});
	assert_false(is_frozen(c.hog));
	assert_int_equal(of(c.hog)->state, FREEZE_RESTS);
}

TEST(who_is_thawed_by_somebody_else_is_left_running)
{
	storm();
	memory_case_run(&c, 1, (struct memory_second){0});
	assert_true(is_frozen(c.hog));
	c.hog->cgroup->knobs[KNOB_CGROUP_FREEZE].now = knob_value_of(0);
	memory_case_run(&c, 1, (struct memory_second){0});
	assert_false(is_frozen(c.hog));
	assert_int_equal(of(c.hog)->reason.code, REASON_FREEZE_OTHER);
	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 220});
	assert_false(is_frozen(c.hog));
}

/* Only where somebody waits, and reclaim had two seconds to help. */
TEST(who_waits_gets_a_freeze_after_reclaim_was_tried)
{
	const struct memory_second wait = {.web_waits_us = 300000, .hog_grows = 10};
	int n = 0;

	teardown(NULL);
	memory_case_init(&c, 4096);
	memory_case_may_freeze(&c);
	while (!is_frozen(c.hog) && n++ < 20)
		memory_case_run(&c, 1, wait);
	assert_in_range(n, 3, 5);
	assert_string_equal(of(c.hog)->reason.who, c.web->name);
	assert_int_equal(thawed_after(0), 1);
	assert_true(memory_case_ladder(&c)->rung < RUNG_FREEZE);
}

/* What is reclaimed meanwhile goes by the fall from before: 30 s of 220 MiB, of which 780 are there; an eighth of
 * the node at most. */
TEST(reclaim_goes_on_by_what_fell_before)
{
	uint64_t wanted = 0;

	storm();
	memory_case_run(&c, 2, (struct memory_second){0});
	for (size_t i = 0; i < c.f.plan.n_acts; i++)
		wanted += c.f.plan.acts[i].bytes;
	assert_true(wanted > 1000 * MIB);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(who_grows_stands_still_and_nobody_else),
		CASE(it_runs_again_after_its_time_and_not_again_within_a_minute),
		CASE(it_runs_as_soon_as_there_is_room_again),
		CASE(a_pod_that_ends_runs_at_once),
		CASE(without_facts_or_a_guard_it_runs_at_once),
		CASE(a_ladder_that_was_reset_thaws),
		CASE(who_is_thawed_by_somebody_else_is_left_running),
		CASE(who_waits_gets_a_freeze_after_reclaim_was_tried),
		CASE(reclaim_goes_on_by_what_fell_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
