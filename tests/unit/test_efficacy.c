// SPDX-License-Identifier: LGPL-2.1-or-later
// Holds that do not help are undone, second by second: what they are judged by, when, and when there
// is no verdict. The whole way is walked: ladder, plan, and what writing the plan does to the model.
#include "policy/efficacy.h"

#include <stdio.h>

#include "policy/decide.h"
#include "tests/lib/fake.h"
#include "tests/lib/test.h"

#define SECOND 1000000
#define WEB "kubepods.slice/kubepods-podweb.slice"
#define DB "kubepods.slice/kubepods-poddb.slice"
#define HOG "kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-podhog.slice"

/* In permille of each second. */
struct second {
	uint64_t web, db;
	bool watch_only; /* the mode holds nobody */
};

struct world {
	struct fake f;
	struct pod *web, *db, *hog;
	int64_t now_us;
	uint64_t web_us, db_us, seconds;
};

static void sample(struct world *w)
{
	fake_sample(&w->f, w->web, w->now_us, w->seconds * SECOND, w->web_us);
	fake_sample(&w->f, w->db, w->now_us, 0, w->db_us);
	fake_sample(&w->f, w->hog, w->now_us, w->seconds * 3 * SECOND, 0);
	fake_sample_node(&w->f, w->now_us, w->seconds * 4 * SECOND);
}

static void world_init(struct world *w)
{
	memset(w, 0, sizeof(*w));
	fake_init(&w->f);
	w->web = fake_pod(&w->f, WEB, QOS_GUARANTEED);
	w->db = fake_pod(&w->f, DB, QOS_GUARANTEED);
	w->hog = fake_pod(&w->f, HOG, QOS_BESTEFFORT);
	fake_level(&w->f, w->web, LEVEL_P0);
	fake_level(&w->f, w->db, LEVEL_P0);
	fake_level(&w->f, w->hog, LEVEL_P7);
	w->now_us = 100 * SECOND;
	sample(w);
}

static enum rung run(struct world *w, int seconds, struct second s)
{
	for (int i = 0; i < seconds; i++) {
		w->now_us += SECOND;
		w->seconds++;
		w->web_us += s.web * 1000;
		w->db_us += s.db * 1000;
		sample(w);
		assert_int_equal(decide_assigned(&w->f.model, &w->f.samples, &w->f.policy,
						 w->now_us, &w->f.ladders, &w->f.plan),
				 0);
		if (!s.watch_only)
			(void)fake_apply(&w->f);
	}
	return w->f.ladders.of[RESOURCE_CPU].rung;
}

/* web waits 30 %. The hold begins in the first of two passes, the window of the rule is full in the second. */
static void squeeze(struct world *w, uint64_t db, bool watch_only)
{
	world_init(w);
	assert_int_equal(run(w, 2, (struct second){300, db, watch_only}), RUNG_SQUEEZE);
}

TEST(a_hold_that_changes_nothing_is_undone_after_two_windows_and_not_tried_for_five_minutes)
{
	struct world w;

	squeeze(&w, 0, false);
	assert_int_equal(run(&w, 18, (struct second){.web = 300}), RUNG_SQUEEZE);
	assert_int_equal(run(&w, 1, (struct second){.web = 300}), RUNG_CALM);
	assert_int_equal(w.f.ladders.of[RESOURCE_CPU].reason.code, REASON_INEFFECTIVE);
	assert_string_equal(w.f.ladders.of[RESOURCE_CPU].reason.who, w.web->name);
	assert_int_equal(w.f.ladders.of[RESOURCE_CPU].reason.observed, 300);
	assert_int_equal(w.f.ladders.of[RESOURCE_CPU].reason.limit, 300);
	assert_int_equal(w.f.ladders.of[RESOURCE_CPU].reason.for_us, 300 * (uint64_t)SECOND);
	assert_null(plan_find(&w.f.plan, w.hog->cgroup->parent, KNOB_CPU_MAX));
	assert_int_equal(run(&w, 299, (struct second){.web = 300}), RUNG_CALM);
	assert_int_equal(run(&w, 1, (struct second){.web = 300}), RUNG_SQUEEZE);
	assert_int_equal(w.f.ladders.of[RESOURCE_CPU].steps, 3);
	fake_free(&w.f);
}

TEST(one_that_takes_a_fifth_of_the_wait_away_stays)
{
	struct world w;

	squeeze(&w, 0, false);
	assert_int_equal(run(&w, 120, (struct second){.web = 240}), RUNG_SQUEEZE);
	fake_free(&w.f);
	squeeze(&w, 0, false);
	assert_int_equal(run(&w, 20, (struct second){.web = 241}), RUNG_CALM);
	assert_int_equal(w.f.ladders.of[RESOURCE_CPU].reason.code, REASON_INEFFECTIVE);
	fake_free(&w.f);
}

/* Of 30 % and of 26 %, 15 % are usual: 17.6 and 12.9 % of the rest are too much, which is a fifth better. */
TEST(what_is_usual_is_no_part_of_what_it_is_judged_by)
{
	struct world w;

	world_init(&w);
	w.f.samples.pods[w.web->slot]->usual.median_permille[RESOURCE_CPU] = 150;
	assert_int_equal(run(&w, 2, (struct second){.web = 300}), RUNG_SQUEEZE);
	assert_int_equal(run(&w, 60, (struct second){.web = 260}), RUNG_SQUEEZE);
	fake_free(&w.f);
}

/* The pass in which it began saw half of the rule's window only: 15 %. That is not what web waited without it. */
TEST(what_was_waited_before_is_the_whole_window_of_the_rule)
{
	struct world w;

	world_init(&w);
	assert_int_equal(run(&w, 1, (struct second){.web = 300}), RUNG_SQUEEZE);
	assert_int_equal(w.f.ladders.of[RESOURCE_CPU].reason.observed, 150);
	assert_int_equal(run(&w, 1, (struct second){.web = 300}), RUNG_SQUEEZE);
	assert_int_equal(run(&w, 60, (struct second){.web = 230}), RUNG_SQUEEZE);
	fake_free(&w.f);
	/* What it waits later is what the hold left it, not what was before. */
	world_init(&w);
	assert_int_equal(run(&w, 2, (struct second){.web = 300}), RUNG_SQUEEZE);
	assert_int_equal(run(&w, 5, (struct second){.web = 400}), RUNG_SQUEEZE);
	assert_int_equal(run(&w, 14, (struct second){.web = 290}), RUNG_CALM);
	assert_int_equal(w.f.ladders.of[RESOURCE_CPU].reason.limit, 350); /* 300 and 400 */
	fake_free(&w.f);
}

TEST(help_that_comes_in_the_second_window_is_help)
{
	struct world w;

	squeeze(&w, 0, false);
	assert_int_equal(run(&w, 10, (struct second){.web = 300}), RUNG_SQUEEZE);
	assert_int_equal(run(&w, 60, (struct second){.web = 200}), RUNG_SQUEEZE);
	fake_free(&w.f);
}

/* It was judged once, by what began it: load that grows later is no reason to let go. */
TEST(one_that_has_helped_is_not_judged_again)
{
	struct world w;

	squeeze(&w, 0, false);
	assert_int_equal(run(&w, 12, (struct second){.web = 100}), RUNG_SQUEEZE);
	assert_int_equal(run(&w, 120, (struct second){.web = 600}), RUNG_SQUEEZE);
	fake_free(&w.f);
}

TEST(one_that_helps_one_of_two_stays)
{
	struct world w;

	squeeze(&w, 200, false);
	assert_int_equal(run(&w, 120, (struct second){.web = 300, .db = 60}), RUNG_SQUEEZE);
	fake_free(&w.f);
}

TEST(one_that_helps_neither_of_two_is_undone_and_both_rest)
{
	struct world w;

	squeeze(&w, 200, false);
	assert_int_equal(run(&w, 20, (struct second){.web = 300, .db = 200}), RUNG_CALM);
	assert_string_equal(w.f.ladders.of[RESOURCE_CPU].reason.who, w.web->name);
	assert_true(efficacy_rests(&w.f.ladders.of[RESOURCE_CPU].efficacy, w.web, w.now_us, NULL));
	assert_true(efficacy_rests(&w.f.ladders.of[RESOURCE_CPU].efficacy, w.db, w.now_us, NULL));
	assert_int_equal(run(&w, 100, (struct second){.web = 300, .db = 200}), RUNG_CALM);
	fake_free(&w.f);
}

/* How it would fare without the hold is not known. */
TEST(a_pod_that_began_to_wait_later_keeps_the_hold)
{
	struct world w;

	squeeze(&w, 0, false);
	assert_int_equal(run(&w, 5, (struct second){.web = 300}), RUNG_SQUEEZE);
	assert_int_equal(run(&w, 60, (struct second){.web = 300, .db = 100}), RUNG_SQUEEZE);
	fake_free(&w.f);
}

TEST(while_one_rests_another_still_earns_a_hold)
{
	struct world w;

	squeeze(&w, 0, false);
	assert_int_equal(run(&w, 20, (struct second){.web = 300}), RUNG_CALM);
	assert_int_equal(run(&w, 5, (struct second){.web = 300}), RUNG_CALM);
	assert_int_equal(run(&w, 2, (struct second){.web = 300, .db = 200}), RUNG_SQUEEZE);
	assert_string_equal(w.f.ladders.of[RESOURCE_CPU].reason.who, w.db->name);
	/* The one that rests does not speak for this hold. */
	assert_int_equal(run(&w, 20, (struct second){.web = 300, .db = 200}), RUNG_CALM);
	assert_string_equal(w.f.ladders.of[RESOURCE_CPU].reason.who, w.db->name);
	fake_free(&w.f);
}

TEST(where_nobody_is_held_nothing_is_judged)
{
	struct world w;

	squeeze(&w, 0, true);
	assert_int_equal(run(&w, 120, (struct second){.web = 300, .watch_only = true}),
			 RUNG_SQUEEZE);
	assert_int_equal(w.f.ladders.of[RESOURCE_CPU].steps, 1);
	fake_free(&w.f);
}

TEST(a_quota_that_somebody_wrote_over_is_not_judged)
{
	struct world w;

	squeeze(&w, 0, false);
	assert_int_equal(run(&w, 15, (struct second){.web = 300}), RUNG_SQUEEZE);
	w.hog->cgroup->parent->knobs[KNOB_CPU_MAX].now.value = KNOB_VALUE_MAX;
	assert_int_equal(run(&w, 60, (struct second){.web = 300}), RUNG_SQUEEZE);
	fake_free(&w.f);
}

TEST(a_mark_ends_with_its_pod)
{
	struct wait_look look;
	struct world w;

	squeeze(&w, 0, false);
	assert_int_equal(run(&w, 20, (struct second){.web = 300}), RUNG_CALM);
	look = (struct wait_look){.model = &w.f.model, .now_us = w.now_us};
	efficacy_expire(&w.f.ladders.of[RESOURCE_CPU].efficacy, &look);
	assert_int_equal(w.f.ladders.of[RESOURCE_CPU].efficacy.n_marks, 1);
	w.web->serial += 100;
	assert_false(efficacy_rests(&w.f.ladders.of[RESOURCE_CPU].efficacy, w.web, w.now_us, NULL));
	efficacy_expire(&w.f.ladders.of[RESOURCE_CPU].efficacy, &look);
	assert_int_equal(w.f.ladders.of[RESOURCE_CPU].efficacy.n_marks, 0);
	fake_free(&w.f);
}

/* A wait about the threshold is not seen in every pass: the verdict waits for one in which it is. */
TEST(a_wait_that_flickers_is_judged_too)
{
	struct world w;
	int seconds = 0;

	world_init(&w);
	assert_int_equal(run(&w, 2, (struct second){.web = 50}), RUNG_SQUEEZE);
	while (w.f.ladders.of[RESOURCE_CPU].rung == RUNG_SQUEEZE && seconds < 60) {
		(void)run(&w, 1, (struct second){.web = seconds % 4 < 2 ? 56 : 38});
		seconds++;
	}
	assert_in_range(seconds, 20, 24);
	assert_int_equal(w.f.ladders.of[RESOURCE_CPU].reason.code, REASON_INEFFECTIVE);
	fake_free(&w.f);
}

#define CROWD (EFFICACY_TRIAL + 4)

/* More pods than it has room for: those that are not remembered keep the hold. */
TEST(a_crowd_that_waits_is_never_judged_by_a_part_of_it)
{
	struct pod *pods[CROWD];
	struct world w;
	char path[64];

	world_init(&w);
	for (int i = 0; i < CROWD; i++) {
		(void)snprintf(path, sizeof(path), "kubepods.slice/kubepods-podn%d.slice", i);
		pods[i] = fake_pod(&w.f, path, QOS_GUARANTEED);
		fake_level(&w.f, pods[i], LEVEL_P0);
	}
	for (int s = 0; s < 60; s++) {
		for (int i = 0; i < CROWD; i++)
			fake_sample(&w.f, pods[i], w.now_us + SECOND, 0, (uint64_t)s * SECOND / 5);
		(void)run(&w, 1, (struct second){.web = 300});
	}
	assert_int_equal(w.f.ladders.of[RESOURCE_CPU].rung, RUNG_SQUEEZE);
	assert_int_equal(w.f.ladders.of[RESOURCE_CPU].steps, 1);
	fake_free(&w.f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_hold_that_changes_nothing_is_undone_after_two_windows_and_not_tried_for_five_minutes),
		cmocka_unit_test(one_that_takes_a_fifth_of_the_wait_away_stays),
		cmocka_unit_test(what_is_usual_is_no_part_of_what_it_is_judged_by),
		cmocka_unit_test(what_was_waited_before_is_the_whole_window_of_the_rule),
		cmocka_unit_test(help_that_comes_in_the_second_window_is_help),
		cmocka_unit_test(one_that_has_helped_is_not_judged_again),
		cmocka_unit_test(one_that_helps_one_of_two_stays),
		cmocka_unit_test(one_that_helps_neither_of_two_is_undone_and_both_rest),
		cmocka_unit_test(a_pod_that_began_to_wait_later_keeps_the_hold),
		cmocka_unit_test(while_one_rests_another_still_earns_a_hold),
		cmocka_unit_test(where_nobody_is_held_nothing_is_judged),
		cmocka_unit_test(a_quota_that_somebody_wrote_over_is_not_judged),
		cmocka_unit_test(a_mark_ends_with_its_pod),
		cmocka_unit_test(a_wait_that_flickers_is_judged_too),
		cmocka_unit_test(a_crowd_that_waits_is_never_judged_by_a_part_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
