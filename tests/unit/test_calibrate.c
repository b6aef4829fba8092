// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/calibrate.h"

#include <string.h>

#include "policy/culprit_trial.h"
#include "policy/decide.h"
#include "tests/lib/calm_case.h"
#include "tests/lib/test.h"

#define S 1000000

static struct calm_case c;
static struct calibration cal;
static struct pod_score list[8];
static const struct scores scores = {.pods = list, .n_slots = 8};
static struct score_value *cpu; /* of web */
static struct culprit_trials trials;
static struct calibrate_result results[CALIBRATE_PODS];
static const struct calm_second busy = {
	.web_cpu = 300000, .batch_cpu = 2500000, .web_stalled = 300000};
static const struct calm_second held = {
	.web_cpu = 300000, .batch_cpu = 500000, .web_stalled = 20000};

static int make(void **state)
{
	(void)state;
	calm_case_open(&c);
	memset(&cal, 0, sizeof(cal));
	memset(list, 0, sizeof(list));
	memset(&trials, 0, sizeof(trials));
	c.f.policy.score.calibrate = true;
	cpu = &list[c.web->slot].by[RESOURCE_CPU];
	*cpu = (struct score_value){.state = SCORE_LEARNING,
				    .stalled_permille = 300,
				    .baseline = {.load_over_milli = 256, .load_to_milli = 512}};
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
		.policy = &c.f.policy,
		.may_hold = true,
	};
}

static enum calibrate_why why(void)
{
	struct calibrate_look l = look();

	return calibrate_why(&cal, &l);
}

/* As it is decided and written: batch has a quota at its floor. */
static void begin(void)
{
	struct calibrate_look l = look();

	assert_int_equal(why(), CALIBRATE_DUE);
	calibrate_begin(&cal, &l);
	fake_own(c.batch->cgroup, KNOB_CPU_MAX, KNOB_VALUE_MAX, 25000);
	c.batch->cgroup->knobs[KNOB_CPU_MAX].held = true;
}

static bool must_end(void)
{
	struct calibrate_look l = look();

	return calibrate_must_end(&cal, &l);
}

static uint32_t end(void)
{
	struct calibrate_look l = look();
	uint32_t n = calibrate_end(&cal, &l, results);

	c.batch->cgroup->knobs[KNOB_CPU_MAX].owned = false;
	return n;
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
	assert_int_equal(results[0].load_milli, 512);
	assert_int_equal(results[0].before_permille, 300);
	assert_int_equal(results[0].without_permille, 20);
}

TEST(it_is_held_for_half_a_percent_of_the_time_and_less)
{
	int64_t first_us, held_us = 0;

	calm_case_run(&c, 21, &busy);
	first_us = c.now_us;
	for (int i = 0; i < 3600; i++) {
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
	assert_true(cal.n >= 16);
	assert_true(cal.held_us == (uint64_t)held_us);
	/* the last one has its rest still before it */
	assert_true((held_us - S) * CALIBRATE_PARTS <= c.now_us - first_us);
}

TEST(what_stands_in_its_way)
{
	struct calibrate_look l;

	calm_case_run(&c, 21, &busy);
	c.f.policy.score.calibrate = false;
	assert_int_equal(why(), CALIBRATE_NOT_ASKED);
	c.f.policy.score.calibrate = true;
	l = look();
	l.may_hold = false;
	assert_int_equal(calibrate_why(&cal, &l), CALIBRATE_NO_MODE);
	l = look();
	l.busy = true;
	assert_int_equal(calibrate_why(&cal, &l), CALIBRATE_BUSY);
	assert_int_equal(why(), CALIBRATE_DUE);
	c.f.ladders.of[RESOURCE_IO].rung = RUNG_SQUEEZE;
	assert_int_equal(why(), CALIBRATE_RUNG);
	c.f.ladders.of[RESOURCE_IO].rung = RUNG_CALM;
	calibrate_rest(&cal, c.now_us);
	assert_int_equal(why(), CALIBRATE_SOON);
	calm_case_run(&c, 198, &busy);
	assert_int_equal(why(), CALIBRATE_SOON);
	calm_case_run(&c, 1, &busy);
	assert_int_equal(why(), CALIBRATE_DUE);
	calm_case_run(&c, 25, &(struct calm_second){.web_cpu = 300000, .web_stalled = 300000});
	assert_int_equal(why(), CALIBRATE_CALM);
}

TEST(only_who_waits_for_cpu_and_has_no_baseline_needs_it)
{
	calm_case_run(&c, 21, &busy);
	cpu->state = SCORE_BASELINE;
	assert_int_equal(why(), CALIBRATE_NO_NEED);
	cpu->state = SCORE_NO_BASELINE;
	assert_int_equal(why(), CALIBRATE_DUE);
	cpu->stalled_permille = 0;
	list[c.web->slot].by[RESOURCE_MEMORY] = (struct score_value){
		.state = SCORE_LEARNING, .stalled_permille = 300, .baseline.load_to_milli = 512};
	assert_int_equal(why(), CALIBRATE_NO_NEED);
	cpu->stalled_permille = 300;
	cpu->baseline.load_to_milli = 0;
	assert_int_equal(why(), CALIBRATE_NO_NEED);
	cpu->baseline.load_to_milli = 512;
	/* an hour later it is looked at again */
	cpu->baseline.basis = SCORE_BASIS_HELD;
	cpu->baseline.age_us = CALIBRATE_AGAIN_US - 1;
	assert_int_equal(why(), CALIBRATE_NO_NEED);
	cpu->baseline.age_us = CALIBRATE_AGAIN_US;
	assert_int_equal(why(), CALIBRATE_DUE);
}

TEST(a_hold_that_would_take_less_than_half_of_what_is_used_is_none)
{
	const struct calm_second little = {
		.web_cpu = 300000, .batch_cpu = 1900000, .web_stalled = 300000};

	/* the floor is a CPU of the four */
	calm_case_run(&c, 21, &little);
	assert_int_equal(why(), CALIBRATE_LITTLE);
	calm_case_run(&c, 3, &busy);
	assert_int_equal(why(), CALIBRATE_DUE);
	c.f.policy.levels[LEVEL_P7].cpu.squeeze = false;
	assert_int_equal(why(), CALIBRATE_LITTLE);
	c.f.policy.levels[LEVEL_P7].cpu.squeeze = true;
	fake_waiting(&c.f, c.batch);
	assert_int_equal(why(), CALIBRATE_LITTLE);
}

/* Another one's work, whom no hold may meet: web would wait for that in the held second, too. */
TEST(what_nobody_may_hold_counts_as_what_is_left)
{
	struct pod *other = fake_pod(
		&c.f, "kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod3.slice",
		QOS_BESTEFFORT);

	fake_level(&c.f, other, LEVEL_P7);
	c.f.plan.assignments[other->slot].may_hold = false;
	calm_case_run(&c, 21, &busy);
	/* Of it nothing is known. */
	assert_int_equal(why(), CALIBRATE_CALM);
	for (int i = -3; i <= 0; i++)
		fake_sample(&c.f, other, c.now_us + i * S, (uint64_t)(i + 3) * 200000, 0);
	assert_int_equal(why(), CALIBRATE_DUE);
	for (int i = 1; i <= 4; i++) {
		calm_case_run(&c, 1, &busy);
		fake_sample(&c.f, other, c.now_us, 600000 + (uint64_t)i * 1000000, 0);
	}
	assert_int_equal(why(), CALIBRATE_LITTLE);
}

/* With its neighbours gone it runs into its own limit: nobody makes it wait for that. */
TEST(a_pod_that_meets_its_own_limit_in_it_has_shown_nothing)
{
	struct calm_second throttled = held;

	throttled.throttled = true;
	calm_case_run(&c, 21, &busy);
	begin();
	calm_case_run(&c, 1, &throttled);
	assert_int_equal(end(), 0);
}

/* What was waited since would count as waited in it. */
TEST(it_begins_with_a_sample_and_not_after_it)
{
	calm_case_run(&c, 21, &busy);
	assert_int_equal(why(), CALIBRATE_DUE);
	c.now_us += 150000;
	assert_int_equal(why(), CALIBRATE_CALM);
}

/* A machine that slept in it was not held for as long. */
TEST(a_night_in_it_costs_no_month)
{
	calm_case_run(&c, 21, &busy);
	begin();
	c.now_us += 8 * 3600 * (int64_t)S;
	assert_int_equal(end(), 0);
	assert_true(cal.held_us == CALIBRATE_LATE_US);
	assert_true(cal.rest_until_us - c.now_us <= 4 * 3600 * (int64_t)S);
}

TEST(half_a_second_shows_nothing)
{
	calm_case_run(&c, 21, &busy);
	begin();
	c.now_us += S / 2;
	fake_sample_throttled(&c.f, c.web, c.now_us, c.web_total.cpu_usage_us,
			      c.web_total.psi[RESOURCE_CPU].some_us, c.web_total.cpu_periods,
			      c.web_total.cpu_throttled);
	assert_int_equal(end(), 0);
}

TEST(each_quota_that_was_decided_has_to_stand)
{
	struct plan_entry of_web = {.cgroup = c.web->cgroup,
				    .knob = KNOB_CPU_MAX,
				    .effect = EFFECT_HOLD,
				    .reason = {.code = REASON_CALIBRATE}};

	calm_case_run(&c, 21, &busy);
	begin();
	assert_int_equal(plan_add(&c.f.plan, &of_web), 0);
	calm_case_run(&c, 1, &held);
	assert_int_equal(end(), 0);
}

TEST(a_hold_that_was_not_in_force_or_lasted_too_long_shows_nothing)
{
	calm_case_run(&c, 21, &busy);
	begin();
	assert_int_equal(calibrate_next_us(&cal), c.now_us + S);
	calm_case_run(&c, 1, &held);
	/* somebody else wrote */
	c.batch->cgroup->knobs[KNOB_CPU_MAX].now.value = 90000;
	assert_int_equal(end(), 0);
	assert_true(calibrate_next_us(&cal) == INT64_MAX);
	calm_case_run(&c, 200, &busy);
	begin();
	calm_case_run(&c, 1, &held);
	c.batch->cgroup->knobs[KNOB_CPU_MAX].owned = false;
	assert_int_equal(end(), 0);
	calm_case_run(&c, 200, &busy);
	begin();
	calm_case_run(&c, 3, &held);
	assert_int_equal(end(), 0);
	calm_case_run(&c, 600, &busy);
	begin();
	calm_case_run(&c, 2, &held);
	assert_int_equal(end(), 1);
}

static size_t judged(uint32_t before, struct score_baseline usual)
{
	struct calibrate_result result = {.serial = c.web->serial, .before_permille = before};
	struct calibrate_look l = look();
	size_t at = 0, n = 0;

	memset(&trials, 0, sizeof(trials));
	calibrate_judge(&trials, &l, &result, &usual, cal.began_us);
	while (culprit_trial_next(&trials, c.web, RESOURCE_CPU, c.now_us, &at))
		n++;
	return n;
}

TEST(offline_work_is_confirmed_by_all_the_seconds_without_it_together)
{
	const struct score_baseline usual = {
		.basis = SCORE_BASIS_HELD, .median_permille = 20, .sigma_permille = 10};
	struct score_baseline estimate = usual;

	calm_case_run(&c, 21, &busy);
	begin();
	calm_case_run(&c, 1, &held);
	assert_int_equal(judged(51, usual), 1);
	assert_int_equal(trials.list[0].verdict, CULPRIT_CONFIRMED);
	assert_int_equal(trials.list[0].suspect, c.batch->serial);
	assert_int_equal(trials.list[0].before_permille, 51);
	assert_int_equal(trials.list[0].after_permille, 20);
	assert_int_equal(trials.list[0].lost_permille, 800);
	assert_int_equal(trials.list[0].others, 0);
	assert_true(trials.list[0].calibrated);
	/* neither more than in any second without it, nor as usual */
	assert_int_equal(judged(50, usual), 0);
	assert_int_equal(judged(21, usual), 0);
	assert_int_equal(judged(20, usual), 1);
	assert_int_equal(trials.list[0].verdict, CULPRIT_NO_EFFECT);
	estimate.basis = SCORE_BASIS_ESTIMATE;
	assert_int_equal(judged(300, estimate), 0);
}

TEST(who_lost_nothing_by_it_is_neither_confirmed_nor_cleared)
{
	const struct score_baseline usual = {
		.basis = SCORE_BASIS_HELD, .median_permille = 20, .sigma_permille = 10};

	calm_case_run(&c, 21, &busy);
	begin();
	calm_case_run(&c, 1, &busy);
	assert_int_equal(judged(300, usual), 0);
	c.batch->cgroup->knobs[KNOB_CPU_MAX].owned = false;
	calm_case_run(&c, 1, &held);
	assert_int_equal(judged(300, usual), 0);
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
	l.busy = true;
	assert_true(calibrate_must_end(&cal, &l));
	l = look();
	l.may_hold = false;
	assert_true(calibrate_must_end(&cal, &l));
	c.f.policy.score.calibrate = false;
	assert_true(must_end());
	calm_case_run(&c, 1, &held);
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
		T(only_who_waits_for_cpu_and_has_no_baseline_needs_it),
		T(a_hold_that_would_take_less_than_half_of_what_is_used_is_none),
		T(what_nobody_may_hold_counts_as_what_is_left),
		T(a_pod_that_meets_its_own_limit_in_it_has_shown_nothing),
		T(it_begins_with_a_sample_and_not_after_it),
		T(a_night_in_it_costs_no_month),
		T(half_a_second_shows_nothing),
		T(each_quota_that_was_decided_has_to_stand),
		T(a_hold_that_was_not_in_force_or_lasted_too_long_shows_nothing),
		T(offline_work_is_confirmed_by_all_the_seconds_without_it_together),
		T(who_lost_nothing_by_it_is_neither_confirmed_nor_cleared),
		T(a_hold_that_a_rung_or_the_policy_cuts_short_shows_nothing),
		T(without_a_sample_of_it_it_shows_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
