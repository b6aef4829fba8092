// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <linux/gen_stats.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <linux/tc_act/tc_skbedit.h>

#include "agent/base/netlink_tc.h"
#include "tests/lib/net_case.h"

static int read_it(struct nl_msg *message, struct tc_object *ret)
{
	int r = netlink_tc_read(nlmsg_hdr(message), ret);

	nlmsg_free(message);
	return r;
}

static void put_counts(struct nl_msg *m, int in, uint64_t bytes, uint64_t packets, bool wide)
{
	const struct gnet_stats_basic basic = {.bytes = bytes, .packets = (uint32_t)packets};
	const struct gnet_stats_queue queue = {.backlog = 11, .drops = 22, .overlimits = 33};
	struct nlattr *nest = nla_nest_start(m, in);

	assert_int_equal(nla_put(m, TCA_STATS_BASIC, sizeof(basic), &basic), 0);
	if (wide)
		assert_int_equal(nla_put_u64(m, TCA_STATS_PKT64, packets), 0);
	assert_int_equal(nla_put(m, TCA_STATS_QUEUE, sizeof(queue), &queue), 0);
	assert_int_equal(nla_nest_end(m, nest), 0);
}

TEST(a_qdisc_of_any_kind_has_its_place_and_its_counts)
{
	struct nl_msg *m = net_case_tc(RTM_NEWQDISC, 3, TC_H_ROOT, 0x80010000, 2, "fq_codel");
	struct tc_object o;

	put_counts(m, TCA_STATS2, 5000000000, 42, false);
	assert_int_equal(read_it(m, &o), 0);
	assert_int_equal(o.what, TC_QDISC);
	assert_int_equal(o.ifindex, 3);
	assert_int_equal(o.parent, TC_H_ROOT);
	assert_int_equal(o.handle, 0x80010000);
	assert_string_equal(o.kind, "fq_codel");
	assert_true(o.has_counts && !o.has_htb);
	assert_true(o.counts.bytes == 5000000000 && o.counts.packets == 42);
	assert_true(o.counts.backlog_bytes == 11 && o.counts.drops == 22 &&
		    o.counts.overlimits == 33);
}

TEST(more_packets_than_32_bits_hold_are_counted)
{
	struct nl_msg *m = net_case_tc(RTM_NEWTCLASS, 3, TC_H_ROOT, 0xc01d0001, 0, "htb");
	struct tc_object o;

	put_counts(m, TCA_STATS2, 1, 5000000000, true);
	assert_int_equal(read_it(m, &o), 0);
	assert_true(o.counts.packets == 5000000000);
}

TEST(an_htb_names_its_default)
{
	const struct tc_htb_glob glob = {.version = 0x30011, .defcls = 2, .direct_pkts = 9};
	struct nl_msg *m = net_case_tc(RTM_NEWQDISC, 3, TC_H_ROOT, 0xc01d0000, 2, "htb");
	struct nlattr *nest = nla_nest_start(m, TCA_OPTIONS);
	struct tc_object o;

	assert_int_equal(nla_put(m, TCA_HTB_INIT, sizeof(glob), &glob), 0);
	nla_nest_end(m, nest);
	assert_int_equal(read_it(m, &o), 0);
	assert_true(o.has_htb);
	assert_int_equal(o.htb_default, 2);
	assert_int_equal(o.htb_direct, 9);
}

/* A filter "basic" with one action of this kind, and an attribute more in it. */
static struct tc_object basic(const char *kind, int more, int n_conditions)
{
	const struct tcf_ematch_tree_hdr tree = {.nmatches = (uint16_t)n_conditions};
	const struct tc_skbedit edit = {0};
	struct nl_msg *m = net_case_tc(RTM_NEWTFILTER, 3, 0xfffffff2, 1, 0xc01d0300, "basic");
	struct nlattr *options = nla_nest_start(m, TCA_OPTIONS), *acts, *act, *of;
	struct tc_object o;

	/* The kernel lists it even where there is none. */
	if (n_conditions >= 0) {
		of = nla_nest_start(m, TCA_BASIC_EMATCHES);
		assert_int_equal(nla_put(m, TCA_EMATCH_TREE_HDR, sizeof(tree), &tree), 0);
		nla_nest_end(m, of);
	}
	acts = nla_nest_start(m, TCA_BASIC_ACT);
	act = nla_nest_start(m, 1);
	assert_int_equal(nla_put_string(m, TCA_ACT_KIND, kind), 0);
	put_counts(m, TCA_ACT_STATS, 100, 2, false);
	of = nla_nest_start(m, TCA_ACT_OPTIONS);
	assert_int_equal(nla_put(m, TCA_SKBEDIT_PARMS, sizeof(edit), &edit), 0);
	assert_int_equal(nla_put_u32(m, TCA_SKBEDIT_MARK, 5), 0);
	if (more)
		assert_int_equal(nla_put_u32(m, more, 7), 0);
	nla_nest_end(m, of);
	nla_nest_end(m, act);
	nla_nest_end(m, acts);
	nla_nest_end(m, options);
	assert_int_equal(read_it(m, &o), 0);
	return o;
}

TEST(a_mark_is_one_where_nothing_else_is_done)
{
	struct tc_object o = basic("skbedit", TCA_SKBEDIT_MASK, 0);

	assert_true(o.has_skbedit && o.mark == 5 && o.mark_mask == 7);
	assert_true(o.counts.bytes == 100 && o.counts.packets == 2);
	o = basic("skbedit", 0, -1);
	assert_true(o.has_skbedit && o.mark_mask == UINT32_MAX);
	o = basic("skbedit", TCA_SKBEDIT_PRIORITY, 0);
	assert_false(o.has_skbedit);
	o = basic("gact", TCA_SKBEDIT_MASK, 0);
	assert_false(o.has_skbedit);
	o = basic("skbedit", TCA_SKBEDIT_MASK, 1);
	assert_false(o.has_skbedit);
}

static int32_t redirect(const char *kind, int action, uint32_t to, int n_actions)
{
	struct tc_object o;

	assert_int_equal(read_it(net_case_mirred(3, 0xffff0000, kind, action, to, n_actions), &o),
			 0);
	assert_false(o.has_skbedit);
	return o.redirect;
}

TEST(a_filter_that_sends_away_names_the_device)
{
	assert_int_equal(redirect("u32", TCA_EGRESS_REDIR, 9, 1), 9);
	assert_int_equal(redirect("matchall", TCA_EGRESS_REDIR, 9, 1), 9);
	assert_int_equal(redirect("basic", TCA_EGRESS_REDIR, 9, 1), 9);
	/* The CNI's bandwidth plugin makes two of it, and the second sees nothing. */
	assert_int_equal(redirect("u32", TCA_EGRESS_REDIR, 9, 2), 9);
	/* A copy leaves the packet where it is. */
	assert_int_equal(redirect("u32", TCA_EGRESS_MIRROR, 9, 1), 0);
	assert_int_equal(redirect("u32", TCA_EGRESS_REDIR, 9, 0), 0);
	assert_int_equal(redirect("flower", TCA_EGRESS_REDIR, 9, 1), 0);
	assert_int_equal(redirect("u32", TCA_EGRESS_REDIR, UINT32_MAX, 1), 0);
}

TEST(a_filter_by_mark_without_a_mask_takes_all_bits)
{
	struct nl_msg *m = net_case_tc(RTM_NEWTFILTER, 3, 0xc01d0000, 5, 0xc01d0300, "fw");
	struct nlattr *nest = nla_nest_start(m, TCA_OPTIONS);
	struct tc_object o;

	assert_int_equal(nla_put_u32(m, TCA_FW_CLASSID, 0xc01d0010), 0);
	nla_nest_end(m, nest);
	assert_int_equal(read_it(m, &o), 0);
	assert_true(o.has_fw && o.fw_class == 0xc01d0010 && o.fw_mask == UINT32_MAX);
}

TEST(what_is_too_short_is_refused)
{
	struct tc_object o = {.ifindex = 4711};
	struct nl_msg *m = net_case_tc(RTM_NEWTCLASS, 3, TC_H_ROOT, 0xc01d0001, 0, "htb");
	struct nlattr *nest = nla_nest_start(m, TCA_OPTIONS);

	assert_int_equal(nla_put_u32(m, TCA_HTB_PARMS, 1), 0);
	nla_nest_end(m, nest);
	assert_int_equal(read_it(m, &o), -EBADMSG);
	m = net_case_tc(RTM_NEWQDISC, 3, TC_H_ROOT, 0, 0, "pfifo");
	nest = nla_nest_start(m, TCA_STATS2);
	assert_int_equal(nla_put_u32(m, TCA_STATS_QUEUE, 1), 0);
	nla_nest_end(m, nest);
	assert_int_equal(read_it(m, &o), -EBADMSG);
	m = netlink_message(RTM_NEWQDISC, 0, &o, 4);
	assert_int_equal(read_it(m, &o), -EBADMSG);
	m = net_case_link(1, "lo", NULL);
	assert_int_equal(read_it(m, &o), -ENOMSG);
	assert_int_equal(o.ifindex, 4711);
}

TEST(a_long_kind_is_cut)
{
	struct nl_msg *m =
		net_case_tc(RTM_NEWQDISC, 3, TC_H_ROOT, 0, 0, "a-kind-that-is-far-too-long");
	struct tc_object o;

	assert_int_equal(read_it(m, &o), 0);
	assert_string_equal(o.kind, "a-kind-that-is-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_qdisc_of_any_kind_has_its_place_and_its_counts),
		cmocka_unit_test(more_packets_than_32_bits_hold_are_counted),
		cmocka_unit_test(an_htb_names_its_default),
		cmocka_unit_test(a_mark_is_one_where_nothing_else_is_done),
		cmocka_unit_test(a_filter_that_sends_away_names_the_device),
		cmocka_unit_test(a_filter_by_mark_without_a_mask_takes_all_bits),
		cmocka_unit_test(what_is_too_short_is_refused),
		cmocka_unit_test(a_long_kind_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
