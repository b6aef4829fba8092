// SPDX-License-Identifier: LGPL-2.1-or-later
// What holds of the ceiling of offline work on every link, with loads made at random: between the floor and the link, at
// once below what online work leaves, quiet and near to what is left when nothing changes, never higher for more online
// work, and the same again from the same. The seed is printed; COLOD_SEED=N runs the same again.
#include "policy/net_ceiling.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/cpu_case.h"
#include "tests/lib/test.h"

#define LINKS 300
#define LOOKS 400
#define S 1000000ll

static uint64_t draws;

static uint64_t below(uint64_t n)
{
	return fake_random_below(&draws, n);
}

static struct net_ceiling_look random_link(void)
{
	uint64_t speed = 1250000ull << below(16);
	struct net_ceiling_look look = {
		.now_us = S, .name = "eth0", .offline = true, .allowed = true};

	look.speed_bytes_per_s = speed + below(speed);
	look.floor_bytes_per_s = 1000 + below(look.speed_bytes_per_s / 2);
	look.headroom_permille = (uint32_t)below(501);
	look.arrives = below(2);
	return look;
}

static void random_load(struct net_ceiling_look *look)
{
	look->now_us += 10000 + (int64_t)below(below(20) ? 1000000 : 20000000);
	look->measured = below(20) > 0;
	look->offline = below(60) > 0;
	look->allowed = below(60) > 0;
	if (below(3) == 0)
		look->online_bytes_per_s = below(look->speed_bytes_per_s * 11 / 10);
	else if (below(4) == 0)
		look->online_bytes_per_s = below(look->speed_bytes_per_s / 50);
	if (below(3))
		return;
	look->crowded = look->arrives && below(2);
	look->all_bytes_per_s = look->crowded ? 1 + below(look->speed_bytes_per_s) : 0;
	look->growth_bytes_per_s = look->crowded && below(2) ? below(look->speed_bytes_per_s / 10)
							     : 0;
}

/* What may be had: what online work and the headroom leave, and at least the floor. */
static uint64_t left(const struct net_ceiling_look *look)
{
	uint64_t taken = look->online_bytes_per_s + look->growth_bytes_per_s +
			 look->speed_bytes_per_s / 1000 * look->headroom_permille;
	uint64_t rest = taken < look->speed_bytes_per_s ? look->speed_bytes_per_s - taken : 0;

	return rest > look->floor_bytes_per_s ? rest : look->floor_bytes_per_s;
}

static uint64_t ceiling(const struct net_hold *hold)
{
	return hold->ceil_bytes_per_s > 0 ? hold->ceil_bytes_per_s : UINT64_MAX;
}

static void check_step(const struct net_hold *before, const struct net_hold *after,
		       const struct net_ceiling_look *look)
{
	uint64_t band = look->speed_bytes_per_s / 200, ceil = after->ceil_bytes_per_s;

	if (!look->allowed || !look->offline)
		assert_int_equal(ceil, 0);
	if (ceil == 0)
		return;
	assert_true(ceil >= look->floor_bytes_per_s && ceil <= look->speed_bytes_per_s);
	if (!look->measured) {
		assert_int_equal(ceil, before->ceil_bytes_per_s);
		return;
	}
	assert_true(ceil <= left(look) + band);
	assert_true(before->ceil_bytes_per_s == 0 ||
		    ceil <= before->ceil_bytes_per_s + look->speed_bytes_per_s / 10);
	/* What is told is what is done. */
	if (ceil != before->ceil_bytes_per_s) {
		assert_int_equal(after->reason.extra, ceil);
		assert_int_equal(after->reason.observed,
				 after->reason.code == REASON_NET_RX_CROWDED
					 ? look->all_bytes_per_s
					 : look->online_bytes_per_s + look->growth_bytes_per_s);
	}
}

TEST(it_stays_between_the_floor_and_what_is_left)
{
	uint64_t held = 0;

	draws = cpu_case_current() | 1;
	for (int number = 0; number < LINKS; number++) {
		struct net_ceiling_look look = random_link();
		struct net_hold hold, twin;

		memset(&hold, 0, sizeof(hold));
		memset(&twin, 0, sizeof(twin));
		for (int n = 0; n < LOOKS; n++) {
			struct net_hold before = hold;

			random_load(&look);
			net_ceiling_step(&hold, &look);
			net_ceiling_step(&twin, &look);
			assert_memory_equal(&hold, &twin, sizeof(hold));
			check_step(&before, &hold, &look);
			held += hold.ceil_bytes_per_s > 0;
		}
	}
	assert_true(held > LINKS * LOOKS / 10);
}

/* From any state, more online work never gives offline work more. */
TEST(more_online_work_never_raises_it)
{
	uint64_t differ = 0;

	draws = cpu_case_current() | 1;
	for (int number = 0; number < LINKS; number++) {
		struct net_ceiling_look look = random_link(), more;
		struct net_hold hold;

		memset(&hold, 0, sizeof(hold));
		for (int n = 0; n < LOOKS; n++) {
			struct net_hold twin = hold;

			random_load(&look);
			more = look;
			more.online_bytes_per_s += below(look.speed_bytes_per_s);
			net_ceiling_step(&hold, &look);
			net_ceiling_step(&twin, &more);
			assert_true(ceiling(&twin) <= ceiling(&hold));
			differ += ceiling(&twin) < ceiling(&hold);
		}
	}
	assert_true(differ > LINKS);
}

/* What does not change ends in one value, near to what is left, that is not touched again. */
TEST(a_constant_load_ends_in_one_ceiling)
{
	uint64_t held = 0;

	draws = cpu_case_current() | 1;
	for (int number = 0; number < LINKS; number++) {
		struct net_ceiling_look look = random_link();
		struct net_hold hold;
		int64_t every_us = 50000 + (int64_t)below(1000000);
		uint64_t end;

		memset(&hold, 0, sizeof(hold));
		for (int n = 0; n < 50; n++) {
			random_load(&look);
			net_ceiling_step(&hold, &look);
		}
		look.measured = look.offline = look.allowed = true;
		for (int64_t us = 0; us < 30 * S; us += every_us) {
			look.now_us += every_us;
			net_ceiling_step(&hold, &look);
		}
		end = hold.ceil_bytes_per_s;
		for (int64_t us = 0; us < 30 * S; us += every_us) {
			look.now_us += every_us;
			net_ceiling_step(&hold, &look);
			assert_int_equal(hold.ceil_bytes_per_s, end);
		}
		if (end == 0) {
			assert_true(!look.crowded &&
				    look.online_bytes_per_s < look.speed_bytes_per_s / 100);
			continue;
		}
		held++;
		assert_true(end + look.speed_bytes_per_s / 200 >= left(&look));
		assert_true(end <= left(&look) + look.speed_bytes_per_s / 200);
	}
	assert_true(held > LINKS / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_stays_between_the_floor_and_what_is_left),
		cmocka_unit_test(more_online_work_never_raises_it),
		cmocka_unit_test(a_constant_load_ends_in_one_ceiling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
