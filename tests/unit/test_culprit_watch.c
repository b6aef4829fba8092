// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/culprit_watch.h"

#include <stdio.h>

#include "policy/seconds.h"
#include "tests/lib/fake.h"
#include "tests/lib/test.h"

#define S 1000000
#define PODS 4

static struct fake f;
static struct pod *web, *hog, *other, *db;
static struct seconds seconds;
static struct pod_score list[PODS];
static const struct scores scores = {.pods = list, .n_slots = PODS};
static struct culprit_watch watch;
static struct culprit_watch_look look;
static uint64_t used_us[PODS], stalled_us[PODS];

static int make(void **state)
{
	(void)state;
	fake_init(&f);
	web = fake_pod(&f, "kubepods.slice/kubepods-pod0.slice", QOS_GUARANTEED);
	hog = fake_pod(&f,
		       "kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod1.slice",
		       QOS_BESTEFFORT);
	other = fake_pod(&f,
			 "kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod2.slice",
			 QOS_BESTEFFORT);
	db = fake_pod(&f, "kubepods.slice/kubepods-pod3.slice", QOS_GUARANTEED);
	(void)snprintf(hog->name, sizeof(hog->name), "batch/hog");
	(void)snprintf(db->name, sizeof(db->name), "default/db");
	fake_level(&f, web, LEVEL_P0);
	fake_level(&f, hog, LEVEL_P7);
	fake_level(&f, other, LEVEL_P7);
	fake_level(&f, db, LEVEL_P0);
	seconds = (struct seconds){0};
	watch = (struct culprit_watch){0};
	memset(list, 0, sizeof(list));
	memset(used_us, 0, sizeof(used_us));
	memset(stalled_us, 0, sizeof(stalled_us));
	look = (struct culprit_watch_look){
		.model = &f.model,
		.seconds = &seconds,
		.plan = &f.plan,
		.scores = &scores,
	};
	return 0;
}

static int drop(void **state)
{
	(void)state;
	seconds_free(&seconds);
	fake_free(&f);
	return 0;
}

static void sample(struct pod *pod, uint64_t more_us, uint64_t more_stalled_us)
{
	used_us[pod->slot] += more_us;
	stalled_us[pod->slot] += more_stalled_us;
	fake_sample(&f, pod, look.now_us, used_us[pod->slot], stalled_us[pod->slot]);
}

/* A second in which `who` is busy in every other five, and web and db wait then. */
static void second(struct pod *who)
{
	bool on;

	look.now_us += S;
	on = look.now_us / S % 10 < 5;
	for (size_t i = 0; i < f.model.n_pods; i++) {
		struct pod *pod = f.model.pods[i];
		bool waits = pod == web || (pod == db && who != db);

		sample(pod, on && pod == who ? 900000 : 300000, on && waits ? 400000 : 5000);
	}
	assert_int_equal(seconds_feed(&seconds, &f.model, &f.samples, NULL, look.now_us), 0);
	culprit_watch_step(&watch, &look);
}

static void run(int n, struct pod *who)
{
	for (int i = 0; i < n; i++)
		second(who);
}

static void excess(const struct pod *pod, enum resource resource, uint32_t permille)
{
	list[pod->slot].by[resource].state = SCORE_BASELINE;
	list[pod->slot].by[resource].excess_permille = permille;
}

static const struct culprits_kept *of(const struct pod *pod, enum resource resource)
{
	return culprit_watch_of(&watch, pod, resource, look.now_us);
}

static enum culprits_state state_of(const struct pod *pod)
{
	return culprit_watch_state(&list[pod->slot].by[RESOURCE_CPU], of(pod, RESOURCE_CPU),
				   look.now_us);
}

TEST(where_nothing_was_lost_nobody_is_asked_for)
{
	run(60, hog);
	assert_null(of(web, RESOURCE_CPU));
	assert_int_equal(state_of(web), CULPRITS_NONE);
	list[web->slot].by[RESOURCE_CPU].state = SCORE_LEARNING;
	run(3, hog);
	assert_int_equal(state_of(web), CULPRITS_LEARNING);
	list[web->slot].by[RESOURCE_CPU].state = SCORE_SELF_THROTTLED;
	assert_int_equal(state_of(web), CULPRITS_OWN);
	excess(web, RESOURCE_CPU, 0);
	run(3, hog);
	assert_int_equal(state_of(web), CULPRITS_NO_EXCESS);
	assert_null(of(web, RESOURCE_CPU));
}

TEST(who_makes_it_lose_is_named_with_its_role)
{
	run(60, hog);
	excess(web, RESOURCE_CPU, 150);
	assert_int_equal(state_of(web), CULPRITS_DUE);
	run(1, hog);
	assert_int_equal(state_of(web), CULPRITS_RANKED);
	assert_int_equal(of(web, RESOURCE_CPU)->found.list[0].serial, hog->serial);
	assert_string_equal(of(web, RESOURCE_CPU)->who[0].name, "batch/hog");
	assert_int_equal(of(web, RESOURCE_CPU)->who[0].role, ROLE_OFFLINE);
	assert_true(of(web, RESOURCE_CPU)->at_us == look.now_us);
	assert_int_equal(of(web, RESOURCE_CPU)->found.list[0].confidence, CULPRIT_GOOD);
}

TEST(one_that_is_online_is_named_as_such)
{
	run(60, db);
	excess(web, RESOURCE_CPU, 150);
	run(1, db);
	assert_string_equal(of(web, RESOURCE_CPU)->who[0].name, "default/db");
	assert_int_equal(of(web, RESOURCE_CPU)->who[0].role, ROLE_ONLINE);
}

TEST(one_that_no_rule_has_decided_has_no_role)
{
	fake_waiting(&f, hog);
	run(60, hog);
	excess(web, RESOURCE_CPU, 150);
	run(1, hog);
	assert_int_equal(of(web, RESOURCE_CPU)->who[0].role, ROLE_INVALID);
}

TEST(before_a_minute_is_there_it_says_so)
{
	excess(web, RESOURCE_CPU, 150);
	run(6, hog);
	assert_int_equal(state_of(web), CULPRITS_SHORT);
	run(26, hog);
	assert_int_equal(state_of(web), CULPRITS_RANKED);
}

TEST(what_stays_the_same_tells_nothing)
{
	excess(web, RESOURCE_CPU, 150);
	for (int i = 0; i < 60; i++) {
		look.now_us += S;
		sample(web, 300000, 400000);
		sample(hog, 900000, 0);
		assert_int_equal(seconds_feed(&seconds, &f.model, &f.samples, NULL, look.now_us),
				 0);
		culprit_watch_step(&watch, &look);
	}
	assert_int_equal(state_of(web), CULPRITS_STEADY);
}

TEST(nobody_there_and_its_own_load_are_two_things)
{
	excess(web, RESOURCE_CPU, 150);
	excess(db, RESOURCE_CPU, 150);
	/* web is busy itself then; db waits, and web is all that goes with that */
	run(60, web);
	assert_int_equal(state_of(web), CULPRITS_OWN_LOAD);
	assert_int_equal(of(db, RESOURCE_CPU)->found.list[0].serial, web->serial);
	for (int i = 0; i < 60; i++)
		second(NULL);
	assert_int_equal(state_of(db), CULPRITS_NOBODY);
}

TEST(one_look_a_second_and_each_again_after_five)
{
	run(30, hog);
	excess(web, RESOURCE_CPU, 100);
	excess(db, RESOURCE_CPU, 200);
	run(1, hog);
	/* who lost most comes first */
	assert_non_null(of(db, RESOURCE_CPU));
	assert_null(of(web, RESOURCE_CPU));
	run(9, hog);
	assert_true(of(db, RESOURCE_CPU)->at_us != of(web, RESOURCE_CPU)->at_us);
	for (int i = 0; i < 20; i++) {
		int64_t web_us = of(web, RESOURCE_CPU)->at_us, db_us = of(db, RESOURCE_CPU)->at_us;

		run(1, hog);
		assert_false(of(web, RESOURCE_CPU)->at_us != web_us &&
			     of(db, RESOURCE_CPU)->at_us != db_us);
		assert_true(look.now_us - of(web, RESOURCE_CPU)->at_us < 5 * S);
		assert_true(of(web, RESOURCE_CPU)->at_us == web_us ||
			    of(web, RESOURCE_CPU)->at_us - web_us == 5 * S);
	}
	/* a second pass in the same second looks at nobody */
	excess(web, RESOURCE_IO, 100);
	look.now_us += 300000;
	culprit_watch_step(&watch, &look);
	assert_null(of(web, RESOURCE_IO));
}

TEST(when_it_is_over_it_can_still_be_told_for_a_while)
{
	run(60, hog);
	excess(web, RESOURCE_CPU, 150);
	run(1, hog);
	excess(web, RESOURCE_CPU, 0);
	run(30, other);
	assert_int_equal(state_of(web), CULPRITS_NO_EXCESS);
	assert_int_equal(of(web, RESOURCE_CPU)->found.list[0].serial, hog->serial);
	run(571, other);
	assert_null(of(web, RESOURCE_CPU));
}

/* What was found for another spell of it is not about this one. */
TEST(an_old_list_is_not_the_one_of_now)
{
	struct score_value v = {.state = SCORE_NO_BASELINE, .excess_permille = 10};
	struct culprits_kept k = {.state = CULPRITS_RANKED, .at_us = 100 * S};

	assert_int_equal(culprit_watch_state(&v, &k, 160 * S), CULPRITS_RANKED);
	assert_int_equal(culprit_watch_state(&v, &k, 160 * S + 1), CULPRITS_DUE);
}

TEST(more_than_there_is_room_for_make_the_oldest_go)
{
	for (int i = 0; i < CULPRITS_KEPT; i++)
		watch.kept[i] = (struct culprits_kept){
			.serial = web->serial,
			.resource = RESOURCE_MEMORY,
			.state = CULPRITS_NOBODY,
			.at_us = (100 + (i == 7 ? -50 : i)) * (int64_t)S,
		};
	look.now_us = 200 * (int64_t)S;
	excess(db, RESOURCE_CPU, 100);
	culprit_watch_step(&watch, &look);
	assert_int_equal(watch.kept[7].serial, db->serial);
	assert_int_equal(watch.kept[0].serial, web->serial);
}

TEST(of_a_victim_that_is_gone_nothing_is_kept)
{
	run(60, hog);
	excess(web, RESOURCE_CPU, 150);
	run(1, hog);
	list[web->slot] = (struct pod_score){0};
	web->serial = 77;
	look.now_us += S;
	culprit_watch_step(&watch, &look);
	for (int i = 0; i < CULPRITS_KEPT; i++)
		assert_true(watch.kept[i].serial == 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(where_nothing_was_lost_nobody_is_asked_for),
		T(who_makes_it_lose_is_named_with_its_role),
		T(one_that_is_online_is_named_as_such),
		T(one_that_no_rule_has_decided_has_no_role),
		T(before_a_minute_is_there_it_says_so),
		T(what_stays_the_same_tells_nothing),
		T(nobody_there_and_its_own_load_are_two_things),
		T(one_look_a_second_and_each_again_after_five),
		T(when_it_is_over_it_can_still_be_told_for_a_while),
		T(an_old_list_is_not_the_one_of_now),
		T(more_than_there_is_room_for_make_the_oldest_go),
		T(of_a_victim_that_is_gone_nothing_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
