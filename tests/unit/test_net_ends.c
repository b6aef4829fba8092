// SPDX-License-Identifier: LGPL-2.1-or-later
// The pods' ends in a round with a kernel that says what the test wants (net_round.c).
#include "tests/lib/test.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <unistd.h>

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

TEST(a_pod_is_told_of_a_connection_that_was_lost_before_it)
{
	struct net_round_pod pod = {.serial = 7, .cgroup_path = "pod", .marked = true};
	unsigned n = 0;

	for (int i = 0; i < 3; i++) {
		k.wanted.apply = i == 2;
		k.wanted.pods = &pod;
		k.wanted.n_pods = 1;
		round_case_says_link(&k, ROUND_CASE_UPLINK, "eth0", NULL, NET_NO_NSID);
		round_case_says_link(&k, ROUND_CASE_END, "veth5", "veth", 4);
		round_case_says_no_routes(&k);
		round_case_says_root(&k, ROUND_CASE_UPLINK, false);
		net_case_done(&k.net);
		/* It is known from then on. */
		if (i == 0)
			round_case_says_nsid(&k, 4);
		fault_begin();
		if (i == 2)
			fault_set(SYS_NETLINK, n + 1, -ENOBUFS);
		round_case_run(&k);
		n = fault_count(SYS_NETLINK);
		assert_int_equal(fault_was_met(), i == 2);
		fault_end();
	}
	assert_int_equal(k.found.of_link[0].result.end, NET_TC_LOST);
	assert_int_equal(k.found.of_link[0].result.what, NET_TC_ADD_ROOT);
	assert_int_equal(k.found.pods[0].pod.n, 1);
	assert_int_equal(k.found.pods[0].result.end, NET_TC_LOST);
	assert_int_equal(k.found.pods[0].result.what, NET_TC_ADD_CLSACT);
}

static void says_a_clsact(void)
{
	round_case_says_link(&k, ROUND_CASE_UPLINK, "eth0", NULL, NET_NO_NSID);
	round_case_says_link(&k, ROUND_CASE_END, "veth5", "veth", 4);
	round_case_says_no_routes(&k);
	round_case_says_root(&k, ROUND_CASE_UPLINK, false);
	round_case_says_clsact(&k, ROUND_CASE_END);
	net_case_done(&k.net);
}

/* Its mark failed, and so did taking it back; or the agent was killed between the two. */
TEST(a_clsact_that_was_left_is_used_counted_and_stays)
{
	struct net_round_pod pod = {.serial = 7, .cgroup_path = "pod", .marked = true};
	const struct tcmsg *asked;

	k.wanted.plan.list[0].refusal = NET_UNREAD;
	k.wanted.pods = &pod;
	k.wanted.n_pods = 1;
	round_case_says_an_end(&k);
	round_case_says_nsid(&k, 4);
	net_case_says(&k.net, 0, NULL);
	net_case_says(&k.net, -ENOMEM, NULL);
	net_case_says(&k.net, -ENOMEM, NULL);
	round_case_run(&k);
	assert_int_equal(k.found.pods[0].result.what, NET_TC_ADD_MARK);
	assert_int_equal(k.found.pods[0].result.end, NET_TC_NO_MEMORY);
	assert_int_equal(k.found.n_unclear, 0);
	while (net_case_asked(&k.net))
		;
	says_a_clsact();
	net_case_done(&k.net);
	net_case_done(&k.net);
	net_case_says(&k.net, 0, NULL);
	round_case_run(&k);
	assert_int_equal(k.found.pods[0].result.end, NET_TC_DONE);
	assert_int_equal(k.found.pods[0].pod.refusal, NET_FINE);
	assert_int_equal(k.found.n_unclear, 1);
	assert_int_equal(k.found.n_steps, 1);
	asked = round_case_asked(&k, RTM_NEWTFILTER);
	assert_non_null(asked);
	assert_int_equal(asked->tcm_handle, NET_TC_MARK_BORROWED);
}

/* Whose marks they are the kernel cannot tell apart: nobody online is to suffer from the other. */
TEST(of_pods_that_share_a_network_the_highest_level_counts)
{
	struct net_round_pod pods[] = {
		{.serial = 7, .cgroup_path = "pod", .marked = true, .level = LEVEL_P7},
		{.serial = 8, .cgroup_path = "pod", .marked = true, .level = LEVEL_P1},
		{.serial = 9, .cgroup_path = "pod", .marked = true, .level = LEVEL_P4},
	};

	k.wanted.plan.list[0].refusal = NET_UNREAD;
	k.wanted.pods = pods;
	k.wanted.n_pods = 3;
	round_case_says_an_end(&k);
	for (int i = 0; i < 3; i++)
		round_case_says_nsid(&k, 4);
	net_case_says(&k.net, -EPERM, NULL);
	round_case_run(&k);
	assert_int_equal(k.round->n_ends, 1);
	assert_true(k.round->ends[0].wanted);
	assert_int_equal(k.round->ends[0].mark, net_mark_of(&k.wanted.plan.mark, LEVEL_P1));
}

static void run_with_end(int32_t nsid)
{
	round_case_says_link(&k, ROUND_CASE_UPLINK, "eth0", NULL, NET_NO_NSID);
	round_case_says_link(&k, ROUND_CASE_END, "veth5", "veth", 4);
	round_case_says_no_routes(&k);
	round_case_says_root(&k, ROUND_CASE_UPLINK, false);
	net_case_done(&k.net);
	round_case_says_nsid(&k, nsid);
	round_case_run(&k);
}

/* Its first process was in the pod's cgroup before it was in the pod's network. */
TEST(a_pod_in_the_hosts_network_is_asked_about_again)
{
	struct net_round_pod pod = {.serial = 7, .cgroup_path = "pod", .marked = true};

	k.wanted.apply = false;
	k.wanted.pods = &pod;
	k.wanted.n_pods = 1;
	assert_int_equal(linkat(k.fd, "proc/self/net/dev", k.fd, "proc/77/net/dev", 0), 0);
	run_with_end(9);
	assert_true(k.found.pods[0].pod.host);
	assert_int_equal(unlinkat(k.fd, "proc/77/net/dev", 0), 0);
	run_with_end(4);
	assert_false(k.found.pods[0].pod.host);
	assert_int_equal(k.found.pods[0].pod.refusal, NET_FINE);
	assert_int_equal(k.found.pods[0].pod.ifindex[0], ROUND_CASE_END);
}

static const struct net_mark new_mark = {.mask = 0xf00000, .value = 0x800000, .shift = 20};

static void says_old_filter(int32_t ifindex)
{
	const struct net_tc_step step = {.what = NET_TC_ADD_FILTER,
					 .ifindex = ifindex,
					 .id = 0xc01d0010,
					 .prio = NET_TC_PRIO,
					 .mark = 0x800,
					 .mask = 0xf00};
	struct nl_msg *m = net_tc_message(&step);

	assert_non_null(m);
	net_case_done(&k.net);
	net_case_part(&k.net, m, NLM_F_MULTI);
	net_case_done(&k.net);
}

/* The pod has the mark of another net.mark, and the uplinks have its filter. */
static void says_an_older_mark(int32_t n_uplinks)
{
	for (int32_t i = 0; i < n_uplinks; i++)
		round_case_says_link(&k, ROUND_CASE_UPLINK + i, i == 0 ? "eth0" : "eth1", NULL,
				     NET_NO_NSID);
	round_case_says_link(&k, ROUND_CASE_END, "veth5", "veth", ROUND_CASE_NSID);
	round_case_says_no_routes(&k);
	for (int32_t i = 0; i < n_uplinks; i++)
		round_case_says_root(&k, ROUND_CASE_UPLINK + i, true);
	round_case_says_clsact(&k, ROUND_CASE_END);
	net_case_done(&k.net);
	for (int32_t i = 0; i < n_uplinks; i++)
		says_old_filter(ROUND_CASE_UPLINK + i);
	round_case_says_nsid(&k, ROUND_CASE_NSID);
	round_case_says_mark(&k, 0x800, 0xf00);
}

/* What is done to filters, in its order: "+2" at the uplink, "+5" at the pod's end, "-2" … */
static const char *filters_asked(void)
{
	static char text[64];
	const struct nlmsghdr *asked;

	text[0] = '\0';
	while ((asked = net_case_asked(&k.net))) {
		const struct tcmsg *tc = NLMSG_DATA(asked);
		bool add = asked->nlmsg_type == RTM_NEWTFILTER;

		if (add || asked->nlmsg_type == RTM_DELTFILTER)
			(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%c%d",
				       text[0] ? " " : "", add ? '+' : '-', tc->tcm_ifindex);
	}
	return text;
}

/* Three classes, two leaves, a filter. */
#define STEPS_AT_LINK 5

static void run_with_new_mark(int32_t n_uplinks, unsigned n_done, int error)
{
	static struct net_round_pod pod = {.serial = 7, .cgroup_path = "pod", .marked = true};

	k.wanted.plan.mark = new_mark;
	k.wanted.pods = &pod;
	k.wanted.n_pods = 1;
	says_an_older_mark(n_uplinks);
	for (unsigned i = 0; i < n_done; i++)
		net_case_says(&k.net, 0, NULL);
	net_case_says(&k.net, error, NULL);
	for (unsigned i = 0; i < STEPS_AT_LINK + 4; i++)
		net_case_says(&k.net, 0, NULL);
	net_round_run(k.round, &k.wanted, &k.found);
	assert_int_equal(k.found.error, 0);
	assert_int_equal(k.found.links.n, n_uplinks);
}

TEST(another_mark_of_the_policys_leaves_no_packet_without_its_class)
{
	run_with_new_mark(1, STEPS_AT_LINK, 0);
	assert_int_equal(k.found.n_steps, STEPS_AT_LINK + 3);
	assert_int_equal(k.found.of_link[0].result.n_made, STEPS_AT_LINK + 2);
	assert_string_equal(filters_asked(), "+2 +5 -2");
}

TEST(an_end_that_keeps_its_old_mark_keeps_its_old_filter)
{
	run_with_new_mark(1, STEPS_AT_LINK + 1, -ENOMEM);
	assert_int_equal(k.found.pods[0].result.end, NET_TC_NO_MEMORY);
	assert_string_equal(filters_asked(), "+2 +5");
	assert_false(k.found.again);
}

TEST(without_the_new_filters_the_old_marks_stay)
{
	run_with_new_mark(1, STEPS_AT_LINK, -ENOMEM);
	assert_int_equal(k.found.of_link[0].result.end, NET_TC_NO_MEMORY);
	assert_string_equal(filters_asked(), "+2");
}

/* An agent has just started, and has not heard of the pod yet. */
TEST(a_pod_of_which_nothing_is_known_keeps_its_mark_and_its_filter)
{
	static struct net_round_pod pod = {.serial = 7, .cgroup_path = "pod", .stays = true};

	k.wanted.plan.mark = new_mark;
	k.wanted.pods = &pod;
	k.wanted.n_pods = 1;
	says_an_older_mark(1);
	for (unsigned i = 0; i < STEPS_AT_LINK + 1; i++)
		net_case_says(&k.net, 0, NULL);
	round_case_run(&k);
	assert_true(k.round->ends[0].tc.ours);
	assert_true(k.found.pods[0].marked);
	assert_int_equal(k.found.n_steps, STEPS_AT_LINK + 1);
	assert_string_equal(filters_asked(), "+2");
}

TEST(a_pod_counts_as_marked_when_its_mark_is_there)
{
	static struct net_round_pod pod = {.serial = 7, .cgroup_path = "pod", .marked = true};

	k.wanted.apply = false;
	k.wanted.pods = &pod;
	k.wanted.n_pods = 1;
	run_with_end(4);
	assert_int_equal(k.found.pods[0].pod.n, 1);
	assert_false(k.found.pods[0].marked);
}

/* One of two uplinks has its new filters, the other has not. */
TEST(an_uplink_keeps_its_old_filters_for_the_sake_of_another)
{
	k.wanted.asked.n = 2;
	strcpy(k.wanted.asked.names[1], "eth1");
	k.wanted.plan.n = 2;
	k.wanted.plan.list[1] = k.wanted.plan.list[0];
	k.wanted.plan.list[1].ifindex = ROUND_CASE_UPLINK + 1;
	run_with_new_mark(2, STEPS_AT_LINK, -ENOMEM);
	assert_int_equal(k.found.of_link[0].result.end, NET_TC_NO_MEMORY);
	assert_int_equal(k.found.of_link[1].result.end, NET_TC_DONE);
	assert_string_equal(filters_asked(), "+2 +3");
}

#define IFB 6

/* A round with an ingress at the pod's end; `filter` is what is in it, or NULL. Interface IFB is of this kind. */
static enum net_refusal with_ingress(struct nl_msg *filter, const char *kind)
{
	static struct net_round_pod pod = {.serial = 7, .cgroup_path = "pod", .marked = true};

	k.wanted.plan.list[0].refusal = NET_UNREAD;
	k.wanted.pods = &pod;
	k.wanted.n_pods = 1;
	round_case_says_link(&k, ROUND_CASE_UPLINK, "eth0", NULL, NET_NO_NSID);
	round_case_says_link(&k, ROUND_CASE_END, "veth5", "veth", ROUND_CASE_NSID);
	round_case_says_link(&k, IFB, "bwp1", kind, NET_NO_NSID);
	round_case_says_no_routes(&k);
	round_case_says_root(&k, ROUND_CASE_UPLINK, false);
	round_case_says_ingress(&k, ROUND_CASE_END);
	net_case_done(&k.net);
	round_case_says_nsid(&k, ROUND_CASE_NSID);
	if (filter)
		net_case_part(&k.net, filter, NLM_F_MULTI);
	net_case_done(&k.net);
	round_case_run(&k);
	assert_int_equal(k.found.n_steps, 0);
	assert_int_equal(k.found.n_unclear, 0);
	assert_false(k.found.pods[0].marked);
	return k.found.pods[0].pod.refusal;
}

static struct nl_msg *to(int32_t ifindex)
{
	return net_case_mirred(ROUND_CASE_END, 0xffff0000, "u32", TCA_EGRESS_REDIR,
			       (uint32_t)ifindex, 2);
}

TEST(a_pod_that_the_bandwidth_plugin_bounds_is_told_from_others)
{
	assert_int_equal(with_ingress(to(IFB), "ifb"), NET_CNI_BANDWIDTH);
}

TEST(who_sends_away_to_something_else_is_not_the_bandwidth_plugin)
{
	assert_int_equal(with_ingress(to(IFB), "veth"), NET_FOREIGN_CLSACT);
}

/* In the place of ours, by its prio and handle: but no ingress was made by us. */
TEST(what_is_in_an_ingress_is_never_taken_for_ours)
{
	const struct net_tc_step step = {.what = NET_TC_ADD_MARK,
					 .ifindex = ROUND_CASE_END,
					 .id = NET_TC_MARK_OWN,
					 .mark = 0x800,
					 .mask = 0xf00};

	assert_int_equal(with_ingress(net_tc_message(&step), "ifb"), NET_FOREIGN_CLSACT);
	assert_false(k.round->ends[0].tc.ours);
}

TEST(an_empty_ingress_is_somebody_elses)
{
	assert_int_equal(with_ingress(NULL, "ifb"), NET_FOREIGN_CLSACT);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_pod_is_told_of_a_connection_that_was_lost_before_it),
		CASE(a_clsact_that_was_left_is_used_counted_and_stays),
		CASE(of_pods_that_share_a_network_the_highest_level_counts),
		CASE(a_pod_in_the_hosts_network_is_asked_about_again),
		CASE(another_mark_of_the_policys_leaves_no_packet_without_its_class),
		CASE(an_end_that_keeps_its_old_mark_keeps_its_old_filter),
		CASE(without_the_new_filters_the_old_marks_stay),
		CASE(a_pod_of_which_nothing_is_known_keeps_its_mark_and_its_filter),
		CASE(a_pod_counts_as_marked_when_its_mark_is_there),
		CASE(an_uplink_keeps_its_old_filters_for_the_sake_of_another),
		CASE(a_pod_that_the_bandwidth_plugin_bounds_is_told_from_others),
		CASE(who_sends_away_to_something_else_is_not_the_bandwidth_plugin),
		CASE(what_is_in_an_ingress_is_never_taken_for_ours),
		CASE(an_empty_ingress_is_somebody_elses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
