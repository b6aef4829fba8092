// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/incident.h"
#include "policy/incident_event.h"

#include <stdio.h>

#include "tests/lib/alloc_count.h"
#include "tests/lib/incident_case.h"
#include "tests/lib/test.h"

static struct incident_case c;

static int make(void **state)
{
	(void)state;
	return incident_case_open(&c);
}

static int drop(void **state)
{
	(void)state;
	incident_case_close(&c);
	return 0;
}

static struct incident *one(void)
{
	struct incident *i = incident_case_one(&c);

	assert_non_null(i);
	return i;
}

TEST(a_rung_that_leaves_calm_for_an_online_pod_opens_one)
{
	incident_case_run(&c, 70, 1000, 10);
	assert_null(incident_case_one(&c));
	incident_case_rung(&c, c.web);
	incident_case_second(&c, 2000, 400);
	assert_int_equal(one()->id, 1);
	assert_int_equal(one()->cause, INCIDENT_RUNG);
	assert_int_equal(one()->resource, RESOURCE_CPU);
	assert_int_equal(one()->rung, RUNG_SQUEEZE);
	assert_string_equal(one()->pods[0].name, "default/web");
	assert_int_equal(one()->pods[0].level, LEVEL_P0);
	assert_string_equal(one()->node.kernel, "6.12.1");
	assert_int_equal(one()->node.mode, MODE_FULL);
	assert_int_equal(one()->wall_us, c.look.wall_us);
	assert_int_equal(c.incidents.opened, 1);
}

TEST(what_is_not_an_online_pod_opens_none)
{
	incident_case_run(&c, 10, 1000, 10);
	incident_case_rung(&c, c.hog);
	incident_case_second(&c, 2000, 400);
	(void)snprintf(c.ladders.of[RESOURCE_CPU].reason.who, REASON_WHO_SIZE, "nobody/here");
	incident_case_second(&c, 2000, 400);
	c.ladders.of[RESOURCE_CPU].reason.who[0] = '\0';
	incident_case_second(&c, 2000, 400);
	assert_null(incident_case_one(&c));
}

TEST(an_old_pressure_opens_none)
{
	incident_case_run(&c, 10, 1000, 10);
	incident_case_rung(&c, c.web);
	c.ladders.of[RESOURCE_CPU].pressure_us -= 2 * INCIDENT_CASE_S;
	incident_case_second(&c, 2000, 400);
	assert_null(incident_case_one(&c));
}

TEST(an_excess_over_the_bound_opens_one)
{
	incident_case_run(&c, 10, 1000, 10);
	incident_case_excess(&c, c.web, 100);
	incident_case_second(&c, 2000, 100);
	assert_null(incident_case_one(&c));
	incident_case_excess(&c, c.web, 101);
	incident_case_second(&c, 2000, 400);
	assert_int_equal(one()->cause, INCIDENT_SCORE);
	incident_case_excess(&c, c.web, 340);
	incident_case_second(&c, 2000, 400);
	assert_int_equal(one()->worst_excess_permille, 340);
	assert_int_equal(one()->worst_stalled_permille, 400);
	assert_int_equal(c.incidents.opened, 1);
}

TEST(a_score_without_a_number_opens_none)
{
	incident_case_run(&c, 10, 1000, 10);
	incident_case_excess(&c, c.web, 900);
	c.score_list[c.web->slot].by[RESOURCE_CPU].state = SCORE_SELF_THROTTLED;
	incident_case_second(&c, 2000, 400);
	assert_null(incident_case_one(&c));
}

TEST(an_sli_opens_one_and_the_same_pod_and_resource_have_one)
{
	incident_case_run(&c, 10, 1000, 10);
	assert_non_null(incident_open(&c.incidents, &c.look, INCIDENT_SLI, c.web, RESOURCE_CPU));
	incident_case_excess(&c, c.web, 500);
	incident_case_rung(&c, c.web);
	incident_case_second(&c, 2000, 400);
	assert_int_equal(c.incidents.opened, 1);
	assert_int_equal(one()->cause, INCIDENT_SLI);
	assert_int_equal(one()->causes,
			 1 << INCIDENT_SLI | 1 << INCIDENT_SCORE | 1 << INCIDENT_RUNG);
	assert_non_null(incident_open(&c.incidents, &c.look, INCIDENT_SLI, c.web, RESOURCE_IO));
	assert_non_null(incident_open(&c.incidents, &c.look, INCIDENT_SLI, c.db, RESOURCE_CPU));
	assert_int_equal(c.incidents.opened, 3);
	assert_non_null(incident_find(&c.incidents, 3));
	assert_null(incident_find(&c.incidents, 4));
}

TEST(it_is_over_a_minute_after_it_was_last_hurt)
{
	incident_case_run(&c, 70, 1000, 10);
	incident_case_rung(&c, c.web);
	incident_case_second(&c, 2000, 400);
	incident_case_run(&c, 59, 1000, 10);
	assert_non_null(incident_case_one(&c));
	incident_case_rung(&c, c.web);
	incident_case_second(&c, 2000, 400);
	assert_int_equal(c.incidents.opened, 1);
	incident_case_calm(&c);
	incident_case_run(&c, 60, 1000, 10);
	assert_null(incident_case_one(&c));
	assert_true(c.incidents.list[0]->closed);
	assert_int_equal(c.incidents.list[0]->ended_us, c.look.now_us);
	incident_case_rung(&c, c.web);
	incident_case_second(&c, 2000, 400);
	assert_int_equal(one()->id, 2);
}

TEST(one_without_an_end_is_cut_and_not_opened_again_before_it_stopped)
{
	incident_case_run(&c, 70, 1000, 10);
	for (int i = 0; i < 661; i++) {
		incident_case_rung(&c, c.web);
		incident_case_second(&c, 2000, 400);
		assert_int_equal(c.incidents.opened, 1);
	}
	assert_null(incident_case_one(&c));
	assert_true(c.incidents.list[0]->spent);
	for (int i = 0; i < 600; i++) {
		incident_case_rung(&c, c.web);
		incident_case_second(&c, 2000, 400);
	}
	assert_int_equal(c.incidents.opened, 1);
	incident_case_calm(&c);
	incident_case_run(&c, 61, 1000, 10);
	incident_case_rung(&c, c.web);
	incident_case_second(&c, 2000, 400);
	assert_int_equal(c.incidents.opened, 2);
}

TEST(one_that_goes_on_for_an_hour_is_opened_again)
{
	for (int i = 0; i < 661 + 3600 + 2; i++) {
		incident_case_rung(&c, c.web);
		incident_case_second(&c, 2000, 400);
	}
	assert_int_equal(c.incidents.opened, 2);
}

TEST(a_pod_that_is_gone_ends_its_own)
{
	incident_case_run(&c, 70, 1000, 10);
	incident_case_rung(&c, c.web);
	incident_case_second(&c, 2000, 400);
	c.web->serial += 1000;
	incident_case_calm(&c);
	incident_case_run(&c, 60, 1000, 10);
	assert_null(incident_case_one(&c));
	assert_string_equal(c.incidents.list[0]->pods[0].name, "default/web");
}

TEST(there_are_so_many_at_most_and_what_is_left_out_is_counted)
{
	incident_case_run(&c, 10, 1000, 10);
	for (uint64_t i = 0; i < INCIDENTS_OPEN; i++) {
		c.web->serial = 100 + i;
		assert_non_null(
			incident_open(&c.incidents, &c.look, INCIDENT_SLI, c.web, RESOURCE_CPU));
	}
	c.web->serial = 200;
	/* In each pass that it goes on. */
	for (int pass = 0; pass < 10; pass++) {
		assert_null(
			incident_open(&c.incidents, &c.look, INCIDENT_SLI, c.web, RESOURCE_CPU));
		c.look.now_us += 1000000;
	}
	assert_int_equal(c.incidents.left_out, 1);
	/* One that is over and waits for a disk that does not take it makes room. */
	c.incidents.list[3]->closed = true;
	assert_int_equal(
		incident_open(&c.incidents, &c.look, INCIDENT_SLI, c.web, RESOURCE_CPU)->id, 9);
	assert_int_equal(c.incidents.left_out, 2);
	assert_null(incident_find(&c.incidents, 4));
	incident_drop(&c.incidents, 9);
	assert_null(incident_find(&c.incidents, 9));
}

TEST(what_is_told_of_one_outlives_it)
{
	const struct incident_event *e;
	struct incident *i;
	uint64_t cursor = 0, later;

	incident_case_run(&c, 70, 1000, 10);
	incident_case_rung(&c, c.web);
	incident_case_second(&c, 2000, 400);
	i = incident_case_one(&c);
	i->trials[0] = (struct culprit_trial){.suspect = c.hog->serial,
					      .verdict = CULPRIT_CONFIRMED,
					      .who = {.name = "batch/hog"}};
	incident_case_calm(&c);
	incident_case_run(&c, 60, 1000, 10);
	incident_drop(&c.incidents, i->id);
	later = 1;
	e = incident_event_next(&c.incidents, &cursor);
	assert_non_null(e);
	assert_int_equal(e->id, 1);
	assert_false(e->closed);
	assert_false(e->suspected);
	assert_int_equal(e->cause, INCIDENT_RUNG);
	assert_string_equal(e->pod, "default/web");
	e = incident_event_next(&c.incidents, &cursor);
	assert_non_null(e);
	assert_true(e->closed && e->suspected && e->confirmed);
	assert_string_equal(e->culprit, "batch/hog");
	assert_string_equal(e->done, "nothing");
	assert_true(e->hurt_us < 5000000);
	assert_null(incident_event_next(&c.incidents, &cursor));
	assert_ptr_equal(incident_event_next(&c.incidents, &later), e);
}

TEST(events_that_nobody_asked_for_in_time_are_passed_over)
{
	const struct incident_event *e = NULL;
	uint64_t cursor = 0;
	size_t n = 0;

	incident_case_run(&c, 10, 1000, 10);
	for (uint64_t i = 0; i < INCIDENT_EVENTS + 3; i++) {
		c.web->serial = 100 + i;
		(void)incident_open(&c.incidents, &c.look, INCIDENT_SLI, c.web, RESOURCE_CPU);
		incident_drop(&c.incidents, i + 1);
	}
	while ((e = incident_event_next(&c.incidents, &cursor))) {
		assert_int_equal(e->id, 4 + n);
		n++;
	}
	assert_int_equal(n, INCIDENT_EVENTS);
}

static void tried(uint64_t suspect, enum culprit_verdict verdict, size_t place)
{
	c.trials.list[place] = (struct culprit_trial){.victim = c.web->serial,
						      .suspect = suspect,
						      .resource = RESOURCE_CPU,
						      .verdict = verdict,
						      .at_us = c.look.now_us};
}

/* Whoever tells of trials forgets them after ten minutes, the oldest first. */
TEST(what_holds_have_shown_stays_with_a_long_incident)
{
	struct incident *i;

	incident_case_run(&c, 70, 1000, 10);
	incident_case_rung(&c, c.web);
	incident_case_second(&c, 2000, 400);
	i = incident_case_one(&c);
	tried(11, CULPRIT_NO_EFFECT, 0);
	tried(12, CULPRIT_CONFIRMED, 1);
	incident_case_rung(&c, c.web);
	incident_case_second(&c, 2000, 400);
	assert_int_equal(i->trials[0].suspect, 11);
	assert_int_equal(i->trials[1].suspect, 12);
	c.trials.list[0] = (struct culprit_trial){0};
	tried(12, CULPRIT_NO_EFFECT, 1);
	incident_case_rung(&c, c.web);
	incident_case_second(&c, 2000, 400);
	assert_int_equal(i->trials[0].suspect, 11);
	assert_int_equal(i->trials[1].suspect, 12);
	assert_int_equal(i->trials[1].verdict, CULPRIT_NO_EFFECT);
	assert_int_equal(i->trials[2].suspect, 0);
	/* Whom a hold confirmed takes the place of one that was cleared, and keeps it. */
	for (uint64_t n = 0; n < 4; n++)
		tried(20 + n, CULPRIT_CONFIRMED, 4 + n);
	tried(30, CULPRIT_NO_EFFECT, 10);
	incident_case_rung(&c, c.web);
	incident_case_second(&c, 2000, 400);
	for (uint64_t n = 0; n < INCIDENT_TRIALS; n++)
		assert_int_equal(i->trials[n].verdict, CULPRIT_CONFIRMED);
}

/* What a hold against this very wait has shown is more. */
TEST(what_single_seconds_say_of_a_pod_does_not_outweigh_a_hold)
{
	struct incident *i;

	incident_case_run(&c, 70, 1000, 10);
	incident_case_rung(&c, c.web);
	incident_case_second(&c, 2000, 400);
	i = incident_case_one(&c);
	tried(12, CULPRIT_CONFIRMED, 0);
	incident_case_rung(&c, c.web);
	incident_case_second(&c, 2000, 400);
	tried(12, CULPRIT_NO_EFFECT, 0);
	c.trials.list[0].calibrated = true;
	incident_case_rung(&c, c.web);
	incident_case_second(&c, 2000, 400);
	assert_int_equal(i->trials[0].verdict, CULPRIT_CONFIRMED);
	assert_false(i->trials[0].calibrated);
}

TEST(without_memory_there_is_none)
{
	incident_case_run(&c, 10, 1000, 10);
	if (!alloc_can_fail())
		return;
	alloc_fail_at(1);
	assert_null(incident_open(&c.incidents, &c.look, INCIDENT_SLI, c.web, RESOURCE_CPU));
	alloc_fail_at(0);
	assert_int_equal(c.incidents.left_out, 1);
	assert_non_null(incident_open(&c.incidents, &c.look, INCIDENT_SLI, c.web, RESOURCE_CPU));
}

#define T(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_rung_that_leaves_calm_for_an_online_pod_opens_one),
		T(what_is_not_an_online_pod_opens_none),
		T(an_old_pressure_opens_none),
		T(an_excess_over_the_bound_opens_one),
		T(a_score_without_a_number_opens_none),
		T(an_sli_opens_one_and_the_same_pod_and_resource_have_one),
		T(it_is_over_a_minute_after_it_was_last_hurt),
		T(one_without_an_end_is_cut_and_not_opened_again_before_it_stopped),
		T(one_that_goes_on_for_an_hour_is_opened_again),
		T(a_pod_that_is_gone_ends_its_own),
		T(there_are_so_many_at_most_and_what_is_left_out_is_counted),
		T(what_is_told_of_one_outlives_it),
		T(events_that_nobody_asked_for_in_time_are_passed_over),
		T(what_holds_have_shown_stays_with_a_long_incident),
		T(what_single_seconds_say_of_a_pod_does_not_outweigh_a_hold),
		T(without_memory_there_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
