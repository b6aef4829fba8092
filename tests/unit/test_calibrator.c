// SPDX-License-Identifier: LGPL-2.1-or-later
// Whole passes over a fake tree in which a batch pod never rests: when it is held, for how long, and what comes of it.
#include "agent/calibrator.h"

#include <stdio.h>
#include <string.h>

#include "agent/baseline_store.h"
#include "agent/tick.h"
#include "policy/baseline.h"
#include "policy/score.h"
#include "tests/lib/test.h"
#include "tests/lib/tick_case.h"

#define S_US INT64_C(1000000)

static struct tick_case t;
static int64_t now_us;
static uint64_t online_us, waited_us, hog_us;

static void policy(const char *mode, const char *calibrate)
{
	char text[512];

	(void)snprintf(text, sizeof(text),
		       "version: 1\nmode: %s\nfacts: {from: \"file:///pods.json\"}\n"
		       "score: {calibrate: %s}\n"
		       "assign:\n  - {match: {cgroup: \"*/job-*\"}, level: P7}\n",
		       mode, calibrate);
	assert_int_equal(tree_write(t.dir, "etc/colod/policy.d/90-test.yaml", text), 0);
}

static int setup(void **state)
{
	(void)state;
	online_us = waited_us = hog_us = 0;
	now_us = 100 * S_US;
	return tick_case_open(&t);
}

static int teardown(void **state)
{
	(void)state;
	tick_case_close(&t);
	return 0;
}

static void start(const char *mode, const char *calibrate)
{
	tick_case_start(&t, mode, MODE_FULL);
	policy(mode, calibrate);
	assert_int_equal(state_load_policy(t.state), 0);
	tick_begin(t.state, now_us);
}

static void put(const char *pod, uint64_t used_us, uint64_t stalled_us)
{
	char path[256], text[256];

	(void)snprintf(path, sizeof(path), "sys/fs/cgroup/%s/cpu.stat", pod);
	(void)snprintf(text, sizeof(text), "usage_usec %llu\n", (unsigned long long)used_us);
	assert_int_equal(tree_write(t.dir, path, text), 0);
	(void)snprintf(path, sizeof(path), "sys/fs/cgroup/%s/cpu.pressure", pod);
	(void)snprintf(text, sizeof(text),
		       "some avg10=0.00 avg60=0.00 avg300=0.00 total=%llu\n"
		       "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
		       (unsigned long long)stalled_us);
	assert_int_equal(tree_write(t.dir, path, text), 0);
}

/* The highest cgroup with offline pods alone is the BestEffort class. */
static bool is_held(void)
{
	char got[128];

	assert_int_equal(tree_knob_read(t.dir, TICK_BE, "cpu.max", got, sizeof(got)), 0);
	return strncmp(got, "max", 3) != 0;
}

/* A held hog leaves the online pod alone. Returns in how many of the seconds it was held. */
static int seconds(int n)
{
	int held = 0;

	while (n-- > 0) {
		bool is = is_held();

		now_us += S_US;
		held += is;
		online_us += 300000;
		waited_us += is ? 10000 : 400000;
		hog_us += is ? 500000 : 3000000;
		put(TICK_ONLINE_POD, online_us, waited_us);
		put(TICK_HOG_POD, hog_us, 0);
		tick(t.state, now_us);
	}
	return held;
}

static const struct pod *pod(const char *name)
{
	const struct model *m = discover_model(t.state->discover);
	size_t i = 0;

	while (strcmp(m->pods[i]->name, name) != 0)
		i++;
	return m->pods[i];
}

static const struct score_value *cpu_of_web(void)
{
	return &score_of(&t.state->scores, pod("shop/web"))->by[RESOURCE_CPU];
}

TEST(a_second_in_two_hundred_shows_what_is_usual_and_who_it_is)
{
	struct history_record r;

	start("squeeze", "true");
	assert_int_equal(seconds(199), 0);
	assert_int_equal(cpu_of_web()->state, SCORE_LEARNING);
	assert_int_equal(seconds(4), 1);
	assert_false(is_held());
	assert_int_equal(tick_case_told(&t, HISTORY_CALIBRATE, &r), 1);
	assert_string_equal(r.what, TICK_ONLINE_POD);
	assert_string_equal(r.from, "40 %");
	assert_string_equal(r.to, "1 %");
	assert_string_equal(r.why, "in a second in which offline work kept to its floor it waited "
				   "1 % of the time for CPU, 40 % in the 10 s before");
	assert_string_equal(r.numbers, "without_permille=10,before_permille=400,held_us=1000000");
	/* no less than seven more */
	assert_int_equal(seconds(1390), 6);
	assert_int_not_equal(cpu_of_web()->baseline.basis, SCORE_BASIS_HELD);
	assert_int_equal(seconds(10), 1);
	assert_int_equal(cpu_of_web()->baseline.basis, SCORE_BASIS_HELD);
	assert_int_equal(cpu_of_web()->baseline.median_permille, 10);
	assert_int_equal(cpu_of_web()->state, SCORE_NO_BASELINE);
	assert_in_range(cpu_of_web()->excess_permille, 300, 400);
	assert_int_equal(t.state->culprit_trials.list[0].verdict, CULPRIT_CONFIRMED);
	assert_string_equal(t.state->culprit_trials.list[0].who.name, "jobs/hog");
	assert_true(t.state->culprit_trials.list[0].calibrated);
	/* and none for an hour */
	assert_int_equal(seconds(600), 0);
	assert_int_equal(t.state->calibration.why, CALIBRATE_NO_NEED);
	assert_int_equal(t.state->calibration.held_us, 8 * S_US);
}

TEST(nothing_is_held_unless_it_is_asked_for)
{
	start("squeeze", "false");
	assert_int_equal(seconds(450), 0);
}

TEST(nor_in_a_mode_that_does_not_hold)
{
	start("protect", "true");
	assert_int_equal(seconds(450), 0);
	assert_int_equal(t.state->calibration.why, CALIBRATE_NO_MODE);
}

TEST(nor_while_an_order_is_in_force)
{
	start("squeeze", "true");
	assert_int_equal(seconds(198), 0);
	t.state->manual.n = 1;
	t.state->manual.orders[0] = (struct manual_order){
		.slot = pod("jobs/hog")->slot,
		.serial = pod("jobs/hog")->serial,
		.kind = MANUAL_SQUEEZE,
		.level = LEVEL_NONE,
		.until_us = INT64_MAX,
	};
	assert_int_equal(seconds(100), 0);
	assert_int_equal(t.state->calibration.why, CALIBRATE_BUSY);
}

TEST(nor_while_somebody_is_evicted_or_was_a_moment_ago)
{
	struct status_evict *e;

	start("squeeze", "true");
	e = &t.state->status.evict;
	assert_int_equal(seconds(198), 0);
	e->pending = 1;
	assert_int_equal(seconds(20), 0);
	assert_int_equal(t.state->calibration.why, CALIBRATE_BUSY);
	e->pending = 0;
	e->cool_until_us = now_us + 20 * S_US;
	assert_int_equal(seconds(19), 0);
	assert_int_equal(t.state->calibration.why, CALIBRATE_BUSY);
	assert_int_equal(seconds(4), 1);
}

TEST(nor_for_a_minute_after_a_kill)
{
	start("squeeze", "true");
	assert_int_equal(seconds(198), 0);
	t.state->status.kills++;
	assert_int_equal(seconds(59), 0);
	assert_int_equal(t.state->calibration.why, CALIBRATE_BUSY);
	assert_int_equal(seconds(5), 1);
}

/* The kernel has no quotas: whoever was to be held is not, and that is no second of a hold. */
TEST(where_the_plan_holds_nobody_there_was_none)
{
	start("squeeze", "true");
	for (int i = 0; i < 230; i++) {
		discover_model(t.state->discover)->capabilities &= ~(1u << CAPABILITY_CPU_MAX);
		assert_int_equal(seconds(1), 0);
		assert_int_equal(t.state->calibration.began_us, 0);
	}
	assert_int_equal(t.state->calibration.n, 0);
	assert_true(t.state->calibration.rest_until_us > now_us + 160 * S_US);
}

TEST(a_lower_mode_ends_it_at_once_and_nothing_is_learned)
{
	struct history_record r;

	start("squeeze", "true");
	while (!is_held())
		assert_int_equal(seconds(1), 0);
	policy("protect", "true");
	assert_int_equal(state_load_policy(t.state), 0);
	now_us += S_US / 10;
	tick(t.state, now_us);
	assert_false(is_held());
	assert_int_equal(t.state->calibration.began_us, 0);
	assert_int_equal(tick_case_told(&t, HISTORY_CALIBRATE, &r), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_second_in_two_hundred_shows_what_is_usual_and_who_it_is),
		T(nothing_is_held_unless_it_is_asked_for),
		T(nor_in_a_mode_that_does_not_hold),
		T(nor_while_an_order_is_in_force),
		T(nor_while_somebody_is_evicted_or_was_a_moment_ago),
		T(nor_for_a_minute_after_a_kill),
		T(where_the_plan_holds_nobody_there_was_none),
		T(a_lower_mode_ends_it_at_once_and_nothing_is_learned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
