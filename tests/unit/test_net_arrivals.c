// SPDX-License-Identifier: LGPL-2.1-or-later
// Buckets and their filters with a kernel that says what the test wants; what a real one makes of it is shown in a VM
// (74-net-arrivals).
#include "agent/net_arrivals.h"

#include <errno.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "tests/lib/round_case.h"
#include "tests/lib/test.h"

#define RATE 125000

static struct round_case k;
static struct net_round_pod pod;

static int setup(void **state)
{
	(void)state;
	round_case_open(&k);
	pod = (struct net_round_pod){.serial = 1,
				     .cgroup_path = "pod",
				     .marked = true,
				     .level = LEVEL_P7,
				     .offline = true};
	k.wanted.buckets = true;
	k.wanted.plan.list[0].police = NET_POLICE_ON;
	/* The uplink stays as it is. */
	k.wanted.plan.list[0].refusal = NET_FINE;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	round_case_close(&k);
	return 0;
}

static void round_begins(void)
{
	k.found.links = (struct net_links){.n = 1, .list = {{.ifindex = ROUND_CASE_UPLINK}}};
	k.round->tc[0] = (struct net_tc_link){.ifindex = ROUND_CASE_UPLINK, .root = NET_ROOT_OURS};
	round_case_says_link(&k, ROUND_CASE_UPLINK, "eth0", NULL, NET_NO_NSID);
	net_case_done(&k.net);
	assert_int_equal(net_look_at_devices(k.net.nl, &k.round->look), 0);
}

TEST(a_bucket_is_made_before_a_filter_leads_to_it)
{
	round_begins();
	net_case_says(&k.net, 0, NULL);
	net_arrivals_apply(k.round, &k.wanted, &k.found);
	assert_int_equal(k.round->polices.n, 1);
	assert_int_equal(k.round->polices.list[0].indev, ROUND_CASE_UPLINK);
	assert_int_equal(k.round->polices.list[0].index, net_police_index(ROUND_CASE_UPLINK));
	assert_string_equal(k.round->polices.list[0].name, "eth0");
	assert_non_null(round_case_asked(&k, RTM_NEWACTION));
	assert_int_equal(k.found.n_steps, 1);
}

/* What a tunnel that came after the plan was made has brought is nobody's yet. */
TEST(a_tunnel_leads_to_the_bucket_of_the_only_uplink)
{
	round_begins();
	k.found.links.n_tunnels = 1;
	k.found.links.tunnels[0] = ROUND_CASE_UPLINK;
	net_case_says(&k.net, 0, NULL);
	net_arrivals_apply(k.round, &k.wanted, &k.found);
	assert_int_equal(k.round->polices.n, 2);
	k.wanted.plan.n = 2;
	net_case_says(&k.net, 0, NULL);
	net_arrivals_apply(k.round, &k.wanted, &k.found);
	assert_int_equal(k.round->polices.n, 1);
}

/* Nothing is asked where it is as it is wanted. */
TEST(a_bucket_is_changed_where_its_rate_is_another)
{
	round_begins();
	k.wanted.plan.list[0].rx_hold.ceil_bytes_per_s = RATE;
	round_case_says_bucket(&k, net_police_index(ROUND_CASE_UPLINK), RATE);
	net_case_done(&k.net);
	assert_int_equal(net_police_look(k.net.nl, &k.round->actions), 0);
	while (net_case_asked(&k.net))
		;
	net_arrivals_follow(k.round, &k.wanted, &k.found);
	assert_null(net_case_asked(&k.net));
	assert_int_equal(k.found.n_steps, 0);
	k.wanted.plan.list[0].rx_hold.ceil_bytes_per_s = RATE / 2;
	net_case_says(&k.net, 0, NULL);
	net_arrivals_follow(k.round, &k.wanted, &k.found);
	assert_non_null(round_case_asked(&k, RTM_NEWACTION));
	assert_false(k.found.again);
}

TEST(one_that_has_gone_is_for_a_whole_round)
{
	round_begins();
	net_arrivals_follow(k.round, &k.wanted, &k.found);
	assert_true(k.found.again);
}

TEST(what_the_kernel_does_not_do_is_told_and_no_filter_is_wanted)
{
	round_begins();
	net_case_says(&k.net, -ENOENT, "Failed to load TC action module");
	net_arrivals_apply(k.round, &k.wanted, &k.found);
	assert_int_equal(k.round->polices.n, 0);
	assert_int_equal(k.found.police_error, -ENOENT);
	assert_string_equal(k.found.police_cause, "Failed to load TC action module");
}

TEST(what_arrives_is_counted_with_its_link)
{
	const struct rtnl_link_stats64 stats = {.rx_bytes = 77};
	struct nl_msg *m = net_case_link(ROUND_CASE_UPLINK, "eth0", NULL);
	struct net_counts *counts = &k.found.of_link[0].counts;

	round_begins();
	round_case_says_bucket(&k, 7, RATE);
	round_case_says_bucket(&k, net_police_index(ROUND_CASE_UPLINK), RATE);
	net_case_done(&k.net);
	assert_int_equal(nla_put(m, IFLA_STATS64, sizeof(stats), &stats), 0);
	net_case_part(&k.net, m, 0);
	net_case_says(&k.net, 0, NULL);
	assert_int_equal(net_arrivals_look(k.round, &k.found), 0);
	assert_int_equal(k.round->actions.n, 1);
	assert_true(counts->rx_at_us > 0);
	assert_int_equal(counts->rx_bytes, 77);
	assert_int_equal(counts->rx_offline.bytes, 5000);
	assert_int_equal(counts->rx_offline.packets, 4);
	assert_int_equal(counts->rx_offline.drops, 1);
}

/* One more of an uplink that is none any more. */
TEST(a_bucket_that_nobody_wants_goes_and_while_it_is_used_lets_all_through)
{
	round_begins();
	round_case_says_bucket(&k, net_police_index(9), RATE);
	net_case_done(&k.net);
	assert_int_equal(net_police_look(k.net.nl, &k.round->actions), 0);
	net_case_says(&k.net, 0, NULL);
	net_arrivals_drop(k.round, &k.wanted, &k.found);
	assert_non_null(round_case_asked(&k, RTM_DELACTION));
	assert_int_equal(k.found.n_left, 0);
	net_case_says(&k.net, -EPERM, NULL);
	net_case_says(&k.net, 0, NULL);
	net_arrivals_drop(k.round, &k.wanted, &k.found);
	assert_non_null(round_case_asked(&k, RTM_NEWACTION));
	assert_int_equal(k.found.n_left, 0);
	assert_int_equal(k.found.police_error, 0);
	/* At the end nothing of ours may be left. */
	k.wanted.plan.on = false;
	net_case_says(&k.net, -EPERM, NULL);
	net_case_says(&k.net, 0, NULL);
	net_arrivals_drop(k.round, &k.wanted, &k.found);
	assert_int_equal(k.found.n_left, 1);
}

/* The look at a node with a pod whose end has a place for filters with our mark in it. */
static void says_a_pods_end(void)
{
	round_case_says_link(&k, ROUND_CASE_UPLINK, "eth0", NULL, NET_NO_NSID);
	round_case_says_link(&k, ROUND_CASE_END, "veth5", "veth", ROUND_CASE_NSID);
	round_case_says_no_routes(&k);
	round_case_says_root(&k, ROUND_CASE_UPLINK, true);
	round_case_says_clsact(&k, ROUND_CASE_END);
	net_case_done(&k.net);
	net_case_done(&k.net);
	net_case_done(&k.net);
	round_case_says_nsid(&k, ROUND_CASE_NSID);
	round_case_says_mark(&k, net_mark_of(&k.wanted.plan.mark, pod.level), 0xf00);
}

/* What is asked at the pod's end, of this type. */
static const struct tcmsg *asked_at_end(int type)
{
	const struct tcmsg *tc;

	while ((tc = round_case_asked(&k, type)))
		if (tc->tcm_ifindex == ROUND_CASE_END)
			return tc;
	return NULL;
}

static void run_with_a_pod(int filter)
{
	k.wanted.pods = &pod;
	k.wanted.n_pods = 1;
	k.wanted.plan.list[0].refusal = NET_UNREAD;
	/* The bucket of a link whose classes stay as they are. */
	k.wanted.plan.n = 2;
	k.wanted.plan.list[1] = k.wanted.plan.list[0];
	k.wanted.plan.list[1].refusal = NET_FINE;
	k.wanted.plan.list[0].police = NET_POLICE_OFF;
	says_a_pods_end();
	net_case_done(&k.net);
	net_case_says(&k.net, 0, NULL);
	net_case_says(&k.net, filter, NULL);
	net_round_run(k.round, &k.wanted, &k.found);
	assert_int_equal(k.found.error, 0);
}

TEST(an_offline_pods_end_has_the_filter_beside_its_mark)
{
	const struct tcmsg *tc;

	run_with_a_pod(0);
	tc = asked_at_end(RTM_NEWTFILTER);
	assert_non_null(tc);
	assert_int_equal(tc->tcm_parent, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS));
	assert_int_equal(tc->tcm_handle, ROUND_CASE_UPLINK);
	assert_int_equal(tc->tcm_info >> 16, NET_TC_PRIO);
	assert_null(asked_at_end(RTM_NEWTFILTER));
	assert_int_equal(k.found.police_error, 0);
}

/* Nor that of one of which not enough is known. */
TEST(an_online_pods_end_has_none)
{
	pod.level = LEVEL_P0;
	pod.offline = false;
	run_with_a_pod(0);
	assert_null(asked_at_end(RTM_NEWTFILTER));
	assert_true(k.found.pods[0].marked);
}

/* cls_flower or the action is not there. */
TEST(without_the_filter_the_mark_is_as_it_is_wanted)
{
	run_with_a_pod(-ENOENT);
	assert_int_equal(k.found.police_error, -ENOENT);
	assert_int_equal(k.found.pods[0].pod.refusal, NET_FINE);
	assert_int_equal(k.found.pods[0].result.end, NET_TC_DONE);
	assert_true(k.found.pods[0].marked);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_bucket_is_made_before_a_filter_leads_to_it),
		CASE(a_tunnel_leads_to_the_bucket_of_the_only_uplink),
		CASE(a_bucket_is_changed_where_its_rate_is_another),
		CASE(one_that_has_gone_is_for_a_whole_round),
		CASE(what_the_kernel_does_not_do_is_told_and_no_filter_is_wanted),
		CASE(what_arrives_is_counted_with_its_link),
		CASE(a_bucket_that_nobody_wants_goes_and_while_it_is_used_lets_all_through),
		CASE(an_offline_pods_end_has_the_filter_beside_its_mark),
		CASE(an_online_pods_end_has_none),
		CASE(without_the_filter_the_mark_is_as_it_is_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
