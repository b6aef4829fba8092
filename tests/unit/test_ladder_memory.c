// SPDX-License-Identifier: LGPL-2.1-or-later
// When memory's ladder climbs, for whose waiting and for what fall of the room, and when it comes down again.
#include "policy/ladder_memory.h"

#include "policy/reason_text.h"
#include "tests/lib/memory_case.h"
#include "tests/lib/test.h"

#define SECOND MEMORY_CASE_SECOND

static struct memory_case c;

static int setup(void **state)
{
	(void)state;
	memory_case_init(&c, 4096);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	memory_case_done(&c);
	return 0;
}

static const struct ladder *ladder(void)
{
	return memory_case_ladder(&c);
}

static void again(uint64_t free_mib)
{
	memory_case_done(&c);
	memory_case_init(&c, free_mib);
}

static void free_mib(uint64_t mib)
{
	c.free_bytes = mib * MEMORY_CASE_MIB;
}

/* 4096 MiB less the line of 200, at 50 MiB a second: more than a minute. */
TEST(a_fall_that_lasts_is_no_cause)
{
	memory_case_run(&c, 20, (struct memory_second){.hog_grows = 50});
	assert_int_equal(ladder()->rung, RUNG_CALM);
	assert_int_equal(ladder()->steps, 0);
	assert_int_equal(c.n_writes, 0);
}

TEST(a_room_that_is_gone_in_half_a_minute_squeezes_and_in_ten_seconds_reclaims)
{
	again(200 + 1500);
	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 60});
	assert_int_equal(ladder()->rung, RUNG_SQUEEZE); /* 1440 ÷ 60: 24 s */
	assert_int_equal(ladder()->reason.code, REASON_MEMORY_EMPTY);
	assert_true(ladder()->reason.observed == 60 * MEMORY_CASE_MIB);
	assert_true(ladder()->reason.limit == 30 * SECOND);
	assert_true(ladder()->reason.for_us < 30 * SECOND);
	/* Somebody else takes it, whom no hold meets. */
	free_mib(200 + 400);
	memory_case_run(&c, 1, (struct memory_second){0});
	assert_int_equal(ladder()->rung, RUNG_RECLAIM);
	assert_true(ladder()->reason.limit == 10 * SECOND);
	assert_int_equal(ladder()->steps, 2);
}

TEST(reclaim_may_be_the_first_rung_when_there_is_no_time)
{
	free_mib(1000);
	memory_case_run(&c, 1, (struct memory_second){0});
	assert_int_equal(ladder()->rung, RUNG_RECLAIM);
	assert_int_equal(ladder()->steps, 1);
}

/* It rests there: no storm, whoever took the rest. */
TEST(a_node_that_rests_below_the_line_is_left_alone)
{
	again(150);
	memory_case_run(&c, 30, (struct memory_second){0});
	assert_int_equal(ladder()->rung, RUNG_CALM);
	assert_int_equal(ladder()->steps, 0);
}

TEST(an_online_pod_that_waits_squeezes_at_once_and_reclaims_after_a_second)
{
	memory_case_run(&c, 2, (struct memory_second){.web_waits_us = 0});
	memory_case_run(&c, 1, (struct memory_second){.web_waits_us = 99000});
	assert_int_equal(ladder()->rung, RUNG_CALM);
	memory_case_run(&c, 1, (struct memory_second){.web_waits_us = 250000});
	assert_int_equal(ladder()->rung, RUNG_SQUEEZE);
	assert_int_equal(ladder()->reason.code, REASON_MEMORY_WAITS);
	assert_int_equal(ladder()->reason.observed, 250);
	assert_int_equal(ladder()->reason.limit, 100);
	assert_string_equal(ladder()->reason.who, c.web->name);
	memory_case_run(&c, 1, (struct memory_second){.web_waits_us = 250000});
	assert_int_equal(ladder()->rung, RUNG_RECLAIM);
	memory_case_run(&c, 5, (struct memory_second){0});
	assert_int_equal(ladder()->rung, RUNG_SQUEEZE);
	memory_case_run(&c, 6, (struct memory_second){0});
	assert_int_equal(ladder()->rung, RUNG_CALM);
	assert_int_equal(ladder()->reason.code, REASON_RELEASED);
}

TEST(a_pod_that_meets_its_own_bound_waits_for_itself)
{
	memory_case_run(&c, 20, (struct memory_second){.web_waits_us = 600000, .web_bounded = 1});
	assert_int_equal(ladder()->rung, RUNG_CALM);
	assert_int_equal(ladder()->steps, 0);
	memory_case_run(&c, 1, (struct memory_second){.web_waits_us = 600000});
	assert_int_equal(ladder()->rung, RUNG_SQUEEZE);
}

TEST(of_whom_it_is_not_known_whether_it_is_its_own_fault_nobody_is_squeezed_for)
{
	memory_case_run(&c, 20, (struct memory_second){.web_waits_us = 600000, .web_unsure = true});
	assert_int_equal(ladder()->steps, 0);
}

TEST(without_a_step_in_the_policy_or_an_offline_pod_there_is_no_rung)
{
	const struct memory_second storm = {.hog_grows = 400, .web_waits_us = 300000};

	c.f.policy.pressure_memory.on = false;
	memory_case_run(&c, 3, storm);
	assert_int_equal(ladder()->steps, 0);
	c.f.policy.pressure_memory.on = true;
	fake_waiting(&c.f, c.hog);
	fake_level(&c.f, c.tame, LEVEL_P4);
	memory_case_run(&c, 3, storm);
	assert_int_equal(ladder()->steps, 0);
	fake_level(&c.f, c.hog, LEVEL_P7);
	c.f.policy.pressure_memory.steps = 1u << ACTION_SQUEEZE_MEMORY;
	memory_case_run(&c, 5, storm);
	assert_int_equal(ladder()->rung, RUNG_SQUEEZE); /* and no further */
}

/* What all of them hold is not worth a step. */
TEST(offline_pods_that_use_next_to_nothing_are_not_worth_a_step)
{
	c.hog_bytes = c.tame_bytes = 10 * MEMORY_CASE_MIB;
	memory_case_run(&c, 5, (struct memory_second){.web_waits_us = 400000});
	assert_int_equal(ladder()->steps, 0);
}

/* An hour of the same second, and the hog wants more all the time: one way up, and no way back and forth. */
TEST(an_input_that_does_not_change_does_not_make_it_swing)
{
	memory_case_run(&c, 3600, (struct memory_second){.hog_grows = 200});
	assert_true(ladder()->steps <= 3);
	assert_true(c.free_bytes > 0);
}

/* Twenty seconds, and the same wait: then it is left alone for five minutes, and says so of memory. */
TEST(what_does_not_help_who_waits_is_undone)
{
	char text[REASON_TEXT_SIZE];
	int seconds = 0;

	memory_case_run(&c, 3, (struct memory_second){.web_waits_us = 300000});
	assert_int_equal(ladder()->rung, RUNG_RECLAIM);
	while (ladder()->rung == RUNG_RECLAIM && seconds++ < 40)
		memory_case_run(&c, 1, (struct memory_second){.web_waits_us = 300000});
	assert_int_equal(ladder()->reason.code, REASON_INEFFECTIVE);
	assert_true(seconds >= 17 && seconds <= 21);
	(void)reason_text(&ladder()->reason, NULL, text, sizeof(text));
	assert_non_null(strstr(text, "still waits for memory 30 % of the time"));
	memory_case_run(&c, 60, (struct memory_second){.web_waits_us = 300000});
	assert_int_equal(ladder()->rung, RUNG_CALM);
}

static void may_evict(uint64_t after_s)
{
	c.f.policy.pressure_memory.steps |= 1u << ACTION_EVICT;
	c.f.policy.pressure_memory.evict_after_us = after_s * SECOND;
}

/* Seconds until the rung is up, of one in which somebody waits; 0: it never is. */
static int seconds_until_evict(struct memory_second s)
{
	for (int i = 1; i <= 60; i++) {
		memory_case_run(&c, 1, s);
		if (ladder()->rung == RUNG_EVICT)
			return i;
	}
	return 0;
}

/* Reclaim is up after two seconds. What it does not help is not given up before. */
TEST(whom_nothing_gentler_helps_somebody_is_evicted_for_after_the_time_of_the_policy)
{
	const struct memory_second waits = {.web_waits_us = 300000};

	may_evict(20);
	assert_in_range(seconds_until_evict(waits), 21, 24);
	assert_int_equal(ladder()->reason.code, REASON_MEMORY_WAITS);
	/* Nor did that help: it is undone, and not tried again for a while. */
	memory_case_run(&c, 22, waits);
	assert_true(ladder()->rung < RUNG_EVICT);
	assert_int_equal(seconds_until_evict(waits), 0);
	again(4096);
	may_evict(0);
	assert_in_range(seconds_until_evict(waits), 6, 9);
}

TEST(a_freeze_on_the_way_does_not_put_the_eviction_off)
{
	again(3000);
	memory_case_may_freeze(&c);
	may_evict(20);
	assert_in_range(seconds_until_evict(
				(struct memory_second){.web_waits_us = 300000, .hog_grows = 20}),
			21, 26);
}

TEST(a_room_that_still_falls_evicts_though_nobody_waits)
{
	again(200 + 1400);
	may_evict(5);
	for (int i = 0; i < 33 && ladder()->rung != RUNG_EVICT; i++) {
		c.free_bytes -= 40 * MEMORY_CASE_MIB;
		memory_case_run(&c, 1, (struct memory_second){0});
	}
	assert_int_equal(ladder()->rung, RUNG_EVICT);
	memory_case_run(&c, 30, (struct memory_second){0});
	assert_true(ladder()->rung < RUNG_RECLAIM);
}

TEST(it_is_tense_while_a_rung_is_up_or_the_room_would_be_gone_in_a_minute)
{
	const struct policy *p = &c.f.policy;

	assert_false(
		ladder_memory_is_tense(ladder(), &c.f.model, &c.f.samples, p, &c.f.plan, c.now_us));
	memory_case_run(&c, 2, (struct memory_second){.hog_grows = 50});
	assert_false(
		ladder_memory_is_tense(ladder(), &c.f.model, &c.f.samples, p, &c.f.plan, c.now_us));
	memory_case_run(&c, 1, (struct memory_second){.hog_grows = 90});
	assert_true(
		ladder_memory_is_tense(ladder(), &c.f.model, &c.f.samples, p, &c.f.plan, c.now_us));
	assert_int_equal(ladder()->rung, RUNG_CALM);
	memory_case_run(&c, 1, (struct memory_second){0});
	assert_false(
		ladder_memory_is_tense(ladder(), &c.f.model, &c.f.samples, p, &c.f.plan, c.now_us));
	memory_case_ladder(&c)->rung = RUNG_SQUEEZE;
	assert_true(
		ladder_memory_is_tense(ladder(), &c.f.model, &c.f.samples, p, &c.f.plan, c.now_us));
	c.f.policy.pressure_memory.on = false;
	assert_false(
		ladder_memory_is_tense(ladder(), &c.f.model, &c.f.samples, p, &c.f.plan, c.now_us));
}

/* Of memory.full, past a fifth of a second. */
static void full_rule(uint32_t steps)
{
	c.f.policy.pressure_full = (struct pressure_rule){.on = true,
							  .full = true,
							  .steps = steps,
							  .threshold_permille = 200,
							  .window_us = SECOND};
}

#define HOLD (1u << ACTION_SQUEEZE_MEMORY)
#define TAKE (1u << ACTION_RECLAIM)
#define GO (1u << ACTION_EVICT)

TEST(memory_full_climbs_where_nothing_of_the_pod_runs_and_not_where_some_of_it_waits)
{
	char text[REASON_TEXT_SIZE];

	c.f.policy.pressure_memory = (struct pressure_rule){0};
	full_rule(HOLD | TAKE);
	memory_case_run(&c, 10,
			(struct memory_second){.web_waits_us = 900000, .web_stalls_us = 190000});
	assert_int_equal(ladder()->steps, 0);
	memory_case_run(&c, 10,
			(struct memory_second){
				.web_waits_us = 900000, .web_stalls_us = 300000, .web_bounded = 1});
	assert_int_equal(ladder()->steps, 0); /* by its own bound */
	memory_case_run(&c, 1,
			(struct memory_second){.web_waits_us = 900000, .web_stalls_us = 300000});
	assert_int_equal(ladder()->rung, RUNG_SQUEEZE);
	assert_int_equal(ladder()->reason.observed, 300);
	assert_int_equal(ladder()->reason.limit, 200);
	assert_non_null(strstr(reason_text(&ladder()->reason, &c.f.policy, text, sizeof(text)),
			       " waited for memory as a whole 30 % of "));
	memory_case_run(&c, 1,
			(struct memory_second){.web_waits_us = 900000, .web_stalls_us = 300000});
	assert_int_equal(ladder()->rung, RUNG_RECLAIM);
	memory_case_run(&c, 5, (struct memory_second){.web_waits_us = 900000});
	assert_int_equal(ladder()->rung, RUNG_SQUEEZE);
	memory_case_run(&c, 6, (struct memory_second){.web_waits_us = 900000});
	assert_int_equal(ladder()->rung, RUNG_CALM);
}

/* memory.some holds, memory.full reclaims as well. */
TEST(each_of_two_rules_takes_its_own_steps)
{
	const struct memory_second some = {.web_waits_us = 500000},
				   full = {.web_waits_us = 500000, .web_stalls_us = 300000};

	c.f.policy.pressure_memory.steps = HOLD;
	full_rule(HOLD | TAKE);
	memory_case_run(&c, 8, some);
	assert_int_equal(ladder()->rung, RUNG_SQUEEZE);
	assert_true(ladder()->reason.extra == 0);
	memory_case_run(&c, 2, full);
	assert_int_equal(ladder()->rung, RUNG_RECLAIM);
	assert_true(ladder()->reason.extra == 1);
	/* What still waits asks for the hold alone. */
	memory_case_run(&c, 6, some);
	assert_int_equal(ladder()->rung, RUNG_SQUEEZE);
	again(4096);
	free_mib(1000);
	c.f.policy.pressure_memory.steps = HOLD;
	full_rule(HOLD | TAKE);
	memory_case_run(&c, 1, (struct memory_second){.web_waits_us = 500000});
	assert_int_equal(ladder()->rung, RUNG_RECLAIM); /* the room takes the steps of both */
}

TEST(who_only_waits_is_not_evicted_for_by_the_rule_for_memory_full)
{
	const struct memory_second some = {.web_waits_us = 500000},
				   full = {.web_waits_us = 500000, .web_stalls_us = 300000};

	c.f.policy.pressure_memory.steps = HOLD;
	full_rule(HOLD | TAKE | GO);
	c.f.policy.pressure_full.evict_after_us = 12 * (uint64_t)SECOND;
	for (int i = 0; i < 60; i++) {
		memory_case_run(&c, 1, some);
		assert_true(ladder()->rung <= RUNG_SQUEEZE);
	}
	again(4096);
	c.f.policy.pressure_memory.steps = HOLD;
	full_rule(HOLD | TAKE | GO);
	c.f.policy.pressure_full.evict_after_us = 12 * (uint64_t)SECOND;
	memory_case_run(&c, 12, full);
	assert_int_equal(ladder()->rung, RUNG_RECLAIM);
	memory_case_run(&c, 3, full);
	assert_int_equal(ladder()->rung, RUNG_EVICT);
	memory_case_run(&c, 6, some);
	assert_true(ladder()->rung < RUNG_EVICT);
}

/* What it waited by one sign is nothing to hold the other one against: a hold for it begins anew. */
TEST(a_hold_that_did_not_help_by_one_sign_may_be_tried_by_the_other)
{
	c.f.policy.pressure_memory.steps = HOLD;
	full_rule(HOLD | TAKE | GO);
	memory_case_run(&c, 40, (struct memory_second){.hog_grows = 20, .web_waits_us = 500000});
	assert_int_equal(ladder()->rung, RUNG_CALM);
	assert_int_equal(ladder()->reason.code, REASON_INEFFECTIVE);
	memory_case_run(&c, 2,
			(struct memory_second){
				.hog_grows = 20, .web_waits_us = 500000, .web_stalls_us = 300000});
	assert_true(ladder()->rung >= RUNG_SQUEEZE);
	assert_int_equal(ladder()->efficacy.trial[0].full, 1);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_fall_that_lasts_is_no_cause),
		CASE(a_room_that_is_gone_in_half_a_minute_squeezes_and_in_ten_seconds_reclaims),
		CASE(reclaim_may_be_the_first_rung_when_there_is_no_time),
		CASE(a_node_that_rests_below_the_line_is_left_alone),
		CASE(an_online_pod_that_waits_squeezes_at_once_and_reclaims_after_a_second),
		CASE(a_pod_that_meets_its_own_bound_waits_for_itself),
		CASE(of_whom_it_is_not_known_whether_it_is_its_own_fault_nobody_is_squeezed_for),
		CASE(without_a_step_in_the_policy_or_an_offline_pod_there_is_no_rung),
		CASE(offline_pods_that_use_next_to_nothing_are_not_worth_a_step),
		CASE(an_input_that_does_not_change_does_not_make_it_swing),
		CASE(what_does_not_help_who_waits_is_undone),
		CASE(whom_nothing_gentler_helps_somebody_is_evicted_for_after_the_time_of_the_policy),
		CASE(a_freeze_on_the_way_does_not_put_the_eviction_off),
		CASE(a_room_that_still_falls_evicts_though_nobody_waits),
		CASE(it_is_tense_while_a_rung_is_up_or_the_room_would_be_gone_in_a_minute),
		CASE(memory_full_climbs_where_nothing_of_the_pod_runs_and_not_where_some_of_it_waits),
		CASE(each_of_two_rules_takes_its_own_steps),
		CASE(who_only_waits_is_not_evicted_for_by_the_rule_for_memory_full),
		CASE(a_hold_that_did_not_help_by_one_sign_may_be_tried_by_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
