// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>

#include "agent/apply/net_police.h"
#include "agent/apply/net_tc.h"
#include "tests/lib/net_case.h"

/* What the kernel would tell of a bucket that this message makes. */
static struct net_police_action told(uint32_t index, uint64_t rate)
{
	struct nl_msg *m = net_police_message(index, rate, true);
	struct net_police_actions actions = {0};

	assert_non_null(m);
	assert_int_equal(nlmsg_hdr(m)->nlmsg_type, RTM_NEWACTION);
	assert_int_equal(nlmsg_hdr(m)->nlmsg_flags & (NLM_F_CREATE | NLM_F_EXCL | NLM_F_REPLACE),
			 NLM_F_CREATE | NLM_F_EXCL);
	assert_int_equal(net_police_take(&actions, nlmsg_hdr(m)), 0);
	nlmsg_free(m);
	assert_int_equal(actions.n, 1);
	return actions.list[0];
}

TEST(a_bucket_holds_its_rate_whatever_that_is)
{
	static const uint64_t rates[] = {0, 1000, 125000000, 50000000000};
	uint32_t index = net_police_index(2);

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct net_police_action action = told(index, rates[i]);

		assert_int_equal(action.index, index);
		assert_true(action.rate_bytes_per_s == rates[i]);
		assert_int_equal(action.burst_ticks,
				 rates[i] ? net_tc_ticks(net_police_burst(rates[i]), rates[i]) : 0);
	}
}

/* One that was smaller would let no joined packet of TCP through. */
TEST(a_bucket_is_deeper_than_the_largest_packet)
{
	assert_true(net_police_burst(1000) >= 2 * 65536);
	assert_int_equal(net_police_burst(125000000), 2500000);
}

TEST(ours_are_told_by_their_index)
{
	struct net_police_actions actions = {0};
	struct nl_msg *m = net_police_message(7, 1000, true);

	assert_int_equal(net_police_take(&actions, nlmsg_hdr(m)), 0);
	nlmsg_free(m);
	assert_int_equal(actions.n, 0);
	assert_true(net_police_is_ours(net_police_index(1)));
	assert_true(net_police_is_ours(net_police_index(INT32_MAX)));
	assert_int_not_equal(net_police_index(2), net_police_index(3));
}

TEST(a_change_replaces_and_makes_nothing_new)
{
	struct nl_msg *m = net_police_message(net_police_index(2), 1000, false);

	assert_int_equal(nlmsg_hdr(m)->nlmsg_flags & (NLM_F_CREATE | NLM_F_EXCL | NLM_F_REPLACE),
			 NLM_F_REPLACE);
	nlmsg_free(m);
}

TEST(more_than_fit_are_passed_over)
{
	struct net_police_actions actions = {0};

	for (int32_t i = 1; i <= (int32_t)NET_POLICE_ACTIONS + 1; i++) {
		struct nl_msg *m = net_police_message(net_police_index(i), 0, true);

		assert_int_equal(net_police_take(&actions, nlmsg_hdr(m)), 0);
		nlmsg_free(m);
	}
	assert_int_equal(actions.n, NET_POLICE_ACTIONS);
	assert_non_null(net_police_find(&actions, net_police_index(1)));
	assert_null(net_police_find(&actions, net_police_index((int32_t)NET_POLICE_ACTIONS + 1)));
}

/* A filter passes to its bucket what is within, to others' filters after it, and tells of the bucket again. */
TEST(a_filter_leads_to_its_bucket)
{
	const struct net_tc_step step = {
		.what = NET_TC_ADD_POLICE,
		.ifindex = 7,
		.police = {.indev = 2, .index = net_police_index(2), .name = "eth0"}};
	struct nl_msg *m = net_tc_message(&step);
	struct net_tc_end end = {.ifindex = 7};

	assert_non_null(m);
	assert_int_equal(net_tc_end_take(&end, nlmsg_hdr(m)), 0);
	nlmsg_free(m);
	assert_int_equal(end.polices.n, 1);
	assert_int_equal(end.polices.list[0].indev, 2);
	assert_int_equal(end.polices.list[0].index, net_police_index(2));
	assert_int_equal(end.n_others, 0);
	assert_false(end.ours);
}

TEST(somebody_elses_bucket_is_no_filter_of_ours)
{
	const struct net_tc_step step = {.what = NET_TC_ADD_POLICE,
					 .ifindex = 7,
					 .police = {.indev = 2, .index = 7, .name = "eth0"}};
	struct nl_msg *m = net_tc_message(&step);
	struct net_tc_end end = {.ifindex = 7};

	assert_int_equal(net_tc_end_take(&end, nlmsg_hdr(m)), 0);
	nlmsg_free(m);
	assert_int_equal(end.polices.n, 0);
	assert_int_equal(end.n_others, 1);
}

/* What is not wanted goes first, what is there stays. */
TEST(filters_are_made_what_is_wanted)
{
	struct net_tc_end end = {
		.ifindex = 7,
		.polices = {.n = 2, .list = {{.indev = 2, .index = 5}, {.indev = 3, .index = 5}}}};
	const struct net_tc_polices wanted = {.n = 2,
					      .list = {{.indev = 2, .index = 5},
						       {.indev = 4, .index = 5, .name = "ov0"}}};
	struct net_tc_steps steps;

	net_tc_plan_polices(&end, &wanted, &steps);
	assert_int_equal(steps.n, 2);
	assert_int_equal(steps.list[0].what, NET_TC_DEL_POLICE);
	assert_int_equal(steps.list[0].police.indev, 3);
	assert_int_equal(steps.list[1].what, NET_TC_ADD_POLICE);
	assert_string_equal(steps.list[1].police.name, "ov0");
	net_tc_plan_polices(&end, NULL, &steps);
	assert_int_equal(steps.n, 2);
	end.polices = wanted;
	net_tc_plan_polices(&end, &wanted, &steps);
	assert_int_equal(steps.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bucket_holds_its_rate_whatever_that_is),
		cmocka_unit_test(a_bucket_is_deeper_than_the_largest_packet),
		cmocka_unit_test(ours_are_told_by_their_index),
		cmocka_unit_test(a_change_replaces_and_makes_nothing_new),
		cmocka_unit_test(more_than_fit_are_passed_over),
		cmocka_unit_test(a_filter_leads_to_its_bucket),
		cmocka_unit_test(somebody_elses_bucket_is_no_filter_of_ours),
		cmocka_unit_test(filters_are_made_what_is_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
