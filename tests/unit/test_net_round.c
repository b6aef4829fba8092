// SPDX-License-Identifier: LGPL-2.1-or-later
// A round with a kernel that says what the test wants; what a real one makes of it is shown in a VM (70-net-tc).
#include "tests/lib/test.h"

#include <errno.h>
#include <linux/net_namespace.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

#include "agent/base/clock.h"
#include "agent/net_ends.h"
#include "tests/lib/fault.h"
#include "tests/lib/net_case.h"
#include "tests/lib/tree.h"

#define UPLINK 2

static struct net_case c;
static struct net_round *round_;
static struct net_round_wanted wanted;
static struct net_round_found found;
static char *dir;
static int fd;

static void begin(const char *spec)
{
	const struct net_class class = {.rate_bytes_per_s = 1000000,
					.ceil_bytes_per_s = 12500000,
					.burst_bytes = 20000,
					.cburst_bytes = 20000,
					.quantum_bytes = 3000};

	net_case_open(&c);
	assert_int_equal(tree_make(spec, &dir), 0);
	fd = tree_open(dir);
	assert_true(fd >= 0);
	assert_int_equal(net_round_new(fd, fd, &round_), 0);
	round_->nl = c.nl;
	wanted = (struct net_round_wanted){
		.asked = {.n = 1, .names = {"eth0"}, .speed_bytes_per_s = 12500000},
		.apply = true,
		.plan = {.on = true,
			 .known = true,
			 .mark = {.mask = 0xf00, .value = 0x800, .shift = 8},
			 .n = 1},
	};
	wanted.plan.list[0] = (struct net_plan_link){
		.ifindex = UPLINK,
		.shape = {.root = class, .unmarked = class, .level = {class}, .levels = 1}};
}

static void end(void)
{
	/* Whatever is left of the connection is the round's. */
	c.nl = NULL;
	net_round_free(round_);
	net_round_found_done(&found);
	net_case_close(&c);
	close(fd);
	tree_remove(dir);
}

static void says_link(int32_t ifindex, const char *name, const char *kind, int32_t nsid)
{
	struct nl_msg *m = net_case_link(ifindex, name, kind);

	if (nsid != NET_NO_NSID)
		assert_int_equal(nla_put_u32(m, IFLA_LINK_NETNSID, (uint32_t)nsid), 0);
	net_case_part(&c, m, NLM_F_MULTI);
}

/* Links are told; there are no routes. */
static void says_no_routes(void)
{
	net_case_done(&c);
	net_case_done(&c);
	net_case_done(&c);
}

static void says_root(int32_t ifindex, bool ours)
{
	const struct net_tc_step step = {.what = NET_TC_ADD_ROOT, .ifindex = ifindex};
	struct nl_msg *m = ours ? net_tc_message(&step)
				: net_case_tc(RTM_NEWQDISC, ifindex, TC_H_ROOT, 0, 0, "fq_codel");

	assert_non_null(m);
	net_case_part(&c, m, NLM_F_MULTI);
}

/* The one uplink, all of it. */
static void says_uplink(bool ours)
{
	says_link(UPLINK, "eth0", NULL, NET_NO_NSID);
	says_no_routes();
	says_root(UPLINK, ours);
	net_case_done(&c);
	/* classes and filters */
	for (int i = 0; ours && i < 2; i++)
		net_case_done(&c);
}

static void says_nsid(int32_t nsid)
{
	const struct rtgenmsg header = {0};
	struct nl_msg *m = netlink_message(RTM_NEWNSID, 0, &header, sizeof(header));

	assert_non_null(m);
	assert_int_equal(nla_put_u32(m, NETNSA_NSID, (uint32_t)nsid), 0);
	net_case_part(&c, m, 0);
	net_case_says(&c, 0, NULL);
}

static void run(void)
{
	net_round_run(round_, &wanted, &found);
	assert_int_equal(found.error, 0);
	assert_int_equal(found.links.n, 1);
}

static int setup(void **state)
{
	(void)state;
	begin("pod/ctr/cgroup.procs = 77\n"
	      "proc/self/net/dev = x\n"
	      "proc/77/net/\n");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	end();
	return 0;
}

TEST(the_policys_speed_counts_where_the_link_tells_none)
{
	wanted.asked.speed_bytes_per_s = 0;
	says_uplink(false);
	net_case_says(&c, -EPERM, NULL);
	run();
	assert_int_equal(found.links.list[0].refusal, NET_NO_SPEED);
	assert_int_equal(found.of_link[0].result.end, NET_TC_DENIED);
	assert_int_equal(found.of_link[0].result.what, NET_TC_ADD_ROOT);
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

	wanted.apply = false;
	says_uplink(true);
	fault_begin();
	run();
	n = fault_count(SYS_NETLINK);
	fault_end();
	assert_true(found.of_link[0].counts.at_us > 0);
	says_uplink(true);
	fault_begin();
	fault_set_late(SYS_NETLINK, n, note_the_time, &late_us);
	run();
	assert_true(fault_was_met());
	fault_end();
	assert_true(late_us > 0 && found.of_link[0].counts.at_us >= late_us);
}

TEST(a_root_that_could_not_be_removed_is_told_of)
{
	wanted.plan = (struct net_plan){.known = true};
	says_uplink(true);
	net_case_says(&c, -EPERM, NULL);
	run();
	assert_int_equal(found.of_link[0].result.end, NET_TC_DENIED);
	assert_int_equal(found.n_left, 1);
	assert_false(found.again);
	says_uplink(true);
	net_case_says(&c, -ENODEV, NULL);
	run();
	assert_int_equal(found.n_left, 0);
}

/* The route of the first try has gone by the second one, and our root has come. */
TEST(a_look_that_was_interrupted_is_forgotten)
{
	const struct rtmsg header = {.rtm_table = RT_TABLE_MAIN, .rtm_type = RTN_UNICAST};
	struct nl_msg *route = netlink_message(RTM_NEWROUTE, 0, &header, sizeof(header));

	wanted.apply = false;
	wanted.asked.n = 0;
	says_link(UPLINK, "eth0", NULL, NET_NO_NSID);
	says_link(3, "eth1", NULL, NET_NO_NSID);
	net_case_done(&c);
	assert_int_equal(nla_put_u32(route, RTA_OIF, 3), 0);
	net_case_part(&c, route, NLM_F_MULTI | NLM_F_DUMP_INTR);
	net_case_done(&c);
	route = netlink_message(RTM_NEWROUTE, 0, &header, sizeof(header));
	assert_int_equal(nla_put_u32(route, RTA_OIF, UPLINK), 0);
	net_case_part(&c, route, NLM_F_MULTI);
	net_case_done(&c);
	net_case_done(&c);
	says_root(UPLINK, true);
	net_case_part(&c, net_case_tc(RTM_NEWQDISC, UPLINK, NET_TC_ROOT_HANDLE | 2, 1, 0, "pfifo"),
		      NLM_F_MULTI | NLM_F_DUMP_INTR);
	net_case_done(&c);
	says_root(UPLINK, true);
	net_case_done(&c);
	net_case_done(&c);
	net_case_done(&c);
	run();
	assert_int_equal(found.links.list[0].ifindex, UPLINK);
	assert_false(round_->tc[0].classes[NET_TC_CLASS_UNMARKED].foreign_leaf);
}

#define POD_END 5

/* A mark of ours at a pod's end. */
static void says_mark(void)
{
	const struct net_tc_step step = {.what = NET_TC_ADD_MARK,
					 .ifindex = POD_END,
					 .mark = wanted.plan.mark.value,
					 .mask = wanted.plan.mark.mask};
	struct nl_msg *m = net_tc_message(&step);

	assert_non_null(m);
	net_case_part(&c, m, NLM_F_MULTI);
	net_case_done(&c);
	net_case_done(&c);
}

/* An uplink, another link with our root, a pod's end with our mark. */
static void says_all(void)
{
	says_link(UPLINK, "eth0", NULL, NET_NO_NSID);
	says_link(3, "eth1", NULL, NET_NO_NSID);
	says_link(POD_END, "veth5", "veth", 4);
	says_no_routes();
	says_root(UPLINK, true);
	says_root(3, true);
	net_case_part(&c, net_case_tc(RTM_NEWQDISC, POD_END, TC_H_INGRESS, 0xffff0000, 0, "clsact"),
		      NLM_F_MULTI);
	net_case_done(&c);
	net_case_done(&c);
	net_case_done(&c);
	says_mark();
}

/* Nothing answers the first step, so nothing is known of any. */
TEST(what_a_lost_connection_did_not_reach_is_not_done)
{
	unsigned n;

	wanted.apply = false;
	says_all();
	fault_begin();
	run();
	n = fault_count(SYS_NETLINK);
	fault_end();
	wanted.apply = true;
	wanted.plan.on = false;
	says_all();
	fault_begin();
	fault_set(SYS_NETLINK, n + 1, -ENOBUFS);
	run();
	assert_true(fault_was_met());
	fault_end();
	assert_true(found.again);
	assert_int_equal(found.of_link[0].result.end, NET_TC_LOST);
	assert_int_equal(found.n_left, 3);
}

TEST(what_was_never_asked_for_is_not_taken_for_made)
{
	struct net_round_pod pod = {.serial = 7, .cgroup_path = "pod", .marked = true};
	unsigned n = 0;

	for (int i = 0; i < 3; i++) {
		wanted.apply = i == 2;
		wanted.pods = &pod;
		wanted.n_pods = 1;
		says_link(UPLINK, "eth0", NULL, NET_NO_NSID);
		says_link(POD_END, "veth5", "veth", 4);
		says_no_routes();
		says_root(UPLINK, false);
		net_case_done(&c);
		/* It is known from then on. */
		if (i == 0)
			says_nsid(4);
		fault_begin();
		if (i == 2)
			fault_set(SYS_NETLINK, n + 1, -ENOBUFS);
		run();
		n = fault_count(SYS_NETLINK);
		assert_int_equal(fault_was_met(), i == 2);
		fault_end();
	}
	assert_int_equal(found.of_link[0].result.end, NET_TC_LOST);
	assert_int_equal(found.of_link[0].result.what, NET_TC_ADD_ROOT);
	assert_int_equal(found.pods[0].pod.n, 1);
	assert_int_equal(found.pods[0].result.end, NET_TC_LOST);
	assert_int_equal(found.pods[0].result.what, NET_TC_ADD_CLSACT);
	assert_int_equal(round_->n_made, 0);
}

/* How many messages a round of this look takes that changes nothing. */
static unsigned look_takes(void (*says)(void))
{
	bool apply = wanted.apply;
	unsigned n;

	wanted.apply = false;
	says();
	fault_begin();
	run();
	n = fault_count(SYS_NETLINK);
	fault_end();
	wanted.apply = apply;
	return n;
}

static void says_our_uplink(void)
{
	says_uplink(true);
}

static void run_takes(void (*says)(void), unsigned n)
{
	says();
	fault_begin();
	run();
	assert_int_equal(fault_count(SYS_NETLINK), n);
	fault_end();
	assert_int_equal(found.n_steps, 0);
}

/* What could not be read, or came after the plan was made, is no reason to take anything away. */
TEST(an_uplink_that_the_plan_knows_nothing_of_keeps_what_it_has)
{
	unsigned n = look_takes(says_our_uplink);

	wanted.plan.list[0].refusal = NET_UNREAD;
	run_takes(says_our_uplink, n);
	wanted.plan.list[0].refusal = NET_DENIED;
	run_takes(says_our_uplink, n);
	wanted.plan.n = 0;
	run_takes(says_our_uplink, n);
}

static int32_t next_deleted_qdisc(void)
{
	const struct nlmsghdr *asked;

	while ((asked = net_case_asked(&c)))
		if (asked->nlmsg_type == RTM_DELQDISC)
			return ((const struct tcmsg *)NLMSG_DATA(asked))->tcm_ifindex;
	return 0;
}

TEST(what_is_ours_is_removed_everywhere_and_nothing_else)
{
	wanted.plan.on = false;
	says_all();
	/* Two roots, a mark and its clsact. */
	for (int i = 0; i < 4; i++)
		net_case_says(&c, 0, NULL);
	run();
	assert_int_equal(found.n_left, 0);
	assert_int_equal(found.n_steps, 4);
	assert_int_equal(next_deleted_qdisc(), UPLINK);
	assert_int_equal(next_deleted_qdisc(), 3);
	assert_int_equal(next_deleted_qdisc(), POD_END);
	assert_int_equal(next_deleted_qdisc(), 0);
}

static void says_an_end(void)
{
	says_link(UPLINK, "eth0", NULL, NET_NO_NSID);
	says_link(POD_END, "veth5", "veth", 4);
	says_no_routes();
	says_root(UPLINK, false);
	net_case_done(&c);
}

/* The kernel was asked, and nobody knows what came of it. */
TEST(a_clsact_that_may_have_been_made_is_remembered)
{
	struct net_round_pod pod = {.serial = 7, .cgroup_path = "pod", .marked = true};
	unsigned n;

	wanted.plan.list[0].refusal = NET_UNREAD;
	wanted.pods = &pod;
	wanted.n_pods = 1;
	wanted.apply = false;
	says_an_end();
	says_nsid(4);
	run();
	n = look_takes(says_an_end);
	wanted.apply = true;
	says_an_end();
	fault_begin();
	fault_set(SYS_NETLINK, n + 2, -ENOBUFS);
	run();
	assert_true(fault_was_met());
	fault_end();
	assert_int_equal(found.pods[0].result.what, NET_TC_ADD_CLSACT);
	assert_int_equal(found.pods[0].result.end, NET_TC_LOST);
	assert_int_equal(round_->n_made, 1);
	assert_int_equal(round_->made[0], POD_END);
}

/* Whose marks they are the kernel cannot tell apart: nobody online is to suffer from the other. */
TEST(of_pods_that_share_a_network_the_highest_level_counts)
{
	struct net_round_pod pods[] = {
		{.serial = 7, .cgroup_path = "pod", .marked = true, .level = LEVEL_P7},
		{.serial = 8, .cgroup_path = "pod", .marked = true, .level = LEVEL_P1},
		{.serial = 9, .cgroup_path = "pod", .marked = true, .level = LEVEL_P4},
	};

	wanted.plan.list[0].refusal = NET_UNREAD;
	wanted.pods = pods;
	wanted.n_pods = 3;
	says_an_end();
	for (int i = 0; i < 3; i++)
		says_nsid(4);
	net_case_says(&c, -EPERM, NULL);
	run();
	assert_int_equal(round_->n_ends, 1);
	assert_true(round_->ends[0].wanted);
	assert_int_equal(round_->ends[0].mark, net_mark_of(&wanted.plan.mark, LEVEL_P1));
}

static void run_with_end(int32_t nsid)
{
	says_link(UPLINK, "eth0", NULL, NET_NO_NSID);
	says_link(POD_END, "veth5", "veth", 4);
	says_no_routes();
	says_root(UPLINK, false);
	net_case_done(&c);
	says_nsid(nsid);
	run();
}

/* Its first process was in the pod's cgroup before it was in the pod's network. */
TEST(a_pod_in_the_hosts_network_is_asked_about_again)
{
	struct net_round_pod pod = {.serial = 7, .cgroup_path = "pod", .marked = true};

	wanted.apply = false;
	wanted.pods = &pod;
	wanted.n_pods = 1;
	assert_int_equal(linkat(fd, "proc/self/net/dev", fd, "proc/77/net/dev", 0), 0);
	run_with_end(9);
	assert_int_equal(found.pods[0].pod.refusal, NET_HOST_NETWORK);
	assert_int_equal(unlinkat(fd, "proc/77/net/dev", 0), 0);
	run_with_end(4);
	assert_int_equal(found.pods[0].pod.refusal, NET_FINE);
	assert_int_equal(found.pods[0].pod.ifindex[0], POD_END);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_policys_speed_counts_where_the_link_tells_none),
		CASE(counts_are_of_the_time_at_which_they_were_read),
		CASE(a_root_that_could_not_be_removed_is_told_of),
		CASE(a_look_that_was_interrupted_is_forgotten),
		CASE(what_a_lost_connection_did_not_reach_is_not_done),
		CASE(what_was_never_asked_for_is_not_taken_for_made),
		CASE(an_uplink_that_the_plan_knows_nothing_of_keeps_what_it_has),
		CASE(what_is_ours_is_removed_everywhere_and_nothing_else),
		CASE(a_clsact_that_may_have_been_made_is_remembered),
		CASE(of_pods_that_share_a_network_the_highest_level_counts),
		CASE(a_pod_in_the_hosts_network_is_asked_about_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
