// SPDX-License-Identifier: LGPL-2.1-or-later
// A round with a kernel that says what the test wants; what a real one makes of it is shown in a VM (70-net-tc).
#include "tests/lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/net_namespace.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

#include "agent/base/clock.h"
#include "agent/net_ends.h"
#include "tests/lib/fault.h"
#include "tests/lib/round_case.h"

static struct round_case k;

static int setup(void **state)
{
	(void)state;
	round_case_open(&k);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	round_case_close(&k);
	return 0;
}

TEST(the_policys_speed_counts_where_the_link_tells_none)
{
	k.wanted.asked.speed_bytes_per_s = 0;
	round_case_says_uplink(&k, false);
	net_case_says(&k.net, -EPERM, NULL);
	round_case_run(&k);
	assert_int_equal(k.found.links.list[0].refusal, NET_NO_SPEED);
	assert_int_equal(k.found.of_link[0].result.end, NET_TC_DENIED);
	assert_int_equal(k.found.of_link[0].result.what, NET_TC_ADD_ROOT);
}

static void note_the_time(void *context)
{
	int64_t came_us = clock_now_us(), *ret_us = context;

	do
		*ret_us = clock_now_us();
	while (*ret_us <= came_us);
}

/* What a ceiling is cut on is bytes over a time. */
TEST(counts_are_of_the_time_at_which_they_were_read)
{
	int64_t late_us = 0;
	unsigned n;

	k.wanted.apply = false;
	round_case_says_uplink(&k, true);
	fault_begin();
	round_case_run(&k);
	n = fault_count(SYS_NETLINK);
	fault_end();
	assert_true(k.found.of_link[0].counts.at_us > 0);
	round_case_says_uplink(&k, true);
	fault_begin();
	fault_set_late(SYS_NETLINK, n, note_the_time, &late_us);
	round_case_run(&k);
	assert_true(fault_was_met());
	fault_end();
	assert_true(late_us > 0 && k.found.of_link[0].counts.at_us >= late_us);
	/* The pods come after the links. */
	assert_true(k.found.pods_us >= late_us);
}

TEST(a_root_that_could_not_be_removed_is_told_of)
{
	k.wanted.plan = (struct net_plan){.known = true};
	round_case_says_uplink(&k, true);
	net_case_says(&k.net, -EPERM, NULL);
	round_case_run(&k);
	assert_int_equal(k.found.of_link[0].result.end, NET_TC_DENIED);
	assert_int_equal(k.found.n_left, 1);
	assert_false(k.found.again);
	round_case_says_uplink(&k, true);
	net_case_says(&k.net, -ENODEV, NULL);
	round_case_run(&k);
	assert_int_equal(k.found.n_left, 0);
}

/* The route of the first try has gone by the second one, and our root has come. */
TEST(a_look_that_was_interrupted_is_forgotten)
{
	k.wanted.apply = false;
	k.wanted.asked.n = 0;
	round_case_says_link(&k, ROUND_CASE_UPLINK, "eth0", NULL, NET_NO_NSID);
	round_case_says_link(&k, 3, "eth1", NULL, NET_NO_NSID);
	net_case_done(&k.net);
	round_case_says_route(&k, 3, NLM_F_DUMP_INTR);
	net_case_done(&k.net);
	round_case_says_route(&k, ROUND_CASE_UPLINK, 0);
	net_case_done(&k.net);
	net_case_done(&k.net);
	round_case_says_root(&k, ROUND_CASE_UPLINK, true);
	net_case_part(&k.net,
		      net_case_tc(RTM_NEWQDISC, ROUND_CASE_UPLINK, NET_TC_ROOT_HANDLE | 2, 1, 0,
				  "pfifo"),
		      NLM_F_MULTI | NLM_F_DUMP_INTR);
	net_case_done(&k.net);
	round_case_says_root(&k, ROUND_CASE_UPLINK, true);
	net_case_done(&k.net);
	net_case_done(&k.net);
	net_case_done(&k.net);
	round_case_run(&k);
	assert_int_equal(k.found.links.list[0].ifindex, ROUND_CASE_UPLINK);
	assert_false(k.round->tc[0].classes[NET_TC_CLASS_UNMARKED].foreign_leaf);
}

/* The uplink of ours by its default route, or while that is away. */
static void run_with_route(bool route)
{
	round_case_says_link(&k, ROUND_CASE_UPLINK, "eth0", NULL, NET_NO_NSID);
	net_case_done(&k.net);
	if (route)
		round_case_says_route(&k, ROUND_CASE_UPLINK, 0);
	net_case_done(&k.net);
	net_case_done(&k.net);
	round_case_says_root(&k, ROUND_CASE_UPLINK, true);
	for (int i = 0; i < 3; i++)
		net_case_done(&k.net);
	round_case_run(&k);
	assert_string_equal(k.found.links.list[0].name, "eth0");
	assert_int_equal(k.found.n_steps, 0);
}

TEST(an_uplink_whose_route_is_away_for_a_moment_is_one_still)
{
	k.wanted.plan.list[0].refusal = NET_UNREAD;
	k.wanted.asked.n = 0;
	run_with_route(true);
	run_with_route(false);
	run_with_route(true);
	assert_int_equal(k.found.links.list[0].refusal, NET_FINE);
}

/* Nothing is known of routes before. */
TEST(what_another_agent_left_at_a_link_without_a_route_has_some_time)
{
	k.wanted.asked.n = 0;
	round_case_says_link(&k, ROUND_CASE_UPLINK, "eth0", NULL, NET_NO_NSID);
	round_case_says_no_routes(&k);
	round_case_says_root(&k, ROUND_CASE_UPLINK, true);
	net_case_done(&k.net);
	net_round_run(k.round, &k.wanted, &k.found);
	assert_int_equal(k.found.error, 0);
	assert_int_equal(k.found.links.n, 0);
	assert_int_equal(k.found.n_left, 0);
	k.wanted.plan.list[0].refusal = NET_UNREAD;
	run_with_route(false);
}

static void run_with_speed(uint64_t bytes_per_s)
{
	k.wanted.apply = false;
	k.wanted.asked.speed_bytes_per_s = 0;
	round_case_says_uplink(&k, true);
	round_case_run(&k);
	assert_true(k.found.links.list[0].speed_bytes_per_s == bytes_per_s);
}

static void write_speed(const char *text)
{
	int speed = openat(k.fd, "sys/class/net/eth0/speed", O_WRONLY | O_TRUNC);

	assert_true(speed >= 0);
	assert_int_equal(write(speed, text, strlen(text)), strlen(text));
	close(speed);
}

TEST(a_speed_that_is_not_known_for_a_moment_is_the_one_before)
{
	write_speed("1000\n");
	run_with_speed(125000000);
	write_speed("-1\n");
	run_with_speed(125000000);
	write_speed("100\n");
	run_with_speed(12500000);
}

/* An uplink, another link with our root, a pod's end with our mark. */
static void says_all(void)
{
	round_case_says_link(&k, ROUND_CASE_UPLINK, "eth0", NULL, NET_NO_NSID);
	round_case_says_link(&k, 3, "eth1", NULL, NET_NO_NSID);
	round_case_says_link(&k, ROUND_CASE_END, "veth5", "veth", 4);
	round_case_says_no_routes(&k);
	round_case_says_root(&k, ROUND_CASE_UPLINK, true);
	round_case_says_root(&k, 3, true);
	round_case_says_clsact(&k, ROUND_CASE_END);
	net_case_done(&k.net);
	net_case_done(&k.net);
	net_case_done(&k.net);
	round_case_says_mark(&k, 0x800, 0xf00);
}

/* Nothing answers the first step, so nothing is known of any. */
TEST(what_a_lost_connection_did_not_reach_is_not_done)
{
	unsigned n;

	k.wanted.apply = false;
	says_all();
	fault_begin();
	round_case_run(&k);
	n = fault_count(SYS_NETLINK);
	fault_end();
	k.wanted.apply = true;
	k.wanted.plan.on = false;
	says_all();
	fault_begin();
	fault_set(SYS_NETLINK, n + 1, -ENOBUFS);
	round_case_run(&k);
	assert_true(fault_was_met());
	fault_end();
	assert_true(k.found.again);
	assert_int_equal(k.found.of_link[0].result.end, NET_TC_LOST);
	assert_int_equal(k.found.n_left, 3);
}

/* How many messages a round of this look takes that changes nothing. */
static unsigned look_takes(void (*says)(void))
{
	bool apply = k.wanted.apply;
	unsigned n;

	k.wanted.apply = false;
	says();
	fault_begin();
	round_case_run(&k);
	n = fault_count(SYS_NETLINK);
	fault_end();
	k.wanted.apply = apply;
	return n;
}

static void says_our_uplink(void)
{
	round_case_says_uplink(&k, true);
}

static void run_takes(void (*says)(void), unsigned n)
{
	says();
	fault_begin();
	round_case_run(&k);
	assert_int_equal(fault_count(SYS_NETLINK), n);
	fault_end();
	assert_int_equal(k.found.n_steps, 0);
}

/* What could not be read, or came after the plan was made, is no reason to take anything away. */
TEST(an_uplink_that_the_plan_knows_nothing_of_keeps_what_it_has)
{
	unsigned n = look_takes(says_our_uplink);

	k.wanted.plan.list[0].refusal = NET_UNREAD;
	run_takes(says_our_uplink, n);
	k.wanted.plan.list[0].refusal = NET_DENIED;
	run_takes(says_our_uplink, n);
	k.wanted.plan.n = 0;
	run_takes(says_our_uplink, n);
}

static int32_t next_deleted_qdisc(void)
{
	const struct tcmsg *asked = round_case_asked(&k, RTM_DELQDISC);

	return asked ? asked->tcm_ifindex : 0;
}

TEST(what_is_ours_is_removed_everywhere_and_nothing_else)
{
	k.wanted.plan.on = false;
	says_all();
	/* Two roots, a mark and its clsact. */
	for (int i = 0; i < 4; i++)
		net_case_says(&k.net, 0, NULL);
	round_case_run(&k);
	assert_int_equal(k.found.n_left, 0);
	assert_int_equal(k.found.n_steps, 4);
	assert_int_equal(next_deleted_qdisc(), ROUND_CASE_UPLINK);
	assert_int_equal(next_deleted_qdisc(), 3);
	assert_int_equal(next_deleted_qdisc(), ROUND_CASE_END);
	assert_int_equal(next_deleted_qdisc(), 0);
}

static void whole_round_before(void)
{
	bool apply = k.wanted.apply;

	k.wanted.apply = false;
	round_case_says_uplink(&k, true);
	round_case_run(&k);
	assert_false(k.found.brief);
	while (net_case_asked(&k.net))
		;
	k.wanted.apply = apply;
	k.wanted.brief = true;
}

static void says_root_class(uint64_t ceil)
{
	struct net_class of = k.wanted.plan.list[0].shape.root;

	of.ceil_bytes_per_s = ceil;
	round_case_says_class(&k, NET_TC_CLASS_ROOT, &of);
	net_case_done(&k.net);
	net_case_done(&k.net);
}

TEST(a_brief_round_asks_for_the_classes_alone)
{
	const struct nlmsghdr *asked;
	int n = 0;

	k.wanted.apply = false;
	whole_round_before();
	says_root_class(12500000);
	round_case_run(&k);
	assert_true(k.found.brief);
	assert_false(k.found.again);
	assert_true(k.found.of_link[0].counts.at_us > 0);
	for (; (asked = net_case_asked(&k.net)); n++)
		assert_true(asked->nlmsg_type == RTM_GETTCLASS ||
			    asked->nlmsg_type == RTM_GETTFILTER);
	assert_int_equal(n, 2);
}

TEST(a_brief_round_changes_a_class_that_is_there_and_leaves_the_rest_to_a_whole_one)
{
	whole_round_before();
	says_root_class(1250000);
	net_case_says(&k.net, 0, NULL);
	round_case_run(&k);
	assert_true(k.found.brief);
	assert_int_equal(k.found.n_steps, 1);
	assert_non_null(round_case_asked(&k, RTM_NEWTCLASS));
	/* The other two classes are not there. */
	assert_true(k.found.again);
}

/* Only the list of qdiscs has it. */
TEST(a_brief_round_knows_of_the_leaf_that_a_whole_one_saw)
{
	const struct net_shape *shape = &k.wanted.plan.list[0].shape;

	k.wanted.apply = false;
	round_case_says_link(&k, ROUND_CASE_UPLINK, "eth0", NULL, NET_NO_NSID);
	round_case_says_no_routes(&k);
	round_case_says_root(&k, ROUND_CASE_UPLINK, true);
	net_case_part(&k.net,
		      net_case_tc(RTM_NEWQDISC, ROUND_CASE_UPLINK,
				  net_tc_class_id(NET_TC_CLASS_UNMARKED), 0x80010000, 0,
				  "fq_codel"),
		      NLM_F_MULTI);
	net_case_done(&k.net);
	net_case_done(&k.net);
	net_case_done(&k.net);
	round_case_run(&k);
	assert_int_equal(k.round->tc[0].classes[NET_TC_CLASS_UNMARKED].leaf, 0x80010000);
	k.wanted.brief = true;
	round_case_says_class(&k, NET_TC_CLASS_ROOT, &shape->root);
	round_case_says_class(&k, NET_TC_CLASS_UNMARKED, &shape->unmarked);
	net_case_done(&k.net);
	net_case_done(&k.net);
	round_case_run(&k);
	assert_true(k.found.brief);
	assert_int_equal(k.round->tc[0].classes[NET_TC_CLASS_UNMARKED].leaf, 0x80010000);
}

/* Somebody has removed it: nothing is put where nobody has looked. */
TEST(where_ours_has_gone_a_brief_round_changes_nothing_and_asks_for_a_whole_one)
{
	whole_round_before();
	net_case_done(&k.net);
	net_case_done(&k.net);
	round_case_run(&k);
	assert_true(k.found.brief);
	assert_true(k.found.again);
	assert_int_equal(k.found.n_steps, 0);
	assert_int_equal(k.found.of_link[0].result.end, NET_TC_DONE);
	/* and the next one is whole */
	k.wanted.apply = false;
	round_case_says_uplink(&k, false);
	round_case_run(&k);
	assert_false(k.found.brief);
}

TEST(the_first_round_is_whole)
{
	k.wanted.apply = false;
	k.wanted.brief = true;
	round_case_says_uplink(&k, false);
	round_case_run(&k);
	assert_false(k.found.brief);
}

static void says_a_failed_look_and_a_ceiling(void)
{
	struct net_class offline = k.wanted.plan.list[0].shape.root;

	offline.ceil_bytes_per_s /= 10;
	net_case_says(&k.net, -ENOMEM, NULL);
	round_case_says_link(&k, ROUND_CASE_UPLINK, "eth0", NULL, NET_NO_NSID);
	net_case_done(&k.net);
	round_case_says_root(&k, ROUND_CASE_UPLINK, true);
	net_case_done(&k.net);
	round_case_says_class(&k, NET_TC_CLASS_ROOT, &k.wanted.plan.list[0].shape.root);
	round_case_says_class(&k, NET_TC_CLASS_OFFLINE, &offline);
	net_case_done(&k.net);
	net_case_done(&k.net);
	net_case_says(&k.net, 0, NULL);
}

/* Nobody can tell what online work sends, but classes can be changed. */
TEST(when_looks_have_failed_for_long_ceilings_are_as_wide_as_the_links)
{
	const struct tcmsg *asked;

	k.round->blind_us = clock_now_us() - NET_ROUND_BLIND_US;
	says_a_failed_look_and_a_ceiling();
	net_round_run(k.round, &k.wanted, &k.found);
	assert_int_equal(k.found.error, -ENOMEM);
	asked = round_case_asked(&k, RTM_NEWTCLASS);
	assert_non_null(asked);
	assert_int_equal(asked->tcm_handle, net_tc_class_id(NET_TC_CLASS_OFFLINE));
}

TEST(one_look_that_failed_widens_nothing)
{
	says_a_failed_look_and_a_ceiling();
	net_round_run(k.round, &k.wanted, &k.found);
	assert_int_equal(k.found.error, -ENOMEM);
	assert_true(k.round->blind_us > 0);
	assert_null(round_case_asked(&k, RTM_NEWTCLASS));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_policys_speed_counts_where_the_link_tells_none),
		CASE(counts_are_of_the_time_at_which_they_were_read),
		CASE(a_root_that_could_not_be_removed_is_told_of),
		CASE(a_look_that_was_interrupted_is_forgotten),
		CASE(an_uplink_whose_route_is_away_for_a_moment_is_one_still),
		CASE(what_another_agent_left_at_a_link_without_a_route_has_some_time),
		CASE(a_speed_that_is_not_known_for_a_moment_is_the_one_before),
		CASE(what_a_lost_connection_did_not_reach_is_not_done),
		CASE(an_uplink_that_the_plan_knows_nothing_of_keeps_what_it_has),
		CASE(what_is_ours_is_removed_everywhere_and_nothing_else),
		CASE(a_brief_round_asks_for_the_classes_alone),
		CASE(a_brief_round_changes_a_class_that_is_there_and_leaves_the_rest_to_a_whole_one),
		CASE(a_brief_round_knows_of_the_leaf_that_a_whole_one_saw),
		CASE(where_ours_has_gone_a_brief_round_changes_nothing_and_asks_for_a_whole_one),
		CASE(the_first_round_is_whole),
		CASE(when_looks_have_failed_for_long_ceilings_are_as_wide_as_the_links),
		CASE(one_look_that_failed_widens_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
