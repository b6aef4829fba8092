// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "policy/floor.h"
#include "tests/lib/floor_case.h"

/* Less than half of 3.84 %, and it waits all the time. */
static void starve(struct floor_case *c)
{
	c->gets_ppm[0] = 10000;
	c->waits_permille[0] = 980;
}

TEST(what_starves_for_two_seconds_weighs_twice_as_much_and_not_before)
{
	struct floor_case c;
	const struct plan_entry *e;

	floor_case_init(&c);
	starve(&c);
	/* The first writes the weight, the second finds it there: what follows is measured. */
	for (int s = 0; s < 3; s++) {
		floor_case_second(&c);
		assert_int_equal(floor_case_weight(&c, BESTEFFORT), 50);
		assert_int_equal(c.floor.starved, 0);
	}
	floor_case_second(&c);
	assert_int_equal(floor_case_weight(&c, BESTEFFORT), 100);
	assert_int_equal(c.floor.starved, 1);
	assert_int_equal(c.floor.raises, 1);
	e = decide_entry(&c.f, BESTEFFORT, KNOB_CPU_WEIGHT);
	assert_int_equal(e->effect, EFFECT_SHARE);
	assert_int_equal(e->reason.code, REASON_FLOOR_RAISED);
	assert_int_equal(e->reason.observed, 10000);
	assert_int_equal(e->reason.limit, 38461);
	assert_int_equal(e->reason.for_us, 2000000);
	assert_int_equal(e->reason.extra, 50);
	assert_string_equal(e->reason.who, c.pods[0]->name);
	floor_case_free(&c);
}

TEST(each_step_stands_for_two_seconds_and_the_last_is_one_in_twenty)
{
	struct floor_case c;

	floor_case_init(&c);
	starve(&c);
	floor_case_seconds(&c, 6);
	assert_int_equal(floor_case_weight(&c, BESTEFFORT), 100);
	floor_case_second(&c);
	assert_int_equal(floor_case_weight(&c, BESTEFFORT), 125);
	floor_case_seconds(&c, 60);
	assert_int_equal(floor_case_weight(&c, BESTEFFORT), 125);
	assert_int_equal(c.floor.raises, 2);
	assert_int_equal(c.floor.starved, 1);
	assert_int_equal(floor_case_branch(&c, BESTEFFORT)->state, FLOOR_STARVING);
	floor_case_free(&c);
}

TEST(it_comes_back_ten_seconds_after_it_last_starved)
{
	struct floor_case c;

	floor_case_init(&c);
	starve(&c);
	floor_case_seconds(&c, 4);
	assert_int_equal(floor_case_weight(&c, BESTEFFORT), 100);
	c.gets_ppm[0] = 900000;
	floor_case_seconds(&c, 9);
	assert_int_equal(floor_case_weight(&c, BESTEFFORT), 100);
	floor_case_second(&c);
	assert_int_equal(floor_case_weight(&c, BESTEFFORT), 50);
	assert_int_equal(decide_entry(&c.f, BESTEFFORT, KNOB_CPU_WEIGHT)->reason.code,
			 REASON_YIELD_RATIO);
	assert_int_equal(c.floor.raises, 1);
	floor_case_free(&c);
}

/* Where 100 gives what 50 should, 50 would give half of it: the raise is needed as long as it
 * waits. At twice the weight it gets 1.5 times what it was promised: 50 would be enough. */
TEST(it_comes_back_only_where_the_normal_weight_would_be_enough)
{
	static const struct {
		uint64_t gets_ppm, waits_permille, weight;
	} cases[] = {
		{38000, 980, 100},
		{57000, 980, 100},
		{58000, 980, 50},
		{38000, 700, 50},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct floor_case c;

		floor_case_init(&c);
		starve(&c);
		floor_case_seconds(&c, 4);
		c.gets_ppm[0] = cases[i].gets_ppm;
		c.waits_permille[0] = cases[i].waits_permille;
		floor_case_seconds(&c, 60);
		assert_int_equal(floor_case_weight(&c, BESTEFFORT), cases[i].weight);
		assert_int_equal(c.floor.raises, 1);
		floor_case_free(&c);
	}
}

TEST(what_starves_again_soon_keeps_its_weight_for_twice_as_long)
{
	static const unsigned patience_s[] = {10, 20, 40};
	struct floor_case c;

	floor_case_init(&c);
	floor_case_seconds(&c, 4);
	for (size_t i = 0; i < 3; i++) {
		starve(&c);
		for (int s = 0; s < 4 && floor_case_weight(&c, BESTEFFORT) == 50; s++)
			floor_case_second(&c);
		assert_int_equal(floor_case_weight(&c, BESTEFFORT), 100);
		c.waits_permille[0] = 0;
		floor_case_seconds(&c, patience_s[i] - 1);
		assert_int_equal(floor_case_weight(&c, BESTEFFORT), 100);
		floor_case_second(&c);
		assert_int_equal(floor_case_weight(&c, BESTEFFORT), 50);
	}
	/* Long after that it is new. */
	floor_case_seconds(&c, 70);
	starve(&c);
	floor_case_seconds(&c, 4);
	c.waits_permille[0] = 0;
	floor_case_seconds(&c, 10);
	assert_int_equal(floor_case_weight(&c, BESTEFFORT), 50);
	assert_int_equal(c.floor.starved, 4);
	floor_case_free(&c);
}

/* Runs half a minute and looks that nothing was raised, and why. */
static void never(struct floor_case *c, enum floor_state state)
{
	floor_case_seconds(c, 30);
	assert_int_equal(floor_case_weight(c, BESTEFFORT), 50);
	assert_int_equal(floor_case_branch(c, BESTEFFORT)->state, state);
	assert_int_equal(c->floor.raises, 0);
	floor_case_free(c);
}

TEST(what_has_nothing_to_do_does_not_starve)
{
	struct floor_case c;

	floor_case_init(&c);
	c.waits_permille[0] = 790;
	never(&c, FLOOR_FED);
}

TEST(what_gets_half_of_its_promise_does_not_starve)
{
	struct floor_case c;

	floor_case_init(&c);
	starve(&c);
	c.gets_ppm[0] = 19231;
	never(&c, FLOOR_FED);
	/* Its neighbour's use counts: the promise is made to both. */
	floor_case_init(&c);
	starve(&c);
	c.gets_ppm[1] = 10000;
	never(&c, FLOOR_FED);
}

TEST(a_quota_on_the_branch_or_above_it_is_no_starvation)
{
	static const char *const paths[] = {BESTEFFORT, KUBE};

	for (size_t i = 0; i < 2; i++) {
		struct floor_case c;

		floor_case_init(&c);
		fake_set(fake_cgroup(&c.f, paths[i]), KNOB_CPU_MAX, 5000);
		starve(&c);
		never(&c, FLOOR_QUOTA);
	}
}

TEST(after_a_quota_it_is_measured_anew)
{
	struct floor_case c;

	floor_case_init(&c);
	starve(&c);
	fake_set(fake_cgroup(&c.f, BESTEFFORT), KNOB_CPU_MAX, 5000);
	floor_case_seconds(&c, 20);
	fake_set(fake_cgroup(&c.f, BESTEFFORT), KNOB_CPU_MAX, KNOB_VALUE_MAX);
	floor_case_second(&c);
	assert_int_equal(floor_case_weight(&c, BESTEFFORT), 50);
	floor_case_second(&c);
	assert_int_equal(floor_case_weight(&c, BESTEFFORT), 100);
	floor_case_free(&c);
}

TEST(its_own_quota_or_a_containers_is_no_starvation)
{
	struct floor_case c;

	floor_case_init(&c);
	starve(&c);
	c.throttled[0] = true;
	never(&c, FLOOR_QUOTA);
	floor_case_init(&c);
	starve(&c);
	c.throttled_inside[0] = true;
	never(&c, FLOOR_QUOTA);
}

/* One waits for its own quota, and the other one for a CPU. */
TEST(a_quota_of_one_pod_excuses_no_other)
{
	struct floor_case c;

	floor_case_init(&c);
	starve(&c);
	c.throttled[0] = true;
	c.waits_permille[1] = 980;
	floor_case_seconds(&c, 4);
	assert_int_equal(floor_case_weight(&c, BESTEFFORT), 100);
	assert_string_equal(decide_entry(&c.f, BESTEFFORT, KNOB_CPU_WEIGHT)->reason.who,
			    c.pods[1]->name);
	floor_case_free(&c);
}

TEST(what_is_not_written_is_not_judged)
{
	struct floor_case c;

	floor_case_init(&c);
	starve(&c);
	c.unwritten = true;
	floor_case_seconds(&c, 30);
	assert_int_equal(floor_case_branch(&c, BESTEFFORT)->state, FLOOR_NEW_WEIGHT);
	assert_int_equal(decide_want(&c.f, BESTEFFORT, KNOB_CPU_WEIGHT), 50);
	assert_int_equal(c.floor.raises, 0);
	floor_case_free(&c);
}

TEST(what_somebody_else_wrote_is_not_judged)
{
	struct floor_case c;

	floor_case_init(&c);
	starve(&c);
	for (int s = 0; s < 30; s++) {
		floor_case_second(&c);
		if (s % 2 == 1)
			fake_cgroup(&c.f, BESTEFFORT)->knobs[KNOB_CPU_WEIGHT].now.value = 1;
	}
	assert_int_equal(c.floor.raises, 0);
	floor_case_free(&c);
}

/* The pod that left may have used all that there was. */
TEST(a_pod_that_leaves_begins_the_measurement_anew)
{
	struct floor_case c;

	floor_case_init(&c);
	starve(&c);
	for (int i = 0; i < 3; i++)
		(void)floor_case_add(&c, (const char *const[]){O2 "a", O2 "b", O2 "c"}[i],
				     QOS_BESTEFFORT);
	floor_case_seconds(&c, 3);
	for (int i = 0; i < 3; i++) {
		floor_case_remove(&c, 2);
		floor_case_second(&c);
		assert_int_equal(floor_case_weight(&c, BESTEFFORT), 50);
	}
	floor_case_second(&c);
	assert_int_equal(floor_case_weight(&c, BESTEFFORT), 50);
	floor_case_second(&c);
	assert_int_equal(floor_case_weight(&c, BESTEFFORT), 100);
	floor_case_free(&c);
}

/* All that a new pod ever used is the most that it can have used lately. */
TEST(a_pod_that_comes_does_not_stop_the_measurement)
{
	struct floor_case c;

	floor_case_init(&c);
	starve(&c);
	floor_case_seconds(&c, 3);
	(void)floor_case_add(&c, O2 "a", QOS_BESTEFFORT);
	c.gets_ppm[2] = 2000;
	floor_case_second(&c);
	assert_int_equal(floor_case_weight(&c, BESTEFFORT), 100);
	floor_case_free(&c);

	floor_case_init(&c);
	starve(&c);
	floor_case_seconds(&c, 3);
	(void)floor_case_add(&c, O2 "a", QOS_BESTEFFORT);
	c.gets_ppm[2] = 100000;
	floor_case_second(&c);
	assert_int_equal(floor_case_weight(&c, BESTEFFORT), 50);
	floor_case_free(&c);
}

TEST(a_pod_that_is_not_measured_stops_it)
{
	struct floor_case c;
	struct pod_history *h;

	floor_case_init(&c);
	starve(&c);
	for (int s = 0; s < 20; s++) {
		floor_case_second(&c);
		h = c.f.samples.pods[c.pods[1]->slot];
		for (uint32_t i = 0; i < h->count; i++)
			h->ring[i].valid = SAMPLE_CPU;
	}
	assert_int_equal(floor_case_weight(&c, BESTEFFORT), 50);
	assert_int_equal(c.floor.raises, 0);
	floor_case_free(&c);
}

TEST(a_cgroup_made_anew_starts_anew)
{
	struct floor_case c;

	floor_case_init(&c);
	starve(&c);
	floor_case_seconds(&c, 4);
	assert_int_equal(floor_case_weight(&c, BESTEFFORT), 100);
	fake_cgroup(&c.f, BESTEFFORT)->inode = 999;
	floor_case_second(&c);
	assert_int_equal(floor_case_weight(&c, BESTEFFORT), 50);
	floor_case_free(&c);
}

TEST(after_a_gap_nothing_is_raised_and_the_counters_stay)
{
	struct floor_case c;

	floor_case_init(&c);
	starve(&c);
	floor_case_seconds(&c, 4);
	floor_reset(&c.floor);
	floor_case_second(&c);
	assert_int_equal(floor_case_weight(&c, BESTEFFORT), 50);
	assert_int_equal(c.floor.raises, 1);
	assert_int_equal(c.floor.starved, 1);
	floor_case_free(&c);
}

TEST(an_empty_plan_leaves_nothing_to_watch)
{
	struct floor_case c;
	struct plan none = {0};

	floor_case_init(&c);
	floor_case_second(&c);
	assert_int_equal(c.floor.n, 1);
	floor_step(&c.floor, &c.f.model, &c.f.samples, &none, c.now_us);
	assert_int_equal(c.floor.n, 0);
	floor_case_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_starves_for_two_seconds_weighs_twice_as_much_and_not_before),
		cmocka_unit_test(each_step_stands_for_two_seconds_and_the_last_is_one_in_twenty),
		cmocka_unit_test(it_comes_back_ten_seconds_after_it_last_starved),
		cmocka_unit_test(it_comes_back_only_where_the_normal_weight_would_be_enough),
		cmocka_unit_test(what_starves_again_soon_keeps_its_weight_for_twice_as_long),
		cmocka_unit_test(what_has_nothing_to_do_does_not_starve),
		cmocka_unit_test(what_gets_half_of_its_promise_does_not_starve),
		cmocka_unit_test(a_quota_on_the_branch_or_above_it_is_no_starvation),
		cmocka_unit_test(after_a_quota_it_is_measured_anew),
		cmocka_unit_test(its_own_quota_or_a_containers_is_no_starvation),
		cmocka_unit_test(a_quota_of_one_pod_excuses_no_other),
		cmocka_unit_test(what_is_not_written_is_not_judged),
		cmocka_unit_test(what_somebody_else_wrote_is_not_judged),
		cmocka_unit_test(a_pod_that_leaves_begins_the_measurement_anew),
		cmocka_unit_test(a_pod_that_comes_does_not_stop_the_measurement),
		cmocka_unit_test(a_pod_that_is_not_measured_stops_it),
		cmocka_unit_test(a_cgroup_made_anew_starts_anew),
		cmocka_unit_test(after_a_gap_nothing_is_raised_and_the_counters_stay),
		cmocka_unit_test(an_empty_plan_leaves_nothing_to_watch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
