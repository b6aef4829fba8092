// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "policy/net_arrived.h"

#define S 1000000ll

static struct net_counts before, now;
static struct net_use use;

static int setup(void **state)
{
	(void)state;
	before = (struct net_counts){.ifindex = 2, .rx_at_us = 5 * S, .rx_bytes = 1000};
	now = before;
	now.rx_at_us += S;
	use = (struct net_use){0};
	return 0;
}

TEST(what_was_not_for_offline_pods_is_online_work)
{
	now.rx_bytes += 10000;
	now.rx_offline = (struct net_count){.bytes = 7000, .packets = 5, .drops = 3};
	assert_true(net_arrived_use(&before, &now, false, &use));
	assert_int_equal(use.online_bytes_per_s, 3000);
	assert_int_equal(use.offline_bytes_per_s, 7000);
	assert_int_equal(use.span_us, S);
}

/* Else a download of offline work's own would be held for the sake of nobody. */
TEST(what_wraps_packets_for_offline_pods_is_no_online_work)
{
	now.rx_bytes += 10400;
	now.rx_offline = (struct net_count){.bytes = 10000, .packets = 8};
	assert_true(net_arrived_use(&before, &now, false, &use));
	assert_int_equal(use.online_bytes_per_s, 400);
	assert_true(net_arrived_use(&before, &now, true, &use));
	assert_int_equal(use.online_bytes_per_s, 0);
	assert_int_equal(use.offline_bytes_per_s, 10400);
	now.rx_offline.packets = UINT64_MAX;
	assert_true(net_arrived_use(&before, &now, true, &use));
	assert_int_equal(use.online_bytes_per_s, 0);
}

TEST(what_cannot_be_compared_is_not_measured)
{
	struct net_counts good = now;

	assert_true(net_arrived_use(&before, &now, false, &use));
	now.ifindex = 3;
	assert_false(net_arrived_use(&before, &now, false, &use));
	now = good;
	now.rx_at_us = before.rx_at_us + 12 * S + 1;
	assert_false(net_arrived_use(&before, &now, false, &use));
	now.rx_at_us = before.rx_at_us + 9999;
	assert_false(net_arrived_use(&before, &now, false, &use));
	now = good;
	now.rx_bytes--;
	assert_false(net_arrived_use(&before, &now, false, &use));
	now = good;
	before.rx_offline.bytes = 1;
	assert_false(net_arrived_use(&before, &now, false, &use));
	before.rx_offline = (struct net_count){.packets = 1};
	assert_false(net_arrived_use(&before, &now, false, &use));
	before.rx_offline.packets = 0;
	before.rx_at_us = 0;
	assert_false(net_arrived_use(&before, &now, false, &use));
}

#define MBIT 125000ull

static bool crowds(uint64_t sent, uint64_t online_mbit, uint64_t offline_mbit, bool held)
{
	const struct net_use out = {.online_bytes_per_s = sent, .span_us = S},
			     in = {.online_bytes_per_s = online_mbit * MBIT,
				   .offline_bytes_per_s = offline_mbit * MBIT,
				   .span_us = S};

	return net_arrived_crowds(&out, &in, 1000 * MBIT, held);
}

TEST(a_full_link_that_online_work_uses_is_crowded)
{
	assert_true(crowds(1000, 0, 900, false));
	assert_true(crowds(1000, 5, 895, false));
	assert_false(crowds(1000, 0, 899, false));
	assert_false(crowds(999, 0, 1000, false));
	/* Held it stays so for half of the requests and a quarter of the link. */
	assert_true(crowds(500, 0, 250, true));
	assert_false(crowds(500, 0, 249, true));
	assert_false(crowds(499, 0, 900, true));
}

TEST(a_link_that_was_not_measured_is_not_crowded)
{
	const struct net_use full = {
		.online_bytes_per_s = MBIT, .offline_bytes_per_s = 1000 * MBIT, .span_us = S};
	struct net_use blind = full;

	blind.span_us = 0;
	assert_true(net_arrived_crowds(&full, &full, 1000 * MBIT, false));
	assert_false(net_arrived_crowds(&blind, &full, 1000 * MBIT, false));
	assert_false(net_arrived_crowds(&full, &blind, 1000 * MBIT, false));
}

TEST(what_online_work_gained_it_may_gain_again)
{
	struct net_hold hold = {.ceil_bytes_per_s = 500 * MBIT,
				.online_bytes_per_s = 200 * MBIT,
				.looked_us = 5 * S};
	struct net_use in = {.online_bytes_per_s = 210 * MBIT, .span_us = S};
	const uint64_t link = 1000 * MBIT;

	assert_int_equal(net_arrived_growth(&hold, &in, link, 6 * S), 10 * MBIT);
	in.online_bytes_per_s--;
	assert_int_equal(net_arrived_growth(&hold, &in, link, 6 * S), 0);
	in.online_bytes_per_s = 100 * MBIT;
	assert_int_equal(net_arrived_growth(&hold, &in, link, 6 * S), 0);
	in.online_bytes_per_s = 900 * MBIT;
	assert_int_equal(net_arrived_growth(&hold, &in, link, 6 * S), 100 * MBIT);
	assert_int_equal(net_arrived_growth(&hold, &in, link, 8 * S + 1), 0);
	hold.looked_us = 0;
	assert_int_equal(net_arrived_growth(&hold, &in, link, S), 0);
	hold.looked_us = 5 * S;
	hold.ceil_bytes_per_s = 0;
	assert_int_equal(net_arrived_growth(&hold, &in, link, 6 * S), 0);
}

TEST(each_state_has_words_of_its_own)
{
	for (int a = 0; a < NET_POLICE_COUNT; a++)
		for (int b = 0; b < a; b++)
			assert_string_not_equal(net_arrived_words((enum net_police)a),
						net_arrived_words((enum net_police)b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_was_not_for_offline_pods_is_online_work, setup),
		cmocka_unit_test_setup(what_wraps_packets_for_offline_pods_is_no_online_work,
				       setup),
		cmocka_unit_test_setup(what_cannot_be_compared_is_not_measured, setup),
		cmocka_unit_test_setup(a_full_link_that_online_work_uses_is_crowded, setup),
		cmocka_unit_test_setup(a_link_that_was_not_measured_is_not_crowded, setup),
		cmocka_unit_test_setup(what_online_work_gained_it_may_gain_again, setup),
		cmocka_unit_test_setup(each_state_has_words_of_its_own, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
