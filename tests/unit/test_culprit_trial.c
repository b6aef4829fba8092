// SPDX-License-Identifier: LGPL-2.1-or-later
// What holds prove, second by second: ladder, plan, and what writing the plan does to the model.
#include "policy/culprit_trial.h"

#include <stdio.h>
#include <string.h>

#include "policy/decide.h"
#include "policy/seconds.h"
#include "tests/lib/fake.h"
#include "tests/lib/test.h"

#define S 1000000
#define HOGS 6
#define CLASS "kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod"

static struct fake f;
static struct pod *web, *hogs[HOGS];
static struct seconds seconds;
static struct culprit_trials trials;
static struct pod_score score_list[HOGS + 1];
static struct scores scores = {.pods = score_list, .n_slots = HOGS + 1};
static int64_t now_us;
static uint64_t web_us, used_us[HOGS], waited_us[HOGS], waits_us;
static bool watch_only;

static int make(void **state)
{
	(void)state;
	fake_init(&f);
	web = fake_pod(&f, "kubepods.slice/kubepods-podweb.slice", QOS_GUARANTEED);
	fake_level(&f, web, LEVEL_P0);
	for (int i = 0; i < HOGS; i++) {
		char path[128];

		(void)snprintf(path, sizeof(path), CLASS "%d.slice", i);
		hogs[i] = fake_pod(&f, path, QOS_BESTEFFORT);
		(void)snprintf(hogs[i]->name, sizeof(hogs[i]->name), "batch/hog-%d", i);
		fake_level(&f, hogs[i], LEVEL_P7);
	}
	seconds = (struct seconds){0};
	memset(&trials, 0, sizeof(trials));
	memset(score_list, 0, sizeof(score_list));
	memset(used_us, 0, sizeof(used_us));
	memset(waited_us, 0, sizeof(waited_us));
	waits_us = 990000;
	now_us = 100 * (int64_t)S;
	web_us = 0;
	watch_only = false;
	return 0;
}

static int drop(void **state)
{
	(void)state;
	seconds_free(&seconds);
	fake_free(&f);
	return 0;
}

/* web waits so much of each second, and each hog uses so many thousandths of a CPU. */
static void run(int n, uint64_t waits, const uint64_t use[HOGS])
{
	for (int i = 0; i < n; i++) {
		struct ladders before = f.ladders;
		struct culprit_trial_look look = {
			.wait = {.model = &f.model,
				 .samples = &f.samples,
				 .policy = &f.policy,
				 .plan = &f.plan,
				 .rule = &f.policy.pressure_cpu,
				 .resource = RESOURCE_CPU},
			.before = &before.of[RESOURCE_CPU].efficacy,
			.after = &f.ladders.of[RESOURCE_CPU].efficacy,
			.seconds = &seconds,
			.scores = &scores,
		};

		now_us += S;
		web_us += waits * 1000;
		fake_sample(&f, web, now_us, (uint64_t)now_us / 5, web_us);
		for (int h = 0; h < HOGS; h++) {
			used_us[h] += use[h] * 1000;
			waited_us[h] += waits_us;
			fake_sample(&f, hogs[h], now_us, used_us[h], waited_us[h]);
		}
		fake_sample_node(&f, now_us, (uint64_t)now_us * 4);
		assert_int_equal(seconds_feed(&seconds, &f.model, &f.samples, NULL, now_us), 0);
		assert_int_equal(decide_assigned(&f.model, &f.samples, &f.policy, now_us,
						 &f.ladders, &f.plan),
				 0);
		look.wait.now_us = now_us;
		culprit_trial_step(&trials, &look);
		if (!watch_only)
			(void)fake_apply(&f);
	}
}

static const struct culprit_trial *of(const struct pod *suspect)
{
	const struct culprit_trial *t;
	size_t at = 0;

	while ((t = culprit_trial_next(&trials, web, RESOURCE_CPU, now_us, &at)))
		if (t->suspect == suspect->serial)
			return t;
	return NULL;
}

static int count(void)
{
	size_t at = 0;
	int n = 0;

	while (culprit_trial_next(&trials, web, RESOURCE_CPU, now_us, &at))
		n++;
	return n;
}

static const uint64_t before[HOGS] = {3000};
static const uint64_t held[HOGS] = {300};

/* 15 s of calm, then web waits, which a hold answers. */
static void squeeze(const uint64_t use[HOGS])
{
	run(15, 0, use);
	run(2, 300, use);
	assert_int_equal(f.ladders.of[RESOURCE_CPU].rung, RUNG_SQUEEZE);
	assert_int_equal(count(), 0);
}

TEST(a_hold_that_ends_the_wait_confirms_the_one_it_took_from)
{
	squeeze(before);
	run(8, 20, held);
	assert_int_equal(count(), 0);
	run(3, 20, held);
	assert_int_equal(count(), 1);
	assert_int_equal(of(hogs[0])->verdict, CULPRIT_CONFIRMED);
	assert_int_equal(of(hogs[0])->before_permille, 300);
	assert_true(of(hogs[0])->after_permille < 80);
	assert_int_equal(of(hogs[0])->others, 0);
	assert_true(of(hogs[0])->lost_permille > 800);
	assert_string_equal(of(hogs[0])->who.name, "batch/hog-0");
}

/* It began only as web began to wait: what it used before that is not held against what it is left. */
TEST(one_that_began_just_before_the_hold_is_confirmed)
{
	static const uint64_t rests[HOGS] = {0}, left[HOGS] = {600};

	run(15, 0, rests);
	run(2, 300, before);
	assert_int_equal(f.ladders.of[RESOURCE_CPU].rung, RUNG_SQUEEZE);
	run(12, 20, left);
	assert_non_null(of(hogs[0]));
	assert_int_equal(of(hogs[0])->verdict, CULPRIT_CONFIRMED);
}

TEST(a_hold_that_changes_nothing_says_so)
{
	squeeze(before);
	run(17, 300, held);
	assert_int_equal(count(), 0);
	run(3, 300, held);
	assert_int_equal(count(), 1);
	assert_int_equal(of(hogs[0])->verdict, CULPRIT_NO_EFFECT);
	assert_int_equal(of(hogs[0])->after_permille, 300);
}

TEST(where_nothing_is_held_nothing_is_proved)
{
	watch_only = true;
	squeeze(before);
	run(30, 20, held);
	assert_int_equal(count(), 0);
}

TEST(a_hold_that_somebody_wrote_over_proves_nothing)
{
	squeeze(before);
	run(8, 20, held);
	for (size_t i = 0; i < f.model.n_cgroups; i++) {
		struct knob_state *k = &f.model.cgroups[i]->knobs[KNOB_CPU_MAX];

		if (k->held)
			k->now = k->original;
	}
	watch_only = true;
	run(10, 20, held);
	assert_true(f.ladders.of[RESOURCE_CPU].efficacy.started_us == 0);
	assert_int_equal(count(), 0);
}

/* It would have rested for 8 of 10 s anyway, in which web waits little. */
TEST(one_that_would_have_rested_anyway_is_not_confirmed)
{
	squeeze(before);
	waits_us = 150000;
	run(12, 60, held);
	assert_true(f.ladders.of[RESOURCE_CPU].efficacy.started_us == 0);
	assert_int_equal(count(), 0);
}

/* Held like the others, and idle before; or as busy as before. */
TEST(from_whom_the_hold_took_nothing_it_proves_nothing_of)
{
	static const uint64_t some[HOGS] = {3000, 0, 500};
	static const uint64_t then[HOGS] = {300, 0, 450};

	squeeze(some);
	run(12, 20, then);
	assert_non_null(of(hogs[0]));
	assert_null(of(hogs[1]));
	assert_null(of(hogs[2]));
	assert_int_equal(of(hogs[0])->others, 0);
}

TEST(those_that_were_held_together_are_told_with_how_many)
{
	static const uint64_t all[HOGS] = {600, 600, 600, 600, 600, 600};
	static const uint64_t then[HOGS] = {50, 60, 300, 70, 400, 40};

	squeeze(all);
	run(12, 20, then);
	assert_int_equal(count(), CULPRIT_TRIALS_EACH);
	/* those that lost most */
	assert_null(of(hogs[2]));
	assert_null(of(hogs[4]));
	assert_int_equal(of(hogs[5])->others, 5);
}

TEST(a_change_as_there_is_one_always_proves_nothing)
{
	score_list[web->slot].by[RESOURCE_CPU].baseline.sigma_permille = 90;
	squeeze(before);
	run(15, 40, held);
	assert_int_equal(count(), 0);
}

TEST(the_next_trial_of_the_same_two_takes_the_place_of_the_last)
{
	squeeze(before);
	run(12, 20, held);
	run(60, 0, before);
	assert_int_equal(f.ladders.of[RESOURCE_CPU].rung, RUNG_CALM);
	run(2, 300, before);
	run(12, 100, held);
	assert_int_equal(count(), 1);
	assert_true(of(hogs[0])->after_permille >= 100);
	assert_true(now_us - of(hogs[0])->at_us <= 3 * S);
	now_us += CULPRITS_KEPT_US + 3 * S;
	assert_int_equal(count(), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_hold_that_ends_the_wait_confirms_the_one_it_took_from),
		T(one_that_began_just_before_the_hold_is_confirmed),
		T(a_hold_that_changes_nothing_says_so),
		T(where_nothing_is_held_nothing_is_proved),
		T(a_hold_that_somebody_wrote_over_proves_nothing),
		T(one_that_would_have_rested_anyway_is_not_confirmed),
		T(from_whom_the_hold_took_nothing_it_proves_nothing_of),
		T(those_that_were_held_together_are_told_with_how_many),
		T(a_change_as_there_is_one_always_proves_nothing),
		T(the_next_trial_of_the_same_two_takes_the_place_of_the_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
