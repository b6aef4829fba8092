// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "policy/net_flow.h"

#define S 1000000ll

static struct net_links links;
static struct net_plan plan;
static struct net_counts before[NET_LINKS], now[NET_LINKS];
static struct net_flow flow;

/* Two uplinks that are shaped, with P0 online and P7 offline, and one between them that is not; ten seconds. */
static int setup(void **state)
{
	(void)state;
	links = (struct net_links){.n = 3};
	plan = (struct net_plan){.on = true, .known = true, .n = 3};
	memset(before, 0, sizeof(before));
	flow = (struct net_flow){0};
	for (int i = 0; i < 3; i++) {
		links.list[i].ifindex = plan.list[i].ifindex = 2 + i;
		before[i] = (struct net_counts){.ifindex = 2 + i, .at_us = 100 * S + i};
		before[i].levels = 1u << LEVEL_P0 | 1u << LEVEL_P7;
		plan.list[i].shape.levels = before[i].levels;
		plan.list[i].shape.offline_levels = 1u << LEVEL_P7;
	}
	plan.list[1].refusal = NET_NO_SPEED;
	before[1] = (struct net_counts){0};
	memcpy(now, before, sizeof(now));
	for (int i = 0; i < 3; i += 2) {
		now[i].at_us += 10 * S;
		now[i].unmarked.bytes += 1000;
		now[i].level[LEVEL_P0] = (struct net_count){
			.bytes = 2000, .packets = 2, .drops = 30, .backlog_bytes = 5};
		now[i].level[LEVEL_P7] = (struct net_count){
			.bytes = 80000, .packets = 80, .drops = 400, .backlog_bytes = 700};
	}
	return 0;
}

static void measure(void)
{
	net_flow_measure(&links, &plan, before, now, &flow);
}

static void arrives(void)
{
	for (int i = 0; i < 3; i += 2) {
		before[i].rx_at_us = before[i].at_us;
		now[i].rx_at_us = now[i].at_us;
		now[i].rx_bytes = 9000;
		now[i].rx_offline = (struct net_count){.bytes = 4000, .packets = 10};
	}
}

TEST(what_all_shaped_uplinks_sent_is_added)
{
	measure();
	assert_int_equal(flow.at_us, 110 * S + 2);
	assert_int_equal(flow.online.sent_bytes_per_s, 600);
	assert_int_equal(flow.offline.sent_bytes_per_s, 16000);
	assert_int_equal(flow.online.backlog_bytes, 10);
	assert_int_equal(flow.offline.backlog_bytes, 1400);
	assert_false(flow.arrived);
}

TEST(of_a_sum_of_which_one_cannot_be_compared_nothing_is_told)
{
	measure();
	assert_true(flow.at_us > 0);
	now[2].unmarked.bytes = 0;
	before[2].unmarked.bytes = 1;
	measure();
	assert_int_equal(flow.at_us, 0);
	assert_int_equal(flow.online.sent_bytes_per_s, 0);
	(void)setup(NULL);
	now[0].at_us = 0;
	measure();
	assert_int_equal(flow.at_us, 0);
	/* One that is not shaped is no part of it. */
	(void)setup(NULL);
	plan.list[2].shape.levels = 0;
	measure();
	assert_int_equal(flow.offline.sent_bytes_per_s, 8000);
}

TEST(without_a_shaped_uplink_nothing_is_measured)
{
	plan.on = false;
	measure();
	assert_int_equal(flow.at_us, 0);
	assert_false(flow.arrived);
	plan.on = true;
	links.n = 0;
	measure();
	net_flow_drops(&links, &plan, before, now, &flow);
	assert_int_equal(flow.at_us, 0);
	assert_int_equal(flow.drops_at_us, 0);
}

TEST(what_arrived_is_told_where_all_of_them_count_it)
{
	arrives();
	measure();
	assert_true(flow.arrived);
	assert_int_equal(flow.online.arrived_bytes_per_s, 1000);
	assert_int_equal(flow.offline.arrived_bytes_per_s, 800);
	/* what wraps it counts as offline work's */
	links.n_tunnels = 1;
	measure();
	assert_int_equal(flow.offline.arrived_bytes_per_s, 960);
	now[0].rx_at_us = 0;
	measure();
	assert_false(flow.arrived);
	assert_true(flow.at_us > 0);
}

TEST(drops_are_those_between_two_whole_rounds_whatever_was_sent_since)
{
	net_flow_drops(&links, &plan, before, now, &flow);
	assert_int_equal(flow.drops_at_us, 110 * S + 2);
	assert_int_equal(flow.online.drops_per_s, 6);
	assert_int_equal(flow.offline.drops_per_s, 80);
	assert_int_equal(flow.at_us, 0);
	memcpy(before, now, sizeof(now));
	for (int i = 0; i < 3; i += 2)
		now[i].at_us += S;
	measure();
	assert_int_equal(flow.offline.sent_bytes_per_s, 0);
	assert_int_equal(flow.drops_at_us, 110 * S + 2);
	assert_int_equal(flow.offline.drops_per_s, 80);
	/* a counter that went back */
	before[2].level[LEVEL_P7].drops++;
	net_flow_drops(&links, &plan, before, now, &flow);
	assert_int_equal(flow.drops_at_us, 0);
	assert_int_equal(flow.offline.drops_per_s, 0);
}

static struct net_sent rated(struct net_sent was, struct net_sent is)
{
	net_flow_rate(&was, &is);
	return is;
}

TEST(what_a_pod_sent_is_told_from_the_round_before_on)
{
	const struct net_sent was = {
		.serial = 7, .marked = true, .counted = true, .bytes = 1000, .at_us = 50 * S};
	struct net_sent is = was;

	is.bytes = 51000;
	is.at_us = 60 * S;
	assert_true(rated(was, is).rated);
	assert_int_equal(rated(was, is).bytes_per_s, 5000);
	is.at_us = 62 * S;
	assert_true(rated(was, is).rated);
	is.at_us = 62 * S + 1;
	assert_false(rated(was, is).rated);
	is.at_us = 50 * S + 9999;
	assert_false(rated(was, is).rated);
	/* nothing sent is something that was measured */
	is = was;
	is.at_us += S;
	assert_true(rated(was, is).rated);
	assert_int_equal(rated(was, is).bytes_per_s, 0);
}

TEST(what_another_pod_or_another_mark_counted_is_not_compared)
{
	const struct net_sent was = {
		.serial = 7, .marked = true, .counted = true, .bytes = 1000, .at_us = 50 * S};
	const struct net_sent is = {
		.serial = 7, .marked = true, .counted = true, .bytes = 3000, .at_us = 60 * S};
	struct net_sent a, b;

	for (int i = 0; i < 7; i++) {
		a = was;
		b = is;
		b.serial += i == 1;
		a.marked = i != 2;
		b.marked = i != 3;
		a.counted = i != 4;
		b.counted = i != 5;
		b.bytes -= i == 6 ? 2001 : 0;
		assert_int_equal(rated(a, b).rated, i == 0);
		assert_int_equal(rated(a, b).bytes_per_s, i == 0 ? 200 : 0);
	}
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_all_shaped_uplinks_sent_is_added),
		T(of_a_sum_of_which_one_cannot_be_compared_nothing_is_told),
		T(without_a_shaped_uplink_nothing_is_measured),
		T(what_arrived_is_told_where_all_of_them_count_it),
		T(drops_are_those_between_two_whole_rounds_whatever_was_sent_since),
		T(what_a_pod_sent_is_told_from_the_round_before_on),
		T(what_another_pod_or_another_mark_counted_is_not_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
