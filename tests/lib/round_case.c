// SPDX-License-Identifier: LGPL-2.1-or-later
// See round_case.h.
#include "tests/lib/round_case.h"

#include <linux/gen_stats.h>
#include <linux/net_namespace.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

#include "agent/apply/net_police.h"
#include "tests/lib/test.h"
#include "tests/lib/tree.h"

void round_case_open(struct round_case *k)
{
	const struct net_class class = {.rate_bytes_per_s = 1000000,
					.ceil_bytes_per_s = 12500000,
					.burst_bytes = 20000,
					.cburst_bytes = 20000,
					.quantum_bytes = 3000};

	*k = (struct round_case){0};
	net_case_open(&k->net);
	assert_int_equal(tree_make("pod/ctr/cgroup.procs = 77\n"
				   "proc/self/net/dev = x\n"
				   "proc/77/net/\n"
				   "sys/class/net/eth0/speed = \n",
				   &k->dir),
			 0);
	k->fd = tree_open(k->dir);
	assert_true(k->fd >= 0);
	assert_int_equal(net_round_new(k->fd, k->fd, &k->round), 0);
	k->round->nl = k->net.nl;
	k->wanted = (struct net_round_wanted){
		.asked = {.n = 1, .names = {"eth0"}, .speed_bytes_per_s = 12500000},
		.apply = true,
		.plan = {.on = true,
			 .known = true,
			 .mark = {.mask = 0xf00, .value = 0x800, .shift = 8},
			 .n = 1},
	};
	k->wanted.plan.list[0] = (struct net_plan_link){
		.ifindex = ROUND_CASE_UPLINK,
		.shape = {.root = class, .unmarked = class, .level = {class}, .levels = 1}};
}

void round_case_close(struct round_case *k)
{
	/* Whatever is left of the connection is the round's. */
	k->net.nl = NULL;
	net_round_free(k->round);
	net_round_found_done(&k->found);
	net_case_close(&k->net);
	close(k->fd);
	tree_remove(k->dir);
}

void round_case_says_link(struct round_case *k, int32_t ifindex, const char *name, const char *kind,
			  int32_t nsid)
{
	struct nl_msg *m = net_case_link(ifindex, name, kind);

	if (nsid != NET_NO_NSID)
		assert_int_equal(nla_put_u32(m, IFLA_LINK_NETNSID, (uint32_t)nsid), 0);
	net_case_part(&k->net, m, NLM_F_MULTI);
}

void round_case_says_no_routes(struct round_case *k)
{
	net_case_done(&k->net);
	net_case_done(&k->net);
	net_case_done(&k->net);
}

void round_case_says_route(struct round_case *k, int32_t ifindex, int flags)
{
	const struct rtmsg header = {.rtm_table = RT_TABLE_MAIN, .rtm_type = RTN_UNICAST};
	struct nl_msg *m = netlink_message(RTM_NEWROUTE, 0, &header, sizeof(header));

	assert_non_null(m);
	assert_int_equal(nla_put_u32(m, RTA_OIF, (uint32_t)ifindex), 0);
	net_case_part(&k->net, m, NLM_F_MULTI | flags);
}

void round_case_says_root(struct round_case *k, int32_t ifindex, bool ours)
{
	const struct net_tc_step step = {.what = NET_TC_ADD_ROOT, .ifindex = ifindex};
	struct nl_msg *m = ours ? net_tc_message(&step)
				: net_case_tc(RTM_NEWQDISC, ifindex, TC_H_ROOT, 0, 0, "fq_codel");

	assert_non_null(m);
	net_case_part(&k->net, m, NLM_F_MULTI);
}

void round_case_says_clsact(struct round_case *k, int32_t ifindex)
{
	net_case_part(&k->net,
		      net_case_tc(RTM_NEWQDISC, ifindex, TC_H_INGRESS, 0xffff0000, 0, "clsact"),
		      NLM_F_MULTI);
}

void round_case_says_ingress(struct round_case *k, int32_t ifindex)
{
	net_case_part(&k->net,
		      net_case_tc(RTM_NEWQDISC, ifindex, TC_H_INGRESS, 0xffff0000, 0, "ingress"),
		      NLM_F_MULTI);
}

void round_case_says_mark(struct round_case *k, uint32_t mark, uint32_t mask)
{
	const struct net_tc_step step = {.what = NET_TC_ADD_MARK,
					 .ifindex = ROUND_CASE_END,
					 .id = NET_TC_MARK_OWN,
					 .mark = mark,
					 .mask = mask};
	struct nl_msg *m = net_tc_message(&step);

	assert_non_null(m);
	net_case_part(&k->net, m, NLM_F_MULTI);
	net_case_done(&k->net);
	net_case_done(&k->net);
}

void round_case_says_class(struct round_case *k, enum net_tc_class class,
			   const struct net_class *of)
{
	const struct net_tc_step step = {
		.what = NET_TC_ADD_CLASS,
		.ifindex = ROUND_CASE_UPLINK,
		.id = net_tc_class_id(class),
		.parent = class == NET_TC_CLASS_ROOT ? NET_TC_ROOT_HANDLE
						     : net_tc_class_id(NET_TC_CLASS_ROOT),
		.htb = net_tc_htb_of(of),
	};
	struct nl_msg *m = net_tc_message(&step);

	assert_non_null(m);
	net_case_part(&k->net, m, NLM_F_MULTI);
}

void round_case_says_uplink(struct round_case *k, bool ours)
{
	round_case_says_link(k, ROUND_CASE_UPLINK, "eth0", NULL, NET_NO_NSID);
	round_case_says_no_routes(k);
	round_case_says_root(k, ROUND_CASE_UPLINK, ours);
	net_case_done(&k->net);
	/* classes and filters */
	for (int i = 0; ours && i < 2; i++)
		net_case_done(&k->net);
}

void round_case_says_an_end(struct round_case *k)
{
	round_case_says_link(k, ROUND_CASE_UPLINK, "eth0", NULL, NET_NO_NSID);
	round_case_says_link(k, ROUND_CASE_END, "veth5", "veth", ROUND_CASE_NSID);
	round_case_says_no_routes(k);
	round_case_says_root(k, ROUND_CASE_UPLINK, false);
	net_case_done(&k->net);
}

void round_case_says_nsid(struct round_case *k, int32_t nsid)
{
	const struct rtgenmsg header = {0};
	struct nl_msg *m = netlink_message(RTM_NEWNSID, 0, &header, sizeof(header));

	assert_non_null(m);
	assert_int_equal(nla_put_u32(m, NETNSA_NSID, (uint32_t)nsid), 0);
	net_case_part(&k->net, m, 0);
	net_case_says(&k->net, 0, NULL);
}

/* As the kernel lists them: from 0. What it was made by is what it is told by. */
void round_case_says_bucket(struct round_case *k, uint32_t index, uint64_t rate_bytes_per_s)
{
	const struct tcamsg header = {.tca_family = AF_UNSPEC};
	const uint32_t burst_bytes = (uint32_t)net_police_burst(rate_bytes_per_s);
	const struct tc_police police = {
		.index = index,
		.burst = rate_bytes_per_s ? net_tc_ticks(burst_bytes, rate_bytes_per_s) : 0,
		.rate = {.rate = (uint32_t)rate_bytes_per_s}};
	const struct gnet_stats_basic basic = {.bytes = 5000, .packets = 4};
	const struct gnet_stats_queue queue = {.drops = 1};
	struct nl_msg *m = netlink_message(RTM_GETACTION, 0, &header, sizeof(header));
	struct nlattr *all, *one, *in;

	assert_non_null(m);
	all = nla_nest_start(m, TCA_ACT_TAB);
	one = nla_nest_start(m, 0);
	assert_int_equal(nla_put_string(m, TCA_ACT_KIND, "police"), 0);
	in = nla_nest_start(m, TCA_ACT_STATS);
	assert_int_equal(nla_put(m, TCA_STATS_BASIC, sizeof(basic), &basic), 0);
	assert_int_equal(nla_put(m, TCA_STATS_QUEUE, sizeof(queue), &queue), 0);
	nla_nest_end(m, in);
	in = nla_nest_start(m, TCA_ACT_OPTIONS);
	assert_int_equal(nla_put(m, TCA_POLICE_TBF, sizeof(police), &police), 0);
	nla_nest_end(m, in);
	nla_nest_end(m, one);
	nla_nest_end(m, all);
	net_case_part(&k->net, m, NLM_F_MULTI);
}

void round_case_run(struct round_case *k)
{
	net_round_run(k->round, &k->wanted, &k->found);
	assert_int_equal(k->found.error, 0);
	assert_int_equal(k->found.links.n, 1);
}

const struct tcmsg *round_case_asked(struct round_case *k, int type)
{
	const struct nlmsghdr *asked;

	while ((asked = net_case_asked(&k->net)))
		if (asked->nlmsg_type == type)
			return NLMSG_DATA(asked);
	return NULL;
}
