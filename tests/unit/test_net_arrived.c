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
	now.rx_at_us = before.rx_at_us + 11 * S;
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
		cmocka_unit_test_setup(each_state_has_words_of_its_own, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
