// SPDX-License-Identifier: LGPL-2.1-or-later
// What of the kernel's lists is ours: its own messages are made by net_tc_message.c, which writes what the kernel lists.
#include "tests/lib/test.h"

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>

#include "agent/apply/net_tc.h"
#include "tests/lib/net_case.h"

static struct net_tc_link link_;
static struct net_tc_end end_;

static void take(struct nl_msg *message)
{
	assert_non_null(message);
	assert_int_equal(net_tc_link_take(&link_, nlmsg_hdr(message)), 0);
	assert_int_equal(net_tc_end_take(&end_, nlmsg_hdr(message)), 0);
	nlmsg_free(message);
}

static void begin(void)
{
	link_ = (struct net_tc_link){.ifindex = 7};
	end_ = (struct net_tc_end){.ifindex = 7, .ingress_kind = "clsact"};
}

static struct nl_msg *of(enum net_tc_do what, uint32_t id, uint32_t prio)
{
	const struct net_tc_step step = {.what = what,
					 .ifindex = 7,
					 .id = id,
					 .parent = 0xc01d0001,
					 .prio = prio,
					 .mark = 0xf00000,
					 .mask = 0xf00000,
					 .htb = {.rate_bytes_per_s = 5, .ceil_bytes_per_s = 6}};

	return net_tc_message(&step);
}

/* An HTB of ours with another handle or default. */
static struct nl_msg *other_root(uint32_t handle, uint32_t default_minor)
{
	struct nl_msg *m = net_case_tc(RTM_NEWQDISC, 7, TC_H_ROOT, handle, 2, "htb");
	const struct tc_htb_glob glob = {.version = 3, .defcls = default_minor};
	struct nlattr *options = nla_nest_start(m, TCA_OPTIONS);

	assert_non_null(options);
	assert_int_equal(nla_put(m, TCA_HTB_INIT, sizeof(glob), &glob), 0);
	assert_int_equal(nla_nest_end(m, options), 0);
	return m;
}

TEST(our_root_is_told_by_handle_kind_and_default)
{
	begin();
	take(net_case_tc(RTM_NEWQDISC, 7, TC_H_ROOT, 0, 2, "mq"));
	assert_int_equal(link_.root, NET_ROOT_DEFAULT);
	take(net_case_tc(RTM_NEWQDISC, 7, TC_H_ROOT, 0x10000, 2, "tbf"));
	assert_int_equal(link_.root, NET_ROOT_FOREIGN);
	take(net_case_tc(RTM_NEWQDISC, 7, TC_H_ROOT, NET_TC_ROOT_HANDLE, 2, "htb"));
	assert_int_equal(link_.root, NET_ROOT_FOREIGN);
	take(net_case_tc(RTM_NEWQDISC, 7, TC_H_ROOT, NET_TC_ROOT_HANDLE, 2, "hfsc"));
	assert_int_equal(link_.root, NET_ROOT_FOREIGN);
	take(of(NET_TC_ADD_ROOT, 0, 0));
	assert_int_equal(link_.root, NET_ROOT_OURS);
	take(other_root(NET_TC_ROOT_HANDLE, NET_MINOR_UNMARKED + 1));
	assert_int_equal(link_.root, NET_ROOT_FOREIGN);
	take(other_root(0x10000, NET_MINOR_UNMARKED));
	assert_int_equal(link_.root, NET_ROOT_FOREIGN);
}

TEST(a_class_is_found_with_its_leaf)
{
	begin();
	take(net_case_tc(RTM_NEWQDISC, 7, 0xc01d0010, 0x80050000, 0, "fq_codel"));
	take(net_case_tc(RTM_NEWQDISC, 7, 0xc01d0011, 0x80060000, 0, "pfifo"));
	take(net_case_tc(RTM_NEWQDISC, 7, 0xc01d0012, 0, 0, "pfifo"));
	take(of(NET_TC_ADD_CLASS, 0xc01d0010, 0));
	assert_true(link_.classes[NET_TC_CLASS_LEVEL].there);
	assert_int_equal(link_.classes[NET_TC_CLASS_LEVEL].leaf, 0x80050000);
	assert_int_equal(link_.classes[NET_TC_CLASS_LEVEL].parent, 0xc01d0001);
	assert_true(link_.classes[NET_TC_CLASS_LEVEL].htb.ceil_bytes_per_s == 6);
	assert_true(link_.classes[NET_TC_CLASS_LEVEL + 1].foreign_leaf);
	assert_false(link_.classes[NET_TC_CLASS_LEVEL + 1].there);
	assert_false(link_.classes[NET_TC_CLASS_LEVEL + 2].foreign_leaf);
	assert_int_equal(link_.n_others, 0);
}

TEST(what_others_put_into_our_root_is_counted)
{
	begin();
	take(of(NET_TC_ADD_CLASS, 0xc01d0099, 0));
	take(net_case_tc(RTM_NEWTCLASS, 7, 0x80050000, 0x80050001, 0, "fq_codel"));
	assert_int_equal(link_.n_others, 1);
	take(of(NET_TC_ADD_FILTER, 0xc01d0010, 3));
	assert_int_equal(link_.n_others, 2);
	take(net_case_tc(RTM_NEWTFILTER, 7, NET_TC_ROOT_HANDLE, 1, 0x10300, "u32"));
	assert_int_equal(link_.n_others, 3);
	/* The head of a prio. */
	take(net_case_tc(RTM_NEWTFILTER, 7, NET_TC_ROOT_HANDLE, 0, 0x10300, "fw"));
	assert_int_equal(link_.n_others, 3);
	assert_int_equal(link_.n_filters, 0);
}

TEST(our_filters_are_found)
{
	begin();
	take(of(NET_TC_ADD_FILTER, 0xc01d0017, NET_TC_PRIO));
	take(of(NET_TC_ADD_FILTER, 0xc01d0017, NET_TC_PRIO + 1));
	assert_int_equal(link_.n_filters, 2);
	assert_int_equal(link_.filters[1].prio, NET_TC_PRIO + 1);
	assert_int_equal(link_.filters[1].class_id, 0xc01d0017);
	assert_int_equal(link_.filters[1].mark, 0xf00000);
	for (int i = 0; i < 4 * LEVEL_COUNT; i++)
		take(of(NET_TC_ADD_FILTER, 0xc01d0017, NET_TC_PRIO));
	assert_int_equal(link_.n_filters, 2 * LEVEL_COUNT);
}

TEST(our_mark_at_an_end_is_told_from_others)
{
	begin();
	take(net_case_tc(RTM_NEWTFILTER, 7, 0xfffffff2, 1, 0x10300, "bpf"));
	assert_true(!end_.ours && end_.n_others == 1);
	take(of(NET_TC_ADD_MARK, NET_TC_MARK_OWN, 0));
	assert_true(end_.ours && end_.n_others == 1 && end_.mark == 0xf00000);
	assert_false(end_.borrowed);
	take(of(NET_TC_ADD_MARK, NET_TC_MARK_BORROWED, 0));
	assert_true(end_.ours && end_.borrowed && end_.n_others == 1);
	/* The same thing somewhere else. */
	begin();
	end_.ifindex = 8;
	take(of(NET_TC_ADD_MARK, NET_TC_MARK_OWN, 0));
	assert_true(!end_.ours && end_.n_others == 0);
}

TEST(who_sends_away_what_arrives_at_an_end_is_seen)
{
	begin();
	take(net_case_mirred(8, 0xfffffff2, "u32", TCA_EGRESS_REDIR, 9, 1));
	assert_true(end_.redirect == 0 && end_.n_others == 0);
	take(net_case_mirred(7, 0xfffffff2, "u32", TCA_EGRESS_MIRROR, 9, 1));
	assert_true(end_.redirect == 0 && end_.n_others == 1);
	take(net_case_mirred(7, 0xfffffff3, "u32", TCA_EGRESS_REDIR, 9, 1));
	assert_true(end_.redirect == 0 && end_.n_others == 2);
	take(net_case_mirred(7, 0xfffffff2, "u32", TCA_EGRESS_REDIR, 9, 1));
	assert_true(end_.redirect == 9 && end_.n_others == 3);
	take(net_case_mirred(7, 0xffff0000, "u32", TCA_EGRESS_REDIR, 10, 1));
	assert_true(end_.redirect == 10 && end_.n_others == 4);
	assert_false(end_.ours);
}

/* A level's never meets the three that are not one's. */
TEST(no_class_id_is_given_twice)
{
	for (unsigned a = 0; a < NET_TC_CLASS_COUNT; a++)
		for (unsigned b = 0; b < a; b++)
			assert_int_not_equal(net_tc_class_id(a), net_tc_class_id(b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_root_is_told_by_handle_kind_and_default),
		cmocka_unit_test(a_class_is_found_with_its_leaf),
		cmocka_unit_test(what_others_put_into_our_root_is_counted),
		cmocka_unit_test(our_filters_are_found),
		cmocka_unit_test(our_mark_at_an_end_is_told_from_others),
		cmocka_unit_test(who_sends_away_what_arrives_at_an_end_is_seen),
		cmocka_unit_test(no_class_id_is_given_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
