// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "policy/net_shape.h"

#define MBIT 125000ull
#define GBIT 125000000ull

static struct policy policy;
static struct net_shape_in in;

static void level(enum level of, enum role role, uint32_t share, struct rate min,
		  struct rate ceiling)
{
	policy.levels[of] = (struct level_policy){
		.defined = true,
		.role = role,
		.net = {.share = share, .min = min, .ceiling = ceiling},
	};
}

#define NONE ((struct rate){0})
#define PERMILLE(n) ((struct rate){.kind = RATE_PERMILLE, .value = (n)})
#define BYTES(n) ((struct rate){.kind = RATE_BYTES_PER_S, .value = (n)})

/* As in the colocation profile. */
static int setup(void **state)
{
	(void)state;
	policy = (struct policy){0};
	level(LEVEL_P0, ROLE_ONLINE, 8, PERMILLE(200), NONE);
	level(LEVEL_P1, ROLE_ONLINE, 0, NONE, NONE);
	level(LEVEL_P4, ROLE_ONLINE, 4, NONE, NONE);
	level(LEVEL_P7, ROLE_OFFLINE, 1, NONE, PERMILLE(400));
	in = (struct net_shape_in){
		.policy = &policy, .speed_bytes_per_s = 10 * GBIT, .mtu = 1500, .limits = true};
	return 0;
}

static const struct net_shape *made(void)
{
	static struct net_shape shape;

	net_shape_make(&in, &shape);
	return &shape;
}

/* Parts of the link, in tenths of a permille: small differences are rounding. */
static void assert_part(uint64_t rate, uint64_t of_10000)
{
	uint64_t part = (rate * 10000 + in.speed_bytes_per_s / 2) / in.speed_bytes_per_s;

	assert_int_equal(part, of_10000);
}

TEST(rates_are_in_proportion_to_the_shares)
{
	static const uint64_t speeds[] = {10 * MBIT, 100 * MBIT, GBIT,
					  10 * GBIT, 100 * GBIT, 400 * GBIT};

	for (size_t i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++) {
		const struct net_shape *s;

		in.speed_bytes_per_s = speeds[i];
		s = made();
		assert_int_equal(s->levels, 1u << LEVEL_P0 | 1u << LEVEL_P4 | 1u << LEVEL_P7);
		assert_int_equal(s->offline_levels, 1u << LEVEL_P7);
		assert_int_equal(s->root.rate_bytes_per_s, speeds[i]);
		assert_int_equal(s->root.ceil_bytes_per_s, speeds[i]);
		assert_part(s->unmarked.rate_bytes_per_s, 3810);
		assert_part(s->level[LEVEL_P0].rate_bytes_per_s, 3810);
		assert_part(s->level[LEVEL_P4].rate_bytes_per_s, 1905);
		assert_part(s->level[LEVEL_P7].rate_bytes_per_s, 476);
		assert_int_equal(s->offline.rate_bytes_per_s, NET_RATE_MIN);
		assert_int_equal(net_shape_floor(s), s->level[LEVEL_P7].rate_bytes_per_s);
		assert_part(s->level[LEVEL_P7].ceil_bytes_per_s, 4000);
		assert_int_equal(s->level[LEVEL_P0].ceil_bytes_per_s, speeds[i]);
		assert_int_equal(s->unmarked.ceil_bytes_per_s, speeds[i]);
		assert_int_equal(s->level[LEVEL_P1].rate_bytes_per_s, 0);
	}
}

/* More than 32 bits hold: 400 Gbit/s are 50 GB a second. */
TEST(a_rate_of_more_than_four_gigabytes_is_whole)
{
	in.speed_bytes_per_s = 400 * GBIT;
	assert_true(made()->unmarked.rate_bytes_per_s > 4 * (uint64_t)UINT32_MAX);
	assert_true(made()->level[LEVEL_P7].ceil_bytes_per_s == 160 * GBIT);
	assert_int_equal(made()->root.burst_bytes, 100000000);
}

TEST(a_minimum_above_the_share_is_the_rate_and_the_others_divide_the_rest)
{
	level(LEVEL_P4, ROLE_ONLINE, 4, PERMILLE(500), NONE);
	assert_part(made()->level[LEVEL_P4].rate_bytes_per_s, 5000);
	/* 8 : 8 : 1 of the other half */
	assert_part(made()->unmarked.rate_bytes_per_s, 2353);
	assert_part(made()->level[LEVEL_P0].rate_bytes_per_s, 2353);
	assert_part(made()->level[LEVEL_P7].rate_bytes_per_s, 294);
	level(LEVEL_P4, ROLE_ONLINE, 4, BYTES(5 * GBIT), NONE);
	assert_part(made()->level[LEVEL_P4].rate_bytes_per_s, 5000);
}

TEST(minimums_of_a_link_that_is_too_slow_are_all_cut_alike)
{
	level(LEVEL_P0, ROLE_ONLINE, 8, BYTES(10 * GBIT), NONE);
	level(LEVEL_P4, ROLE_ONLINE, 4, BYTES(10 * GBIT), NONE);
	in.speed_bytes_per_s = GBIT;
	assert_part(made()->level[LEVEL_P0].rate_bytes_per_s, 4750);
	assert_part(made()->level[LEVEL_P4].rate_bytes_per_s, 4750);
	assert_part(made()->unmarked.rate_bytes_per_s, 444);
	assert_part(made()->level[LEVEL_P7].rate_bytes_per_s, 56);
}

TEST(a_ceiling_below_the_share_bounds_the_rate_too)
{
	level(LEVEL_P7, ROLE_OFFLINE, 1, NONE, PERMILLE(10));
	assert_part(made()->level[LEVEL_P7].rate_bytes_per_s, 100);
	assert_part(made()->level[LEVEL_P7].ceil_bytes_per_s, 100);
	/* and what that leaves is the others' */
	assert_part(made()->unmarked.rate_bytes_per_s, 3960);
	level(LEVEL_P7, ROLE_OFFLINE, 1, PERMILLE(100), BYTES(GBIT / 2));
	assert_part(made()->level[LEVEL_P7].rate_bytes_per_s, 500);
}

TEST(ceilings_need_a_mode_that_allows_limits)
{
	in.held_bytes_per_s = GBIT;
	assert_int_equal(made()->offline.ceil_bytes_per_s, GBIT);
	assert_part(made()->level[LEVEL_P7].ceil_bytes_per_s, 4000);
	in.limits = false;
	assert_int_equal(made()->offline.ceil_bytes_per_s, 10 * GBIT);
	assert_int_equal(made()->level[LEVEL_P7].ceil_bytes_per_s, 10 * GBIT);
	assert_part(made()->level[LEVEL_P7].rate_bytes_per_s, 476);
}

TEST(a_hold_never_goes_below_what_offline_work_is_promised)
{
	in.held_bytes_per_s = 1;
	assert_int_equal(made()->offline.ceil_bytes_per_s, net_shape_floor(made()));
	assert_true(made()->offline.cburst_bytes >= made()->offline.burst_bytes);
	in.held_bytes_per_s = 0;
	assert_int_equal(made()->offline.ceil_bytes_per_s, 10 * GBIT);
}

/* All classes of the same prio are in proportion, and a turn is at least a packet. */
TEST(quanta_are_in_proportion_to_the_shares)
{
	const struct net_shape *s;

	assert_int_equal(made()->unmarked.quantum_bytes, 131072);
	assert_int_equal(made()->level[LEVEL_P0].quantum_bytes, 131072);
	assert_int_equal(made()->level[LEVEL_P4].quantum_bytes, 65536);
	assert_int_equal(made()->level[LEVEL_P7].quantum_bytes, 65536);
	in.speed_bytes_per_s = 10 * MBIT;
	s = made();
	assert_int_equal(s->level[LEVEL_P4].quantum_bytes, 1518);
	assert_int_equal(s->level[LEVEL_P0].quantum_bytes, 2 * 1518);
	in.mtu = 9000;
	assert_int_equal(made()->level[LEVEL_P4].quantum_bytes, 9018);
	in.mtu = 0;
	assert_int_equal(made()->level[LEVEL_P4].quantum_bytes, 1518);
	level(LEVEL_P0, ROLE_ONLINE, 1000, NONE, NONE);
	level(LEVEL_P4, ROLE_ONLINE, 1, NONE, NONE);
	assert_int_equal(made()->level[LEVEL_P0].quantum_bytes, 1000 * 1518);
}

TEST(online_work_borrows_before_offline_work)
{
	assert_int_equal(made()->unmarked.prio, made()->level[LEVEL_P0].prio);
	assert_int_equal(made()->unmarked.prio, made()->level[LEVEL_P4].prio);
	assert_true(made()->level[LEVEL_P7].prio > made()->level[LEVEL_P4].prio);
}

TEST(a_burst_is_two_milliseconds_and_at_least_two_packets)
{
	assert_int_equal(made()->level[LEVEL_P7].cburst_bytes, 4 * GBIT / 500);
	assert_int_equal(made()->root.burst_bytes, 10 * GBIT / 500);
	in.speed_bytes_per_s = 10 * MBIT;
	assert_int_equal(made()->level[LEVEL_P7].burst_bytes, 2 * 1518);
	in.mtu = 9000;
	assert_int_equal(made()->level[LEVEL_P7].burst_bytes, 2 * 9018);
}

TEST(several_offline_levels_share_one_ceiling)
{
	level(LEVEL_P6, ROLE_OFFLINE, 3, NONE, NONE);
	assert_int_equal(made()->offline_levels, 1u << LEVEL_P6 | 1u << LEVEL_P7);
	assert_int_equal(net_shape_floor(made()), made()->level[LEVEL_P6].rate_bytes_per_s +
							  made()->level[LEVEL_P7].rate_bytes_per_s);
	assert_int_equal(made()->level[LEVEL_P6].quantum_bytes,
			 3 * made()->level[LEVEL_P7].quantum_bytes);
	assert_int_equal(made()->offline.quantum_bytes, 0);
}

TEST(without_a_share_there_is_no_class)
{
	level(LEVEL_P0, ROLE_ONLINE, 0, NONE, NONE);
	level(LEVEL_P4, ROLE_ONLINE, 0, NONE, NONE);
	level(LEVEL_P7, ROLE_OFFLINE, 0, NONE, NONE);
	assert_int_equal(made()->levels, 0);
	assert_int_equal(made()->offline.rate_bytes_per_s, 0);
	assert_int_equal(made()->unmarked.rate_bytes_per_s, 10 * GBIT);
	/* with offline levels alone, what has no mark is not the smaller part */
	level(LEVEL_P7, ROLE_OFFLINE, 5, NONE, NONE);
	assert_part(made()->unmarked.rate_bytes_per_s, 5000);
}

/* A pod that comes or goes changes no class, so nothing is sent to the kernel for it. */
TEST(classes_do_not_depend_on_which_levels_have_pods)
{
	struct net_shape all, none;

	in.active = 1u << LEVEL_P0 | 1u << LEVEL_P1 | 1u << LEVEL_P7;
	all = *made();
	assert_int_equal(all.active, 1u << LEVEL_P0 | 1u << LEVEL_P7);
	in.active = 0;
	none = *made();
	none.active = all.active;
	assert_memory_equal(&all, &none, sizeof(all));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(rates_are_in_proportion_to_the_shares, setup),
		cmocka_unit_test_setup(a_rate_of_more_than_four_gigabytes_is_whole, setup),
		cmocka_unit_test_setup(
			a_minimum_above_the_share_is_the_rate_and_the_others_divide_the_rest,
			setup),
		cmocka_unit_test_setup(minimums_of_a_link_that_is_too_slow_are_all_cut_alike,
				       setup),
		cmocka_unit_test_setup(a_ceiling_below_the_share_bounds_the_rate_too, setup),
		cmocka_unit_test_setup(ceilings_need_a_mode_that_allows_limits, setup),
		cmocka_unit_test_setup(a_hold_never_goes_below_what_offline_work_is_promised,
				       setup),
		cmocka_unit_test_setup(quanta_are_in_proportion_to_the_shares, setup),
		cmocka_unit_test_setup(online_work_borrows_before_offline_work, setup),
		cmocka_unit_test_setup(a_burst_is_two_milliseconds_and_at_least_two_packets, setup),
		cmocka_unit_test_setup(several_offline_levels_share_one_ceiling, setup),
		cmocka_unit_test_setup(without_a_share_there_is_no_class, setup),
		cmocka_unit_test_setup(classes_do_not_depend_on_which_levels_have_pods, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
