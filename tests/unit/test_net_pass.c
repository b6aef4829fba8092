// SPDX-License-Identifier: LGPL-2.1-or-later
// What a pass decides of the network: the ceilings by what was counted, and when a round is due.
#include "tests/lib/test.h"

#include <stdio.h>

#include "policy/net_pass.h"
#include "tests/lib/decide_case.h"

#define S 1000000ll
#define MBIT 125000ull

static struct fake f;
static struct pod *web, *hog;
static struct net_view view;
static struct net_counts before[NET_LINKS], now[NET_LINKS];
static struct net_state kept;
static struct net_pass_in in;

static int setup(void **s)
{
	(void)s;
	fake_init(&f);
	web = decide_pod(&f, B1, QOS_BURSTABLE, LEVEL_P4);
	hog = decide_pod(&f, O1, QOS_BESTEFFORT, LEVEL_P7);
	f.policy.net = (struct net_policy){.on = true,
					   .headroom_permille = 50,
					   .mark = {.mask = 0xf00, .value = 0x800, .shift = 8}};
	f.policy.levels[LEVEL_P1].net.share = 8;
	f.policy.levels[LEVEL_P4].net.share = 4;
	f.policy.levels[LEVEL_P7].net.share = 1;
	view = (struct net_view){.known = true};
	view.links.n = 1;
	view.links.list[0] = (struct net_link){
		.ifindex = 2, .name = "eth0", .mtu = 1500, .speed_bytes_per_s = 10000 * MBIT};
	memset(before, 0, sizeof(before));
	memset(now, 0, sizeof(now));
	before[0] = (struct net_counts){.ifindex = 2, .at_us = 99 * S};
	now[0] = (struct net_counts){.ifindex = 2, .at_us = 100 * S};
	now[0].level[LEVEL_P4].bytes = 6000 * MBIT;
	kept = (struct net_state){0};
	in = (struct net_pass_in){
		.policy = &f.policy,
		.model = &f.model,
		.plan = &f.plan,
		.view = &view,
		.mode = MODE_SQUEEZE,
		.asked = true,
		.now_us = 100 * S,
	};
	return 0;
}

static int teardown(void **s)
{
	(void)s;
	fake_free(&f);
	return 0;
}

/* A second later; a round that is due is handed in. */
static enum net_pace_why why(void)
{
	struct net_pass_done done;
	enum net_pace_due due;

	in.now_us += S;
	net_pass(&in, &kept, &done);
	due = net_pace_due(done.why);
	if (due != NET_PACE_NOT)
		net_pace_handed(&kept.pace, &done.wanted, due == NET_PACE_BRIEF, in.now_us);
	return done.why;
}

static struct assignment *of(const struct pod *pod)
{
	return &f.plan.assignments[pod->slot];
}

TEST(what_was_counted_makes_the_ceiling_and_it_is_set_at_once)
{
	assert_int_equal(why(), NET_PACE_FIRST);
	assert_int_equal(why(), NET_PACE_FOLLOWS);
	in.before = before;
	in.now = now;
	assert_int_equal(why(), NET_PACE_CEILING);
	assert_int_equal(kept.plan.list[0].hold.ceil_bytes_per_s, 3500 * MBIT);
	assert_int_equal(net_pace_due(NET_PACE_CEILING), NET_PACE_BRIEF);
	/* what is counted on no link of the plan is nobody's */
	kept.plan.list[0].hold = (struct net_hold){0};
	kept.plan.list[0].ifindex = 3;
	assert_int_equal(why(), NET_PACE_CEILING);
	assert_int_equal(kept.plan.list[0].hold.ceil_bytes_per_s, 0);
}

TEST(each_pods_mark_is_wanted_anew_when_it_is_another)
{
	(void)why();
	of(web)->level = LEVEL_P1;
	assert_int_equal(why(), NET_PACE_WANTED);
	assert_int_equal(net_pace_due(NET_PACE_WANTED), NET_PACE_WHOLE);
	of(web)->state = ASSIGNMENT_WAITING;
	assert_int_equal(why(), NET_PACE_WANTED);
	web->serial += 7;
	assert_int_equal(why(), NET_PACE_WANTED);
	assert_int_equal(why(), NET_PACE_FOLLOWS);
}

TEST(another_class_or_mode_is_wanted_anew)
{
	(void)why();
	f.policy.levels[LEVEL_P4].net.share = 5;
	assert_int_equal(why(), NET_PACE_WANTED);
	in.mode = MODE_OBSERVE;
	assert_int_equal(why(), NET_PACE_WANTED);
	assert_false(kept.plan.on);
}

/* One that may not be held is in no class that is. */
TEST(without_an_offline_pod_nothing_is_followed)
{
	of(hog)->may_hold = false;
	assert_int_equal(why(), NET_PACE_FIRST);
	assert_int_equal(why(), NET_PACE_NOTHING);
	assert_int_equal(kept.plan.list[0].shape.active, 1u << LEVEL_P4);
	/* but in its grace it sends still */
	hog->facts->deleting = true;
	assert_int_equal(why(), NET_PACE_WANTED);
	assert_int_equal(kept.plan.list[0].shape.active, 1u << LEVEL_P4 | 1u << LEVEL_P7);
}

TEST(where_nobody_asks_no_round_is_due)
{
	in.asked = false;
	f.policy.net.on = false;
	assert_int_equal(why(), NET_PACE_NOTHING);
	in.asked = true;
	assert_int_equal(why(), NET_PACE_FIRST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		CASE(what_was_counted_makes_the_ceiling_and_it_is_set_at_once),
		CASE(each_pods_mark_is_wanted_anew_when_it_is_another),
		CASE(another_class_or_mode_is_wanted_anew),
		CASE(without_an_offline_pod_nothing_is_followed),
		CASE(where_nobody_asks_no_round_is_due),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
