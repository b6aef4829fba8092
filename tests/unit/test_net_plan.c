// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <stdio.h>

#include "policy/net_plan.h"
#include "policy/net_shape.h"

#define MBIT 125000ull
#define S 1000000ll

static struct policy policy;
static struct net_view view;
static struct net_use use[NET_LINKS];
static struct net_plan_in in;
static struct net_plan plan;

static struct net_link *link_add(int32_t ifindex, const char *name, uint64_t mbit)
{
	struct net_link *link = &view.links.list[view.links.n++];

	*link = (struct net_link){
		.ifindex = ifindex, .mtu = 9000, .speed_bytes_per_s = mbit * MBIT};
	(void)snprintf(link->name, sizeof(link->name), "%s", name);
	link->refusal = mbit > 0 ? NET_FINE : NET_NO_SPEED;
	return link;
}

static int setup(void **state)
{
	(void)state;
	policy = (struct policy){
		.net = {.on = true,
			.headroom_permille = 50,
			.mark = {.mask = 0xf00, .value = 0x800, .shift = 8}},
	};
	policy.levels[LEVEL_P0] =
		(struct level_policy){.defined = true, .role = ROLE_ONLINE, .net = {.share = 8}};
	policy.levels[LEVEL_P7] =
		(struct level_policy){.defined = true, .role = ROLE_OFFLINE, .net = {.share = 1}};
	view = (struct net_view){.known = true};
	(void)link_add(2, "eth0", 10000);
	memset(use, 0, sizeof(use));
	use[0] = (struct net_use){.online_bytes_per_s = 6000 * MBIT, .span_us = S};
	plan = (struct net_plan){0};
	in = (struct net_plan_in){
		.policy = &policy,
		.view = &view,
		.mode = MODE_SQUEEZE,
		.active = 1u << LEVEL_P7,
		.use = use,
		.now_us = 100 * S,
	};
	return 0;
}

static const struct net_plan_link *made(void)
{
	in.now_us += S / 10;
	net_plan_make(&in, &plan);
	return &plan.list[0];
}

TEST(a_link_has_its_classes_and_the_ceiling_of_now)
{
	assert_int_equal(made()->refusal, NET_FINE);
	assert_true(plan.on && plan.known);
	assert_int_equal(plan.n, 1);
	assert_int_equal(plan.mark.mask, 0xf00);
	assert_string_equal(plan.list[0].name, "eth0");
	assert_int_equal(plan.list[0].speed_bytes_per_s, 10000 * MBIT);
	assert_int_equal(plan.list[0].shape.root.ceil_bytes_per_s, 10000 * MBIT);
	assert_int_equal(plan.list[0].hold.ceil_bytes_per_s, 3500 * MBIT);
	assert_int_equal(plan.list[0].shape.offline.ceil_bytes_per_s, 3500 * MBIT);
	assert_string_equal(plan.list[0].hold.reason.who, "eth0");
	/* kept, and found again by its ifindex */
	use[0].online_bytes_per_s = 5500 * MBIT;
	(void)link_add(1, "eth1", 1000);
	view.links.list[2] = view.links.list[0];
	view.links.list[0] = view.links.list[1];
	view.links.list[1] = view.links.list[2];
	use[1] = use[0];
	use[0] = (struct net_use){0};
	assert_int_equal(made()->hold.ceil_bytes_per_s, 0);
	assert_int_equal(plan.list[1].hold.ceil_bytes_per_s, 3500 * MBIT);
}

TEST(without_the_word_or_with_mode_off_nothing_is_wanted)
{
	(void)made();
	in.mode = MODE_OFF;
	(void)made();
	assert_false(plan.on);
	assert_true(plan.known);
	assert_int_equal(plan.n, 0);
	in.mode = MODE_FULL;
	policy.net.on = false;
	(void)made();
	assert_int_equal(plan.n, 0);
}

TEST(the_mode_says_how_far_it_may_go)
{
	in.mode = MODE_OBSERVE;
	assert_int_equal(made()->refusal, NET_FINE);
	assert_false(plan.on);
	assert_true(plan.list[0].shape.levels != 0);
	in.mode = MODE_PROTECT;
	assert_int_equal(made()->hold.ceil_bytes_per_s, 0);
	assert_true(plan.on);
	assert_int_equal(plan.list[0].shape.offline.ceil_bytes_per_s, 10000 * MBIT);
}

TEST(no_offline_pod_no_hold)
{
	in.active = 1u << LEVEL_P0;
	assert_int_equal(made()->hold.ceil_bytes_per_s, 0);
}

TEST(what_discovery_refuses_is_not_shaped)
{
	view.links.list[0].refusal = NET_FOREIGN_ROOT;
	assert_int_equal(made()->refusal, NET_FOREIGN_ROOT);
	assert_int_equal(plan.list[0].speed_bytes_per_s, 0);
	assert_int_equal(plan.list[0].shape.levels, 0);
}

TEST(bits_of_somebody_who_is_there_refuse_every_link)
{
	view.mark_users = 1u << NET_USER_CILIUM;
	assert_int_equal(made()->refusal, NET_FOREIGN_MARK);
	assert_int_equal(plan.list[0].mark_user, NET_USER_CILIUM);
	/* and no pod gets the mark */
	assert_int_equal(plan.mark.mask, 0);
	assert_int_equal(plan.mark.value, 0);
	view.mark_users = 1u << NET_USER_CALICO;
	assert_int_equal(made()->refusal, NET_FINE);
	assert_int_equal(plan.list[0].mark_user, NET_USER_NONE);
	assert_int_equal(plan.mark.mask, 0xf00);
	/* While nobody can tell who is there, the mark is neither taken nor given up. */
	policy.net.mark = (struct net_mark){.mask = 0xf000, .value = 0x8000, .shift = 12};
	view.known = false;
	(void)made();
	assert_int_equal(plan.mark.mask, 0xf00);
}

TEST(the_policys_speed_wins_and_the_named_one_before_the_others)
{
	enum net_speed_from from;
	struct net_link *link = link_add(3, "eth1", 0);

	in.active = 0;
	assert_int_equal(net_plan_speed(&policy.net, link, &from), 0);
	assert_int_equal(from, NET_SPEED_UNKNOWN);
	(void)made();
	assert_int_equal(plan.list[1].refusal, NET_NO_SPEED);
	policy.net.n_speeds = 2;
	policy.net.speeds[0] = (struct net_speed){"eth1", 1000 * MBIT};
	policy.net.speeds[1] = (struct net_speed){"", 2000 * MBIT};
	assert_int_equal(net_plan_speed(&policy.net, link, &from), 1000 * MBIT);
	assert_int_equal(from, NET_SPEED_POLICY);
	assert_int_equal(made()->speed_bytes_per_s, 2000 * MBIT);
	assert_int_equal(plan.list[1].refusal, NET_FINE);
	assert_int_equal(plan.list[1].speed_bytes_per_s, 1000 * MBIT);
	policy.net.n_speeds = 0;
	assert_int_equal(net_plan_speed(&policy.net, &view.links.list[0], &from), 10000 * MBIT);
	assert_int_equal(from, NET_SPEED_LINK);
	link->speed_bytes_per_s = MBIT;
	assert_int_equal(net_plan_speed(&policy.net, link, &from), 0);
}

/* Not known is not gone. */
TEST(a_look_that_failed_changes_no_link)
{
	struct net_plan_link was;

	was = *made();
	view.known = false;
	view.links.n = 0;
	for (int i = 0; i < 50; i++)
		(void)made();
	assert_int_equal(plan.n, 1);
	assert_memory_equal(&plan.list[0].shape, &was.shape, sizeof(was.shape));
	/* but a ceiling that nobody can justify ends */
	for (int i = 0; i < 60; i++)
		(void)made();
	assert_int_equal(plan.list[0].hold.ceil_bytes_per_s, 0);
	assert_int_equal(plan.list[0].shape.offline.ceil_bytes_per_s, 10000 * MBIT);
	assert_int_equal(plan.list[0].shape.levels, was.shape.levels);
}

TEST(a_link_that_could_not_be_read_stays_as_it_was)
{
	struct net_plan_link was;

	view.links.list[0].refusal = NET_UNREAD;
	assert_int_equal(made()->refusal, NET_UNREAD);
	view.links.list[0].refusal = NET_FINE;
	was = *made();
	view.links.list[0].refusal = NET_UNREAD;
	view.links.list[0].speed_bytes_per_s = 0;
	assert_int_equal(made()->refusal, NET_FINE);
	assert_memory_equal(&plan.list[0].shape, &was.shape, sizeof(was.shape));
}

TEST(before_the_first_look_nothing_is_known)
{
	view.known = false;
	(void)made();
	assert_false(plan.known);
	assert_int_equal(plan.n, 0);
}

TEST(without_a_link_that_is_shaped_no_pod_is_marked)
{
	(void)made();
	assert_int_equal(plan.mark.mask, 0xf00);
	view.links.list[0].refusal = NET_MQ_ROOT;
	(void)made();
	assert_int_equal(plan.mark.mask, 0);
	/* one of two is enough */
	(void)link_add(3, "eth1", 1000);
	(void)made();
	assert_int_equal(plan.mark.mask, 0xf00);
	policy.levels[LEVEL_P0].net.share = policy.levels[LEVEL_P7].net.share = 0;
	(void)made();
	assert_int_equal(plan.mark.mask, 0);
}

/* What is there may still be needed. */
TEST(while_a_link_cannot_be_read_pods_keep_their_marks)
{
	(void)made();
	view.links.list[0].refusal = NET_UNREAD;
	(void)made();
	assert_int_equal(plan.mark.mask, 0xf00);
}

TEST(a_pod_is_marked_by_its_level_and_left_alone_until_it_is_known)
{
	struct assignment a = {.state = ASSIGNMENT_LEVEL, .level = LEVEL_P0, .role = ROLE_ONLINE};
	struct pod_facts facts = {.deleting = false};
	struct pod pod = {.facts = &facts};

	assert_int_equal(net_plan_pod(&policy, &pod, &a), NET_POD_MARKED);
	a.state = ASSIGNMENT_WAITING;
	assert_int_equal(net_plan_pod(&policy, &pod, &a), NET_POD_STAYS);
	a.state = ASSIGNMENT_NONE;
	assert_int_equal(net_plan_pod(&policy, &pod, &a), NET_POD_PLAIN);
	a = (struct assignment){.state = ASSIGNMENT_LEVEL,
				.level = LEVEL_P7,
				.role = ROLE_OFFLINE,
				.may_hold = true};
	assert_int_equal(net_plan_pod(&policy, &pod, &a), NET_POD_MARKED);
	/* Its class can be held, and it may not be. */
	a.may_hold = false;
	assert_int_equal(net_plan_pod(&policy, &pod, &a), NET_POD_PLAIN);
	/* In its grace it keeps its mark: without, it would count as online. */
	facts.deleting = true;
	assert_int_equal(net_plan_pod(&policy, &pod, &a), NET_POD_STAYS);
	a.may_hold = true;
	policy.levels[LEVEL_P7].net.share = 0;
	assert_int_equal(net_plan_pod(&policy, &pod, &a), NET_POD_PLAIN);
}

/* Its own hold, by what arrives, beside that of what is sent. */
TEST(what_arrives_is_held_where_the_policy_asks_for_it)
{
	struct net_use arrived[NET_LINKS] = {{.online_bytes_per_s = 2000 * MBIT, .span_us = S}};

	in.arrived = arrived;
	assert_int_equal(made()->police, NET_POLICE_OFF);
	assert_int_equal(plan.list[0].rx_hold.ceil_bytes_per_s, 0);
	policy.net.police_ingress = true;
	assert_int_equal(made()->police, NET_POLICE_ON);
	assert_int_equal(plan.list[0].rx_hold.ceil_bytes_per_s, 7500 * MBIT);
	assert_int_equal(plan.list[0].rx_hold.reason.code, REASON_NET_RX_ONLINE);
	assert_int_equal(plan.list[0].hold.ceil_bytes_per_s, 3500 * MBIT);
	in.mode = MODE_PROTECT;
	assert_int_equal(made()->police, NET_POLICE_MODE);
	assert_int_equal(plan.list[0].rx_hold.ceil_bytes_per_s, 0);
	assert_int_equal(plan.list[0].rx_hold.reason.code, REASON_MODE);
}

/* It is what online work sends that tells of it: in.use is, and what arrives is offline work's. */
TEST(a_link_that_offline_work_fills_is_held_for_those_who_ask)
{
	struct net_use arrived[NET_LINKS] = {{.offline_bytes_per_s = 9900 * MBIT, .span_us = S}};

	in.arrived = arrived;
	policy.net.police_ingress = true;
	assert_int_equal(made()->rx_hold.ceil_bytes_per_s, 9500 * MBIT);
	assert_int_equal(plan.list[0].rx_hold.reason.code, REASON_NET_RX_CROWDED);
	assert_int_equal(plan.list[0].rx_hold.reason.observed, 9900 * MBIT);
	arrived[0].offline_bytes_per_s = 2600 * MBIT;
	in.now_us += 11 * S;
	assert_int_equal(made()->rx_hold.ceil_bytes_per_s, 9500 * MBIT);
	/* What it gained since then it may gain again. */
	arrived[0].online_bytes_per_s = 600 * MBIT;
	in.now_us += S;
	assert_int_equal(made()->rx_hold.ceil_bytes_per_s, (9500 - 2 * 600) * MBIT);
	plan = (struct net_plan){0};
	arrived[0].online_bytes_per_s = 0;
	assert_int_equal(made()->rx_hold.ceil_bytes_per_s, 0);
}

TEST(what_arrives_by_tunnels_is_held_where_there_is_but_one_uplink)
{
	struct net_use arrived[NET_LINKS] = {{.online_bytes_per_s = 2000 * MBIT, .span_us = S}};

	in.arrived = arrived;
	policy.net.police_ingress = true;
	view.links.n_tunnels = 1;
	assert_int_equal(made()->police, NET_POLICE_ON);
	(void)link_add(3, "eth1", 1000);
	assert_int_equal(made()->police, NET_POLICE_TUNNELS);
	assert_int_equal(plan.list[0].rx_hold.ceil_bytes_per_s, 0);
	view.links.n_tunnels = 0;
	assert_int_equal(made()->police, NET_POLICE_ON);
	view.links.n = 1;
	view.links.n_tunnels = NET_TUNNELS + 1;
	assert_int_equal(made()->police, NET_POLICE_TUNNELS);
}

/* Nobody can tell what arrives: it ends as the hold of what is sent does. */
TEST(a_hold_of_what_arrives_ends_when_it_is_not_measured_for_long)
{
	struct net_use arrived[NET_LINKS] = {{.online_bytes_per_s = 2000 * MBIT, .span_us = S}};

	in.arrived = arrived;
	policy.net.police_ingress = true;
	(void)made();
	arrived[0].span_us = 0;
	in.now_us += 9 * S;
	assert_int_equal(made()->rx_hold.ceil_bytes_per_s, 7500 * MBIT);
	in.now_us += S;
	assert_int_equal(made()->rx_hold.ceil_bytes_per_s, 0);
	assert_int_equal(plan.list[0].rx_hold.reason.code, REASON_NET_RX_BLIND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_link_has_its_classes_and_the_ceiling_of_now, setup),
		cmocka_unit_test_setup(without_the_word_or_with_mode_off_nothing_is_wanted, setup),
		cmocka_unit_test_setup(the_mode_says_how_far_it_may_go, setup),
		cmocka_unit_test_setup(no_offline_pod_no_hold, setup),
		cmocka_unit_test_setup(what_discovery_refuses_is_not_shaped, setup),
		cmocka_unit_test_setup(bits_of_somebody_who_is_there_refuse_every_link, setup),
		cmocka_unit_test_setup(the_policys_speed_wins_and_the_named_one_before_the_others,
				       setup),
		cmocka_unit_test_setup(a_look_that_failed_changes_no_link, setup),
		cmocka_unit_test_setup(a_link_that_could_not_be_read_stays_as_it_was, setup),
		cmocka_unit_test_setup(before_the_first_look_nothing_is_known, setup),
		cmocka_unit_test_setup(without_a_link_that_is_shaped_no_pod_is_marked, setup),
		cmocka_unit_test_setup(while_a_link_cannot_be_read_pods_keep_their_marks, setup),
		cmocka_unit_test_setup(a_link_that_offline_work_fills_is_held_for_those_who_ask,
				       setup),
		cmocka_unit_test_setup(what_arrives_is_held_where_the_policy_asks_for_it, setup),
		cmocka_unit_test_setup(
			what_arrives_by_tunnels_is_held_where_there_is_but_one_uplink, setup),
		cmocka_unit_test_setup(a_hold_of_what_arrives_ends_when_it_is_not_measured_for_long,
				       setup),
		cmocka_unit_test_setup(
			a_pod_is_marked_by_its_level_and_left_alone_until_it_is_known, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
