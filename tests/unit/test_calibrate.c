// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/calibrate.h"

#include <string.h>

#include "tests/lib/calm_case.h"
#include "tests/lib/test.h"

#define S 1000000

static struct calm_case c;
static struct calibration cal;
static struct pod_score list[8];
static const struct scores scores = {.pods = list, .n_slots = 8};
static struct calibrate_result results[CALIBRATE_PODS];
static const struct calm_second busy = {
	.web_cpu = 300000, .batch_cpu = 900000, .web_stalled = 300000};
static const struct calm_second held = {.web_cpu = 300000, .batch_cpu = 1000, .web_stalled = 20000};

static int make(void **state)
{
	(void)state;
	calm_case_open(&c);
	memset(&cal, 0, sizeof(cal));
	memset(list, 0, sizeof(list));
	list[c.web->slot].by[RESOURCE_CPU] =
		(struct score_value){.state = SCORE_LEARNING, .stalled_permille = 300};
	return 0;
}

static int drop(void **state)
{
	(void)state;
	calm_case_close(&c);
	return 0;
}

static struct calibrate_look look(void)
{
	return (struct calibrate_look){
		.calm = calm_case_look(&c),
		.scores = &scores,
		.asked = true,
	};
}

static enum calibrate_why why(void)
{
	struct calibrate_look l = look();

	return calibrate_why(&cal, &l);
}

static void begin(void)
{
	struct calibrate_look l = look();

	assert_int_equal(why(), CALIBRATE_DUE);
	calibrate_begin(&cal, &l);
}

static bool must_end(void)
{
	struct calibrate_look l = look();

	return calibrate_must_end(&cal, &l);
}

static uint32_t end(void)
{
	struct calibrate_look l = look();

	return calibrate_end(&cal, &l, results);
}

TEST(a_second_without_offline_work_shows_what_is_waited_without_it)
{
	calm_case_run(&c, 21, &busy);
	assert_false(must_end());
	begin();
	assert_false(must_end());
	assert_int_equal(cal.n_pods, 1);
	calm_case_run(&c, 1, &held);
	assert_true(must_end());
	assert_int_equal(end(), 1);
	assert_int_equal(results[0].serial, c.web->serial);
	assert_true(results[0].valid[RESOURCE_CPU]);
	assert_int_equal(results[0].before_permille[RESOURCE_CPU], 300);
	assert_int_equal(results[0].without_permille[RESOURCE_CPU], 20);
}

TEST(it_is_held_for_half_a_percent_of_the_time_and_less)
{
	int64_t first_us, held_us = 0;

	calm_case_run(&c, 21, &busy);
	first_us = c.now_us;
	for (int i = 0; i < 2000; i++) {
		if (cal.began_us == 0 && why() == CALIBRATE_DUE) {
			begin();
			/* one pass comes late */
			calm_case_run(&c, cal.n == 3 ? 3 : 1, &held);
			held_us += cal.n == 3 ? 3 * S : S;
			(void)end();
		} else {
			calm_case_run(&c, 1, &busy);
		}
	}
	assert_true(cal.n >= 8);
	assert_true(cal.held_us == (uint64_t)held_us);
	/* the last one has its rest still before it */
	assert_true((held_us - S) * CALIBRATE_PARTS <= c.now_us - first_us);
}

TEST(what_stands_in_its_way)
{
	struct calibrate_look l;

	calm_case_run(&c, 21, &busy);
	l = look();
	l.asked = false;
	assert_int_equal(calibrate_why(&cal, &l), CALIBRATE_NOT_ASKED);
	list[c.web->slot].by[RESOURCE_CPU].state = SCORE_BASELINE;
	assert_int_equal(why(), CALIBRATE_NO_NEED);
	list[c.web->slot].by[RESOURCE_CPU].state = SCORE_NO_BASELINE;
	assert_int_equal(why(), CALIBRATE_DUE);
	list[c.web->slot].by[RESOURCE_CPU].stalled_permille = 0;
	assert_int_equal(why(), CALIBRATE_NO_NEED);
	list[c.web->slot].by[RESOURCE_CPU].stalled_permille = 300;
	c.f.ladders.of[RESOURCE_CPU].rung = RUNG_SQUEEZE;
	assert_int_equal(why(), CALIBRATE_RUNG);
	c.f.ladders.of[RESOURCE_CPU].rung = RUNG_CALM;
	calm_case_run(&c, 25, &held);
	assert_int_equal(why(), CALIBRATE_CALM);
}

TEST(a_hold_that_a_rung_or_the_policy_cuts_short_shows_nothing)
{
	struct calibrate_look l;

	calm_case_run(&c, 21, &busy);
	begin();
	c.f.ladders.of[RESOURCE_CPU].rung = RUNG_SQUEEZE;
	assert_true(must_end());
	calm_case_run(&c, 1, &held);
	assert_int_equal(end(), 0);
	assert_true(cal.began_us == 0 && cal.rest_until_us == c.now_us + 199 * (int64_t)S);
	c.f.ladders.of[RESOURCE_CPU].rung = RUNG_CALM;
	calm_case_run(&c, 200, &busy);
	begin();
	l = look();
	l.asked = false;
	assert_true(calibrate_must_end(&cal, &l));
	assert_int_equal(end(), 0);
	assert_int_equal(end(), 0);
}

TEST(without_a_sample_of_it_it_shows_nothing)
{
	calm_case_run(&c, 21, &busy);
	begin();
	c.now_us += S;
	assert_true(must_end());
	assert_int_equal(end(), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_second_without_offline_work_shows_what_is_waited_without_it),
		T(it_is_held_for_half_a_percent_of_the_time_and_less),
		T(what_stands_in_its_way),
		T(a_hold_that_a_rung_or_the_policy_cuts_short_shows_nothing),
		T(without_a_sample_of_it_it_shows_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
