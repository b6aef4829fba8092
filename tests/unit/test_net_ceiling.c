// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "policy/net_ceiling.h"

#define MBIT 125000ull
#define SPEED (10000 * MBIT)
#define FLOOR (500 * MBIT)
#define S 1000000ll

static struct net_hold hold;
static struct net_ceiling_look look;

static int setup(void **state)
{
	(void)state;
	hold = (struct net_hold){0};
	look = (struct net_ceiling_look){
		.now_us = 100 * S,
		.name = "eth0",
		.speed_bytes_per_s = SPEED,
		.floor_bytes_per_s = FLOOR,
		.headroom_permille = 50,
		.allowed = true,
		.offline = true,
		.measured = true,
	};
	return 0;
}

/* Looks five times a second. */
static uint64_t after(int64_t us, uint64_t online_mbit)
{
	look.online_bytes_per_s = online_mbit * MBIT;
	for (int64_t end_us = look.now_us + us; look.now_us < end_us;) {
		look.now_us += S / 5;
		net_ceiling_step(&hold, &look);
	}
	return hold.ceil_bytes_per_s / MBIT;
}

static uint64_t now(uint64_t online_mbit)
{
	return after(S / 5, online_mbit);
}

TEST(the_ceiling_is_what_online_work_and_the_headroom_leave)
{
	assert_int_equal(now(0), 0);
	assert_int_equal(now(6000), 3500);
	assert_int_equal(hold.since_us, look.now_us);
	assert_int_equal(hold.reason.code, REASON_NET_ONLINE);
	assert_int_equal(hold.reason.observed, 6000 * MBIT);
	assert_int_equal(hold.reason.limit, SPEED);
	assert_int_equal(hold.reason.extra, 3500 * MBIT);
	assert_string_equal(hold.reason.who, "eth0");
	look.headroom_permille = 0;
	assert_int_equal(now(7000), 3000);
}

TEST(it_is_cut_at_once_and_never_below_the_floor)
{
	assert_int_equal(now(3000), 6500);
	assert_int_equal(now(8000), 1500);
	assert_int_equal(now(9300), 500);
	assert_int_equal(hold.reason.code, REASON_NET_FLOOR);
	assert_int_equal(now(10000), 500);
	/* what is counted may be more than the link for a moment */
	assert_int_equal(now(20000), 500);
}

TEST(it_grows_by_a_tenth_of_the_link_in_a_second)
{
	assert_int_equal(now(8000), 1500);
	assert_int_equal(after(S, 4000), 1500);
	assert_int_equal(now(4000), 1700);
	assert_int_equal(after(S, 4000), 2700);
	assert_int_equal(hold.reason.observed, 4000 * MBIT);
	assert_int_equal(hold.reason.extra, 2700 * MBIT);
	assert_int_equal(after(10 * S, 4000), 5500);
	assert_int_equal(after(60 * S, 4000), 5500);
}

TEST(how_often_one_looks_does_not_matter)
{
	uint64_t often;

	(void)now(8000);
	often = after(4 * S, 2000);
	(void)setup(NULL);
	(void)now(8000);
	look.online_bytes_per_s = 2000 * MBIT;
	for (int i = 0; i < 4; i++) {
		look.now_us += S;
		net_ceiling_step(&hold, &look);
	}
	assert_int_equal(hold.ceil_bytes_per_s / MBIT, often);
}

/* Between two looks that are far apart nobody knows what was sent. */
TEST(a_long_pause_grows_it_by_no_more_than_a_second)
{
	(void)now(8000);
	look.now_us += 9 * S;
	assert_int_equal(now(2000), 2500);
}

TEST(an_idle_link_belongs_to_offline_work)
{
	assert_int_equal(now(6000), 3500);
	assert_int_equal(now(49), 3500);
	/* It grows like any other before that. */
	assert_int_equal(after(18 * S / 10, 49), 4500);
	assert_int_equal(now(49), 0);
	assert_int_equal(hold.reason.code, REASON_NET_IDLE);
	assert_int_equal(hold.reason.for_us, 2 * S);
	assert_int_equal(hold.reason.limit, 50 * MBIT);
	assert_int_equal(hold.reason.observed, 49 * MBIT);
	assert_int_equal(hold.since_us, 0);
	/* and is so until online work sends twice as much as is called idle */
	assert_int_equal(after(10 * S, 99), 0);
	assert_int_equal(now(100), 9400);
}

TEST(a_moment_of_silence_ends_nothing)
{
	(void)now(6000);
	for (int i = 0; i < 20; i++) {
		assert_int_not_equal(after(S, 10), 0);
		assert_int_not_equal(now(6000), 0);
	}
}

/* Online work that receives next to nothing waits in the queue before a link all the same. */
TEST(a_crowded_link_is_held_below_what_it_carries)
{
	look.arrives = true;
	look.crowded = true;
	look.all_bytes_per_s = 9800 * MBIT;
	assert_int_equal(now(1), 9499);
	assert_int_equal(hold.reason.code, REASON_NET_RX_CROWDED);
	assert_int_equal(hold.reason.observed, 9800 * MBIT);
	assert_int_equal(hold.reason.limit, SPEED);
	assert_int_equal(hold.reason.extra, 9499 * MBIT);
	assert_int_equal(after(60 * S, 1), 9499);
	/* what it receives counts where it is more */
	assert_int_equal(now(2000), 7500);
	assert_int_equal(hold.reason.code, REASON_NET_RX_ONLINE);
	assert_int_equal(hold.reason.observed, 2000 * MBIT);
	/* and ends when it was quiet for ten seconds: requests come now and then */
	assert_int_equal(after(10 * S, 1), 9499);
	look.crowded = false;
	assert_int_equal(now(1), 9499);
	assert_int_equal(after(98 * S / 10, 1), 9499);
	assert_int_equal(now(1), 0);
	assert_int_equal(hold.reason.code, REASON_NET_RX_IDLE);
	assert_int_equal(hold.reason.observed, MBIT);
	assert_int_equal(hold.reason.for_us, 10 * S);
}

TEST(room_is_made_for_what_online_work_is_about_to_receive)
{
	look.arrives = true;
	look.crowded = true;
	assert_int_equal(now(2000), 7500);
	look.growth_bytes_per_s = 500 * MBIT;
	assert_int_equal(now(2500), 6500);
	assert_int_equal(hold.reason.code, REASON_NET_RX_GROWS);
	assert_int_equal(hold.reason.observed, 3000 * MBIT);
	assert_int_equal(hold.reason.extra, 6500 * MBIT);
	look.growth_bytes_per_s = 0;
	assert_int_equal(after(5 * S, 2500), 7000);
	assert_int_equal(hold.reason.code, REASON_NET_RX_ONLINE);
}

TEST(noise_moves_nothing)
{
	int64_t cut_us;

	assert_int_equal(now(5000), 4500);
	assert_int_equal(after(10 * S, 5000), 4500);
	cut_us = hold.cut_us;
	for (int i = 0; i < 100; i++)
		assert_int_equal(now(i % 2 ? 4950 : 5050), 4500);
	assert_int_equal(hold.cut_us, cut_us);
	assert_int_equal(hold.grown_us, 0);
}

TEST(what_is_not_measured_changes_nothing_until_nobody_can_justify_it)
{
	assert_int_equal(now(6000), 3500);
	look.measured = false;
	assert_int_equal(after(9 * S, 0), 3500);
	assert_int_equal(hold.online_bytes_per_s, 6000 * MBIT);
	assert_int_equal(after(S, 0), 0);
	assert_int_equal(hold.reason.code, REASON_NET_BLIND);
	assert_int_equal(hold.reason.for_us, 10 * S);
	/* and none begins */
	assert_int_equal(after(S, 9000), 0);
}

TEST(the_mode_and_the_last_offline_pod_end_it)
{
	assert_int_equal(now(6000), 3500);
	look.allowed = false;
	assert_int_equal(now(6000), 0);
	assert_int_equal(hold.reason.code, REASON_MODE);
	look.allowed = true;
	assert_int_equal(now(6000), 3500);
	look.offline = false;
	assert_int_equal(now(6000), 0);
	assert_int_equal(hold.reason.code, REASON_NET_NOBODY);
	/* The reason of what ended stays; nothing is said of a hold that never was. */
	look.allowed = false;
	assert_int_equal(now(6000), 0);
	assert_int_equal(hold.reason.code, REASON_NET_NOBODY);
}

TEST(another_link_or_another_floor_bounds_it_anew)
{
	assert_int_equal(now(1000), 8500);
	look.speed_bytes_per_s = 1000 * MBIT;
	look.floor_bytes_per_s = 50 * MBIT;
	assert_int_equal(now(300), 650);
	look.floor_bytes_per_s = 800 * MBIT;
	assert_int_equal(now(300), 800);
}

static void count(struct net_counts *c, int64_t at_us, uint64_t unmarked, uint64_t p0, uint64_t p7)
{
	*c = (struct net_counts){.ifindex = 2, .at_us = at_us};
	c->unmarked.bytes = unmarked;
	c->level[LEVEL_P0].bytes = p0;
	c->level[LEVEL_P7].bytes = p7;
}

static const struct net_shape shape = {
	.levels = 1u << LEVEL_P0 | 1u << LEVEL_P7,
	.offline_levels = 1u << LEVEL_P7,
};

TEST(what_was_sent_is_told_from_two_readings)
{
	struct net_counts a, b;
	struct net_use use;

	count(&a, 5 * S, 1000, 2000, 3000);
	count(&b, 5 * S + S / 2, 1500, 2250, 103000);
	assert_true(net_ceiling_use(&a, &b, &shape, &use));
	assert_int_equal(use.online_bytes_per_s, 1500);
	assert_int_equal(use.offline_bytes_per_s, 200000);
	assert_int_equal(use.span_us, S / 2);
	/* a level without a class counts with the unmarked, and its place is not looked at */
	b.level[LEVEL_P3].bytes = 1 << 30;
	assert_true(net_ceiling_use(&a, &b, &shape, &use));
	assert_int_equal(use.online_bytes_per_s, 1500);
	/* 400 Gbit/s for 10 s */
	count(&a, 5 * S, 0, 0, 0);
	count(&b, 15 * S, 500000000000, 0, 0);
	assert_true(net_ceiling_use(&a, &b, &shape, &use));
	assert_int_equal(use.online_bytes_per_s, 50000000000);
}

TEST(readings_that_do_not_belong_together_tell_nothing)
{
	struct net_counts a, b;
	struct net_use use = {.span_us = 1};

	count(&a, 5 * S, 1000, 2000, 3000);
	count(&b, 6 * S, 999, 9000, 9000);
	assert_false(net_ceiling_use(&a, &b, &shape, &use));
	count(&b, 6 * S, 9000, 9000, 2999);
	assert_false(net_ceiling_use(&a, &b, &shape, &use));
	count(&b, 5 * S + 9999, 9000, 9000, 9000);
	assert_false(net_ceiling_use(&a, &b, &shape, &use));
	count(&b, 17 * S + 1, 9000, 9000, 9000);
	assert_false(net_ceiling_use(&a, &b, &shape, &use));
	count(&b, 6 * S, 9000, 9000, 9000);
	b.ifindex = 3;
	assert_false(net_ceiling_use(&a, &b, &shape, &use));
	count(&a, 0, 0, 0, 0);
	count(&b, 1 * S, 9000, 9000, 9000);
	assert_false(net_ceiling_use(&a, &b, &shape, &use));
	assert_int_equal(use.span_us, 1);
}

/* A round at rest comes 10 s after the one before, and both take their time. */
TEST(two_rounds_at_rest_can_be_compared)
{
	struct net_counts a, b;
	struct net_use use;

	count(&a, 5 * S, 1000, 2000, 3000);
	count(&b, 15 * S + S / 5, 1000, 2000, 3000 + 102000);
	assert_true(net_ceiling_use(&a, &b, &shape, &use));
	assert_int_equal(use.offline_bytes_per_s, 10000);
	count(&b, 17 * S, 1000, 2000, 3000);
	assert_true(net_ceiling_use(&a, &b, &shape, &use));
}

/* A day in a minute: quiet, a rush, a lull with pulses, quiet again. Online work never has to share more than what
 * the ceiling's band and one look allow, and offline work gets the rest of the link while it is quiet. */
TEST(a_series_of_loads_is_followed)
{
	static const struct {
		int seconds;
		uint64_t online, at_end;
	} series[] = {{20, 20, 0},    {10, 2000, 7500}, {5, 9000, 500}, {5, 7000, 2500},
		      {1, 9500, 500}, {30, 1000, 8500}, {3, 30, 0},	{5, 4000, 5500}};

	for (size_t i = 0; i < sizeof(series) / sizeof(series[0]); i++) {
		for (int n = 0; n < series[i].seconds * 5; n++) {
			uint64_t ceil = now(series[i].online), left = 9500 - series[i].online;

			if (ceil > 0)
				assert_true(ceil <= (left > 500 ? left : 500) + 50);
		}
		assert_int_equal(hold.ceil_bytes_per_s / MBIT, series[i].at_end);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_ceiling_is_what_online_work_and_the_headroom_leave,
				       setup),
		cmocka_unit_test_setup(it_is_cut_at_once_and_never_below_the_floor, setup),
		cmocka_unit_test_setup(it_grows_by_a_tenth_of_the_link_in_a_second, setup),
		cmocka_unit_test_setup(how_often_one_looks_does_not_matter, setup),
		cmocka_unit_test_setup(a_long_pause_grows_it_by_no_more_than_a_second, setup),
		cmocka_unit_test_setup(an_idle_link_belongs_to_offline_work, setup),
		cmocka_unit_test_setup(a_moment_of_silence_ends_nothing, setup),
		cmocka_unit_test_setup(a_crowded_link_is_held_below_what_it_carries, setup),
		cmocka_unit_test_setup(room_is_made_for_what_online_work_is_about_to_receive,
				       setup),
		cmocka_unit_test_setup(noise_moves_nothing, setup),
		cmocka_unit_test_setup(
			what_is_not_measured_changes_nothing_until_nobody_can_justify_it, setup),
		cmocka_unit_test_setup(the_mode_and_the_last_offline_pod_end_it, setup),
		cmocka_unit_test_setup(another_link_or_another_floor_bounds_it_anew, setup),
		cmocka_unit_test(what_was_sent_is_told_from_two_readings),
		cmocka_unit_test(readings_that_do_not_belong_together_tell_nothing),
		cmocka_unit_test(two_rounds_at_rest_can_be_compared),
		cmocka_unit_test_setup(a_series_of_loads_is_followed, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
