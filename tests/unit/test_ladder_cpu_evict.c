// SPDX-License-Identifier: LGPL-2.1-or-later
// When the CPU ladder goes as far as an eviction: only where the policy says so, the hold was no help or is at its floor,
// and offline work still has what whoever waits lacks.
#include <string.h>

#include "tests/lib/ladder_case.h"
#include "tests/lib/test.h"

#define SECOND 1000000

static struct ladder_case w;

/* 4 CPUs of which nothing is left: the hog has the floor of an old kernel, one CPU. */
static const struct ladder_second full = {.web = 2900, .wait = 300, .hog = 1000, .system = 100};

static int setup(void **state)
{
	(void)state;
	ladder_case_init(&w);
	strcpy(w.f.model.node.kernel, "6.12.94+deb13-amd64");
	w.f.policy.pressure_cpu.steps = 1u << ACTION_SQUEEZE_CPU | 1u << ACTION_EVICT;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_free(&w.f);
	return 0;
}

/* Up to the hold, by a hog that has two CPUs. */
static void hold(void)
{
	ladder_case_in_force(&w, true);
	ladder_case_run(&w, 3, (struct ladder_second){.web = 1900, .wait = 300, .hog = 2100});
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_SQUEEZE);
}

TEST(at_the_floor_for_twenty_seconds_and_still_somebody_waits)
{
	struct ladder *l = ladder_case_cpu(&w);

	hold();
	ladder_case_run(&w, 17, full);
	assert_int_equal(l->quota_cpu_milli, 1000);
	assert_int_equal(l->rung, RUNG_SQUEEZE);
	ladder_case_run(&w, 3, full);
	assert_int_equal(l->rung, RUNG_EVICT);
	assert_int_equal(l->steps, 2);
	assert_int_equal(l->reason.code, REASON_SQUEEZE_FLOOR);
	assert_string_equal(l->reason.who, w.web->name);
	/* What was held stays so. */
	assert_int_equal(l->quota_cpu_milli, 1000);
	ladder_case_run(&w, 2, full);
	assert_int_equal(l->quota_cpu_milli, 1000);
}

/* Another mode, a pause, nobody offline: what is not written proves nothing. */
TEST(seconds_in_which_the_hold_is_not_in_force_are_none_that_it_failed_in)
{
	struct ladder *l = ladder_case_cpu(&w);

	hold();
	ladder_case_run(&w, 10, full);
	ladder_case_in_force(&w, false);
	for (int i = 0; i < 60; i++) {
		ladder_case_run(&w, 1, full);
		assert_int_equal(l->rung, RUNG_SQUEEZE);
	}
	ladder_case_in_force(&w, true);
	ladder_case_run(&w, 19, full);
	assert_int_equal(l->rung, RUNG_SQUEEZE);
	ladder_case_run(&w, 3, full);
	assert_int_equal(l->rung, RUNG_EVICT);
}

/* For most of its time there was something left to take: how little was left at the end says nothing of it. */
TEST(a_floor_of_a_moment_ago_is_no_hold_that_has_failed)
{
	struct ladder *l = ladder_case_cpu(&w);

	ladder_case_in_force(&w, true);
	ladder_case_run(&w, 3, (struct ladder_second){.web = 1000, .wait = 600, .hog = 2900});
	ladder_case_run(&w, 17, (struct ladder_second){.web = 1000, .wait = 300, .hog = 2900});
	assert_int_equal(l->rung, RUNG_SQUEEZE);
	assert_true(l->quota_cpu_milli > 1000);
	ladder_case_run(&w, 19, full);
	assert_int_equal(l->quota_cpu_milli, 1000);
	assert_int_equal(l->rung, RUNG_SQUEEZE);
	ladder_case_run(&w, 3, full);
	assert_int_equal(l->rung, RUNG_EVICT);
}

/* One look in three nobody waits, and the quota grows for as long: that is taken back, and there was nothing else to take. */
TEST(a_floor_that_is_left_for_a_moment_is_still_one)
{
	struct ladder_second rests = full;
	struct ladder *l = ladder_case_cpu(&w);
	bool grew = false;
	int seconds = 0;

	rests.wait = 0;
	rests.web = 1000;
	hold();
	ladder_case_run(&w, 2, full);
	while (l->rung != RUNG_EVICT && seconds < 60) {
		ladder_case_run(&w, 3, rests);
		grew |= l->quota_cpu_milli > 1000;
		ladder_case_run(&w, 2, full);
		seconds += 5;
	}
	assert_true(grew);
	assert_in_range(seconds, 15, 25);
}

/* All the time there is a little above the floor that the hold could take if it were needed. */
TEST(a_quota_that_never_comes_down_to_the_floor_has_not_failed)
{
	struct ladder *l = ladder_case_cpu(&w);

	for (int i = 0; i < 90; i++) {
		ladder_case_run(&w, 1,
				(struct ladder_second){
					.web = 1400, .wait = 300, .hog = 2400, .system = 100});
		assert_int_equal(l->rung == RUNG_EVICT, 0);
	}
	assert_in_range(l->quota_cpu_milli, 1001, 1390);
}

TEST(a_policy_without_evict_never_goes_there)
{
	w.f.policy.pressure_cpu.steps = 1u << ACTION_SQUEEZE_CPU;
	hold();
	for (int i = 0; i < 600; i++) {
		ladder_case_run(&w, 1, full);
		assert_true(ladder_case_cpu(&w)->rung <= RUNG_SQUEEZE);
	}
}

TEST(after_is_the_time_that_the_hold_is_given)
{
	w.f.policy.pressure_cpu.evict_after_us = 60 * SECOND;
	hold();
	ladder_case_run(&w, 56, full);
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_SQUEEZE);
	ladder_case_run(&w, 4, full);
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_EVICT);
}

/* And never less than the hold is judged by. */
TEST(a_shorter_one_counts_as_twenty_seconds)
{
	w.f.policy.pressure_cpu.evict_after_us = 1 * SECOND;
	hold();
	ladder_case_run(&w, 17, full);
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_SQUEEZE);
}

/* The hold itself is no help either, and is undone in its time. */
static void never(struct ladder_second s)
{
	for (int i = 0; i < 60; i++) {
		ladder_case_run(&w, 1, s);
		assert_true(ladder_case_cpu(&w)->rung <= RUNG_SQUEEZE);
	}
}

/* It waits for something else: an eighth of the CPUs has nothing to do. */
TEST(where_cpus_are_left_nobodys_going_is_a_help)
{
	hold();
	never((struct ladder_second){.web = 2500, .wait = 300, .hog = 900, .system = 100});
}

TEST(offline_work_that_has_next_to_nothing_would_not_be_missed)
{
	hold();
	never((struct ladder_second){.web = 3900, .wait = 300, .hog = 90, .system = 10});
}

/* Above the floor, in force, and no better after two windows: offline work has what web lacks, quota or not. */
TEST(a_hold_that_was_no_help_is_one_that_has_failed)
{
	struct ladder_second s = {.web = 1900, .wait = 300, .hog = 2100};
	struct ladder *l = ladder_case_cpu(&w);

	ladder_case_in_force(&w, true);
	strcpy(w.f.model.node.kernel, "7.3.4-cloud-amd64");
	ladder_case_run(&w, 18, s);
	assert_int_equal(l->rung, RUNG_SQUEEZE);
	assert_true(l->quota_cpu_milli > 80);
	ladder_case_run(&w, 5, s);
	assert_int_equal(l->rung, RUNG_EVICT);
	assert_int_equal(l->reason.code, REASON_SQUEEZE);
}

TEST(a_hold_that_helps_and_is_not_at_its_floor_is_gone_on_with)
{
	struct ladder_second s = {.web = 1900, .wait = 600, .hog = 2100};

	ladder_case_in_force(&w, true);
	strcpy(w.f.model.node.kernel, "7.3.4-cloud-amd64");
	ladder_case_run(&w, 3, s);
	s.wait = 200; /* a third of it, and more than the policy allows */
	ladder_case_run(&w, 120, s);
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_SQUEEZE);
}

/* It was no help, and nothing of it is offline work's doing: undone, as ever. */
TEST(a_useless_hold_where_cpus_are_left_is_undone)
{
	struct ladder_second s = {.web = 1500, .wait = 300, .hog = 1500};

	ladder_case_in_force(&w, true);
	strcpy(w.f.model.node.kernel, "7.3.4-cloud-amd64");
	ladder_case_run(&w, 25, s);
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_CALM);
	assert_int_equal(ladder_case_cpu(&w)->reason.code, REASON_INEFFECTIVE);
}

TEST(when_nobody_waits_for_five_seconds_only_the_hold_stays)
{
	struct ladder *l = ladder_case_cpu(&w);

	hold();
	ladder_case_run(&w, 20, full);
	assert_int_equal(l->rung, RUNG_EVICT);
	ladder_case_run(&w, 4, (struct ladder_second){.web = 2900, .wait = 0, .hog = 1000});
	assert_int_equal(l->rung, RUNG_EVICT);
	ladder_case_run(&w, 4, (struct ladder_second){.web = 2900, .wait = 0, .hog = 1000});
	assert_int_equal(l->rung, RUNG_SQUEEZE);
	/* The hold is explained by what it was made for. */
	assert_true(l->reason.code == REASON_SQUEEZE || l->reason.code == REASON_SQUEEZE_FLOOR);
	assert_string_equal(l->reason.who, w.web->name);
	ladder_case_run(&w, 60, (struct ladder_second){.web = 500, .wait = 0, .hog = 1000});
	assert_int_equal(l->rung, RUNG_CALM);
	assert_int_equal(l->quota_cpu_milli, 0);
}

/* Whatever was evicted, web is no better off: given up, the quota with it, and not tried for it for five minutes. */
TEST(what_helps_nobody_is_given_up_as_a_whole)
{
	struct ladder *l = ladder_case_cpu(&w);

	hold();
	ladder_case_run(&w, 20, full);
	assert_int_equal(l->rung, RUNG_EVICT);
	ladder_case_run(&w, 25, full);
	assert_int_equal(l->rung, RUNG_CALM);
	assert_int_equal(l->reason.code, REASON_INEFFECTIVE);
	assert_int_equal(l->quota_cpu_milli, 0);
	ladder_case_run(&w, 200, full);
	assert_int_equal(l->rung, RUNG_CALM);
}

TEST(another_policy_takes_the_rung_back_at_once)
{
	hold();
	ladder_case_run(&w, 20, full);
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_EVICT);
	w.f.policy.pressure_cpu.steps = 1u << ACTION_SQUEEZE_CPU;
	ladder_case_run(&w, 1, full);
	assert_int_equal(ladder_case_cpu(&w)->rung, RUNG_SQUEEZE);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(at_the_floor_for_twenty_seconds_and_still_somebody_waits),
		CASE(seconds_in_which_the_hold_is_not_in_force_are_none_that_it_failed_in),
		CASE(a_floor_of_a_moment_ago_is_no_hold_that_has_failed),
		CASE(a_floor_that_is_left_for_a_moment_is_still_one),
		CASE(a_quota_that_never_comes_down_to_the_floor_has_not_failed),
		CASE(a_policy_without_evict_never_goes_there),
		CASE(after_is_the_time_that_the_hold_is_given),
		CASE(a_shorter_one_counts_as_twenty_seconds),
		CASE(where_cpus_are_left_nobodys_going_is_a_help),
		CASE(offline_work_that_has_next_to_nothing_would_not_be_missed),
		CASE(a_hold_that_was_no_help_is_one_that_has_failed),
		CASE(a_hold_that_helps_and_is_not_at_its_floor_is_gone_on_with),
		CASE(a_useless_hold_where_cpus_are_left_is_undone),
		CASE(when_nobody_waits_for_five_seconds_only_the_hold_stays),
		CASE(what_helps_nobody_is_given_up_as_a_whole),
		CASE(another_policy_takes_the_rung_back_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
