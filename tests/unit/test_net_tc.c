// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "agent/apply/net_tc.h"
#include "tests/lib/fault.h"
#include "tests/lib/net_case.h"

static const struct net_tc_steps marking = {
	.n = 2,
	.list = {{.what = NET_TC_ADD_CLSACT, .ifindex = 7},
		 {.what = NET_TC_ADD_MARK, .ifindex = 7, .mark = 0xf00000, .mask = 0xf00000}}};

static unsigned types_asked(struct net_case *c, int types[8])
{
	unsigned n = 0;

	for (const struct nlmsghdr *h = net_case_asked(c); h; h = net_case_asked(c))
		types[n++] = h->nlmsg_type;
	return n;
}

TEST(steps_are_made_in_their_order)
{
	struct net_case c;
	struct net_tc_result r;
	int types[8];

	net_case_open(&c);
	net_case_says(&c, 0, NULL);
	net_case_says(&c, 0, NULL);
	r = net_tc_run(c.nl, &marking);
	assert_int_equal(r.end, NET_TC_DONE);
	assert_int_equal(r.n_made, 2);
	assert_int_equal(types_asked(&c, types), 2);
	assert_true(types[0] == RTM_NEWQDISC && types[1] == RTM_NEWTFILTER);
	net_case_close(&c);
}

TEST(the_first_that_fails_ends_them)
{
	struct net_case c;
	struct net_tc_result r;
	int types[8];

	net_case_open(&c);
	net_case_says(&c, -EEXIST, "Exclusivity flag on, cannot modify");
	r = net_tc_run(c.nl, &marking);
	assert_int_equal(r.end, NET_TC_FOREIGN);
	assert_int_equal(r.error, -EEXIST);
	assert_int_equal(r.what, NET_TC_ADD_CLSACT);
	assert_int_equal(r.n_made, 0);
	assert_int_equal(types_asked(&c, types), 1);
	net_case_close(&c);
}

TEST(a_clsact_does_not_stay_without_its_mark)
{
	struct net_case c;
	struct net_tc_result r;
	int types[8];

	net_case_open(&c);
	net_case_says(&c, 0, NULL);
	net_case_says(&c, -ENOENT, "TC classifier not found");
	net_case_says(&c, 0, NULL);
	r = net_tc_run(c.nl, &marking);
	assert_int_equal(r.end, NET_TC_NO_MODULE);
	assert_int_equal(r.what, NET_TC_ADD_MARK);
	assert_int_equal(types_asked(&c, types), 3);
	assert_int_equal(types[2], RTM_DELQDISC);
	net_case_close(&c);
}

TEST(without_an_answer_it_is_not_known_what_was_made)
{
	struct net_case c;
	struct net_tc_result r;

	/* Each message of both steps: sent, and answered. */
	for (unsigned nth = 1; nth <= 4; nth++) {
		net_case_open(&c);
		net_case_says(&c, 0, NULL);
		net_case_says(&c, 0, NULL);
		fault_begin();
		fault_set(SYS_NETLINK, nth, -ENOBUFS);
		r = net_tc_run(c.nl, &marking);
		assert_true(fault_was_met());
		fault_end();
		assert_int_equal(r.end, NET_TC_LOST);
		assert_int_equal(r.n_made, (nth - 1) / 2);
		assert_true(netlink_is_lost(c.nl));
		net_case_close(&c);
	}
}

TEST(each_error_is_decided)
{
	static const struct {
		enum net_tc_do what;
		int error;
		enum net_tc_end_of end;
	} cases[] = {
		{NET_TC_ADD_ROOT, -ENODEV, NET_TC_GONE},
		{NET_TC_SET_MARK, -ENODEV, NET_TC_GONE},
		{NET_TC_DEL_ROOT, -ENODEV, NET_TC_GONE},
		/* The place was taken meanwhile. */
		{NET_TC_ADD_ROOT, -EEXIST, NET_TC_FOREIGN},
		{NET_TC_ADD_CLSACT, -EEXIST, NET_TC_FOREIGN},
		{NET_TC_ADD_LEAF, -EEXIST, NET_TC_FOREIGN},
		/* There by now: another agent of ours? The next look sees it. */
		{NET_TC_ADD_CLASS, -EEXIST, NET_TC_CHANGED},
		{NET_TC_ADD_MARK, -EEXIST, NET_TC_CHANGED},
		/* An unknown kind, or what is not there. */
		{NET_TC_ADD_ROOT, -ENOENT, NET_TC_NO_MODULE},
		{NET_TC_ADD_FILTER, -ENOENT, NET_TC_NO_MODULE},
		{NET_TC_ADD_MARK, -EOPNOTSUPP, NET_TC_NO_MODULE},
		{NET_TC_SET_CLASS, -ENOENT, NET_TC_CHANGED},
		{NET_TC_SET_MARK, -ENOENT, NET_TC_CHANGED},
		{NET_TC_DEL_ROOT, -ENOENT, NET_TC_DONE},
		{NET_TC_DEL_MARK, -ENOENT, NET_TC_DONE},
		/* Of another kind or handle by now: theirs. */
		{NET_TC_DEL_ROOT, -EINVAL, NET_TC_CHANGED},
		{NET_TC_DEL_CLSACT, -EINVAL, NET_TC_CHANGED},
		{NET_TC_ADD_LEAF, -EINVAL, NET_TC_CHANGED},
		{NET_TC_ADD_CLASS, -EINVAL, NET_TC_REFUSED},
		{NET_TC_DEL_CLASS, -EBUSY, NET_TC_CHANGED},
		{NET_TC_ADD_ROOT, -EPERM, NET_TC_DENIED},
		{NET_TC_ADD_ROOT, -ENOMEM, NET_TC_NO_MEMORY},
		{NET_TC_ADD_ROOT, -EIO, NET_TC_REFUSED},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(net_tc_end_of_error(cases[i].what, cases[i].error), cases[i].end);
	for (int what = 0; what < NET_TC_DO_COUNT; what++) {
		assert_int_equal(net_tc_end_of_error((enum net_tc_do)what, 0), NET_TC_DONE);
		assert_non_null(net_tc_do_name((enum net_tc_do)what));
	}
}

TEST(a_link_without_our_root_is_not_asked_about)
{
	struct net_case c;
	struct net_tc_link link = {.ifindex = 7, .root = NET_ROOT_DEFAULT};

	net_case_open(&c);
	assert_int_equal(net_tc_look(c.nl, &link), 0);
	assert_null(net_case_asked(&c));
	link.root = NET_ROOT_OURS;
	net_case_part(&c, net_case_tc(RTM_NEWTCLASS, 7, TC_H_ROOT, 0xc01d0099, 0, "htb"), 0);
	net_case_done(&c);
	net_case_done(&c);
	assert_int_equal(net_tc_look(c.nl, &link), 0);
	assert_int_equal(net_case_asked(&c)->nlmsg_type, RTM_GETTCLASS);
	assert_int_equal(net_case_asked(&c)->nlmsg_type, RTM_GETTFILTER);
	assert_int_equal(link.n_others, 1);
	net_case_close(&c);
}

TEST(of_a_clsact_both_ways_are_looked_at)
{
	struct net_case c;
	struct net_tc_end end = {.ifindex = 7, .ingress_kind = "clsact"};

	net_case_open(&c);
	net_case_done(&c);
	net_case_part(&c, net_case_tc(RTM_NEWTFILTER, 7, 0xfffffff3, 1, 0x10300, "bpf"), 0);
	net_case_done(&c);
	assert_int_equal(net_tc_look_at_end(c.nl, &end), 0);
	assert_false(end.ours);
	assert_int_equal(end.n_others, 1);
	net_case_close(&c);
}

static struct nl_msg *of(enum net_tc_do what, uint32_t mark)
{
	const struct net_tc_step step = {.what = what,
					 .ifindex = 7,
					 .id = 0xc01d0010,
					 .prio = NET_TC_PRIO,
					 .mark = mark,
					 .mask = 0xf00};
	struct nl_msg *m = net_tc_message(&step);

	assert_non_null(m);
	return m;
}

/* The first try has what is not there any more in the second. */
TEST(what_is_listed_anew_counts_once)
{
	struct net_case c;
	struct net_tc_link link = {.ifindex = 7, .root = NET_ROOT_OURS};
	struct net_tc_end end = {.ifindex = 7, .ingress_kind = "clsact"};

	net_case_open(&c);
	link.classes[NET_TC_CLASS_UNMARKED].leaf = 0x80010000;
	net_case_done(&c);
	net_case_part(&c, of(NET_TC_ADD_FILTER, 0x900), NLM_F_DUMP_INTR);
	net_case_part(&c, of(NET_TC_ADD_FILTER, 0x800), 0);
	net_case_done(&c);
	net_case_part(&c, of(NET_TC_ADD_FILTER, 0x800), 0);
	net_case_done(&c);
	assert_int_equal(net_tc_look(c.nl, &link), 0);
	assert_int_equal(link.n_filters, 1);
	assert_int_equal(link.filters[0].mark, 0x800);
	assert_int_equal(link.classes[NET_TC_CLASS_UNMARKED].leaf, 0x80010000);
	net_case_part(&c, net_case_tc(RTM_NEWTFILTER, 7, 0xfffffff2, 1, 0x10300, "bpf"), 0);
	net_case_done(&c);
	net_case_part(&c, net_case_tc(RTM_NEWTFILTER, 7, 0xfffffff3, 1, 0x10300, "bpf"),
		      NLM_F_DUMP_INTR);
	net_case_done(&c);
	net_case_part(&c, net_case_tc(RTM_NEWTFILTER, 7, 0xfffffff3, 1, 0x10300, "bpf"), 0);
	net_case_done(&c);
	assert_int_equal(net_tc_look_at_end(c.nl, &end), 0);
	assert_int_equal(end.n_others, 2);
	net_case_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_are_made_in_their_order),
		cmocka_unit_test(the_first_that_fails_ends_them),
		cmocka_unit_test(a_clsact_does_not_stay_without_its_mark),
		cmocka_unit_test(without_an_answer_it_is_not_known_what_was_made),
		cmocka_unit_test(each_error_is_decided),
		cmocka_unit_test(a_link_without_our_root_is_not_asked_about),
		cmocka_unit_test(of_a_clsact_both_ways_are_looked_at),
		cmocka_unit_test(what_is_listed_anew_counts_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
