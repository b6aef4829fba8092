// SPDX-License-Identifier: LGPL-2.1-or-later
// Ceilings given back with a kernel that says what the test wants; what a real one makes of it is shown in a VM (72-net).
#include "agent/net_widen.h"

#include <errno.h>
#include <linux/rtnetlink.h>

#include "agent/apply/net_police.h"
#include "agent/apply/net_tc.h"
#include "tests/lib/round_case.h"
#include "tests/lib/test.h"

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

static void says_link_with(uint64_t offline_ceil)
{
	const struct net_class root = {.rate_bytes_per_s = 1000,
				       .ceil_bytes_per_s = 12500000,
				       .burst_bytes = 3000,
				       .cburst_bytes = 4000};
	struct net_class offline = root;

	offline.ceil_bytes_per_s = offline_ceil;
	round_case_says_link(&k, ROUND_CASE_UPLINK, "eth0", NULL, NET_NO_NSID);
	net_case_done(&k.net);
	round_case_says_root(&k, ROUND_CASE_UPLINK, true);
	net_case_done(&k.net);
	round_case_says_class(&k, NET_TC_CLASS_ROOT, &root);
	round_case_says_class(&k, NET_TC_CLASS_OFFLINE, &offline);
	net_case_done(&k.net);
	net_case_done(&k.net);
}

TEST(a_ceiling_is_as_wide_as_the_link_again)
{
	const struct tcmsg *asked;

	says_link_with(1000000);
	net_case_says(&k.net, 0, NULL);
	net_case_done(&k.net);
	assert_int_equal(net_widen(k.net.nl), 0);
	asked = round_case_asked(&k, RTM_NEWTCLASS);
	assert_non_null(asked);
	assert_int_equal(asked->tcm_handle, net_tc_class_id(NET_TC_CLASS_OFFLINE));
	assert_int_equal(asked->tcm_parent, net_tc_class_id(NET_TC_CLASS_ROOT));
	assert_null(round_case_asked(&k, RTM_NEWTCLASS));
}

TEST(one_that_is_wide_is_not_touched)
{
	says_link_with(12500000);
	net_case_done(&k.net);
	assert_int_equal(net_widen(k.net.nl), 0);
	assert_null(round_case_asked(&k, RTM_NEWTCLASS));
}

TEST(one_that_the_kernel_keeps_is_tried_again_and_counted)
{
	for (int i = 0; i < 3; i++) {
		says_link_with(1000000);
		net_case_says(&k.net, -EPERM, NULL);
	}
	net_case_done(&k.net);
	assert_int_equal(net_widen(k.net.nl), 1);
}

TEST(somebody_elses_root_is_not_looked_into)
{
	round_case_says_link(&k, ROUND_CASE_UPLINK, "eth0", NULL, NET_NO_NSID);
	net_case_done(&k.net);
	round_case_says_root(&k, ROUND_CASE_UPLINK, false);
	net_case_done(&k.net);
	net_case_done(&k.net);
	assert_int_equal(net_widen(k.net.nl), 0);
	assert_null(round_case_asked(&k, RTM_GETTCLASS));
}

/* Whatever is wrong with the ceilings, and of buckets ours alone. */
TEST(a_bucket_lets_all_through_again)
{
	net_case_says(&k.net, -EPERM, NULL);
	for (int i = 1; i < 3; i++)
		net_case_says(&k.net, -EPERM, NULL);
	round_case_says_bucket(&k, 7, 125000);
	round_case_says_bucket(&k, net_police_index(3), 0);
	round_case_says_bucket(&k, net_police_index(2), 125000);
	net_case_done(&k.net);
	net_case_says(&k.net, 0, NULL);
	assert_int_equal(net_widen(k.net.nl), -EPERM);
	assert_non_null(round_case_asked(&k, RTM_NEWACTION));
	assert_null(round_case_asked(&k, RTM_NEWACTION));
}

TEST(a_bucket_that_the_kernel_keeps_is_counted)
{
	says_link_with(12500000);
	round_case_says_bucket(&k, net_police_index(2), 125000);
	net_case_done(&k.net);
	net_case_says(&k.net, -EPERM, NULL);
	assert_int_equal(net_widen(k.net.nl), 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_ceiling_is_as_wide_as_the_link_again),
		CASE(one_that_is_wide_is_not_touched),
		CASE(one_that_the_kernel_keeps_is_tried_again_and_counted),
		CASE(somebody_elses_root_is_not_looked_into),
		CASE(a_bucket_lets_all_through_again),
		CASE(a_bucket_that_the_kernel_keeps_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
