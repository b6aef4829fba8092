// SPDX-License-Identifier: LGPL-2.1-or-later
// What holds of the classes of every link, made at random: minimums never exceed it, whoever is active gets in proportion
// to the shares, a lower level never gets more than a higher one that asks for as much. What a class gets is worked out
// here as HTB does it. The seed is printed; COLOD_SEED=N runs the same again.
#include "policy/net_shape.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/cpu_case.h"
#include "tests/lib/test.h"

#define LINKS 3000
/* The unmarked, then the levels. */
#define LEAVES (1 + LEVEL_COUNT)

static uint64_t draws;

static uint64_t below(uint64_t n)
{
	return fake_random_below(&draws, n);
}

struct leaf {
	struct net_class class;
	bool offline;
	uint64_t want; /* 0: idle, or no class */
	uint64_t got;
};

static struct rate random_rate(uint64_t speed)
{
	uint64_t kind = below(4);

	if (kind == 0)
		return (struct rate){.kind = RATE_PERMILLE, .value = 1 + below(1000)};
	if (kind == 1)
		return (struct rate){.kind = RATE_BYTES_PER_S, .value = 1000 + below(speed * 2)};
	return (struct rate){0};
}

static uint64_t random_speed(void)
{
	/* 10 Mbit/s to 400 Gbit/s, as many of each magnitude */
	uint64_t speed = 1250000ull << below(16);

	return speed + below(speed);
}

static void random_policy(struct policy *policy, uint64_t speed)
{
	int first_offline = 4 + (int)below(4);
	uint32_t least = 1000;

	memset(policy, 0, sizeof(*policy));
	for (int i = 0; i < LEVEL_COUNT; i++) {
		struct level_policy *l = &policy->levels[i];

		l->defined = below(5) > 0;
		l->role = i >= first_offline ? ROLE_OFFLINE : ROLE_ONLINE;
		if (!l->defined || below(6) == 0)
			continue;
		l->net.share = 1 + (uint32_t)below(l->role == ROLE_OFFLINE ? least : 20);
		if (l->role == ROLE_ONLINE && l->net.share < least)
			least = l->net.share;
		l->net.min = random_rate(speed);
		l->net.ceiling = random_rate(speed);
	}
}

static void collect(const struct net_shape *s, struct leaf leaves[LEAVES])
{
	memset(leaves, 0, LEAVES * sizeof(*leaves));
	leaves[0].class = s->unmarked;
	for (int i = 0; i < LEVEL_COUNT; i++) {
		leaves[1 + i].class = s->level[i];
		leaves[1 + i].offline = s->offline_levels >> i & 1;
	}
}

static uint64_t left_to(const struct leaf *l)
{
	uint64_t most = l->want < l->class.ceil_bytes_per_s ? l->want : l->class.ceil_bytes_per_s;

	return l->got < most ? most - l->got : 0;
}

/* What is left of the link, in turns of a quantum, among the online or the offline ones; what was given away. */
static uint64_t lend(struct leaf leaves[LEAVES], bool offline, uint64_t room)
{
	uint64_t given = 0, before = UINT64_MAX;

	while (room - given > LEAVES && before != given) {
		uint64_t quanta = 0, rest = room - given;

		before = given;
		for (int i = 0; i < LEAVES; i++)
			if (leaves[i].offline == offline && left_to(&leaves[i]) > 0)
				quanta += leaves[i].class.quantum_bytes;
		for (int i = 0; i < LEAVES && quanta > 0; i++) {
			uint64_t part = (uint64_t)((unsigned __int128)rest *
						   leaves[i].class.quantum_bytes / quanta);

			if (leaves[i].offline != offline || left_to(&leaves[i]) == 0)
				continue;
			part = part < left_to(&leaves[i]) ? part : left_to(&leaves[i]);
			leaves[i].got += part;
			given += part;
		}
	}
	return given;
}

static uint64_t sum_of(const struct leaf leaves[LEAVES], bool offline)
{
	uint64_t sum = 0;

	for (int i = 0; i < LEAVES; i++)
		sum += leaves[i].offline == offline ? leaves[i].got : 0;
	return sum;
}

static void share_out(const struct net_shape *s, struct leaf leaves[LEAVES])
{
	uint64_t used, ceil = s->offline.ceil_bytes_per_s;

	for (int i = 0; i < LEAVES; i++) {
		leaves[i].got = leaves[i].want < leaves[i].class.rate_bytes_per_s
					? leaves[i].want
					: leaves[i].class.rate_bytes_per_s;
	}
	used = sum_of(leaves, true) + sum_of(leaves, false);
	used += lend(leaves, false, s->root.rate_bytes_per_s - used);
	if (ceil > s->root.rate_bytes_per_s - used + sum_of(leaves, true))
		ceil = s->root.rate_bytes_per_s - used + sum_of(leaves, true);
	if (s->offline_levels)
		(void)lend(leaves, true, ceil - sum_of(leaves, true));
}

static void check_class(const struct net_class *c, const struct net_shape *s, uint32_t mtu)
{
	assert_true(c->rate_bytes_per_s >= NET_RATE_MIN);
	assert_true(c->rate_bytes_per_s <= c->ceil_bytes_per_s);
	assert_true(c->ceil_bytes_per_s <= s->root.ceil_bytes_per_s);
	assert_true(c->burst_bytes >= 2 * (uint64_t)mtu);
	assert_true(c->cburst_bytes >= c->burst_bytes);
	assert_true(c->burst_bytes <= c->rate_bytes_per_s / 100 + 4 * (uint64_t)mtu);
}

static void check_classes(const struct net_shape *s, const struct net_shape_in *in)
{
	uint64_t rates = s->unmarked.rate_bytes_per_s, offline = 0;

	assert_int_equal(s->root.rate_bytes_per_s, in->speed_bytes_per_s);
	assert_int_equal(s->root.ceil_bytes_per_s, in->speed_bytes_per_s);
	assert_int_equal(s->unmarked.ceil_bytes_per_s, in->speed_bytes_per_s);
	check_class(&s->unmarked, s, in->mtu);
	for (int i = 0; i < LEVEL_COUNT; i++) {
		if (!(s->levels >> i & 1))
			continue;
		check_class(&s->level[i], s, in->mtu);
		assert_true(s->level[i].quantum_bytes >= in->mtu);
		rates += s->level[i].rate_bytes_per_s;
		offline += s->offline_levels >> i & 1 ? s->level[i].rate_bytes_per_s : 0;
	}
	assert_true(rates <= in->speed_bytes_per_s);
	assert_int_equal(offline, net_shape_floor(s));
	assert_true(!s->offline_levels || s->offline.ceil_bytes_per_s >= offline);
	if (s->offline_levels)
		check_class(&s->offline, s, in->mtu);
}

/* Whether nothing but its share decides what a level gets. */
static bool is_plain(const struct level_policy *l)
{
	return l->net.min.kind == RATE_NONE && l->net.ceiling.kind == RATE_NONE;
}

/* Within 1 %, and what rounding to a byte and to a quantum's makes of the smallest. */
static bool is_near(uint64_t a, uint64_t b)
{
	uint64_t apart = a > b ? a - b : b - a;

	return apart <= (a + b) / 200 + 1000;
}

/* Everyone of a set wants the whole link. */
static void check_subset(const struct net_shape *s, const struct policy *policy, uint32_t set)
{
	struct leaf leaves[LEAVES];

	collect(s, leaves);
	for (int i = 0; i < LEAVES; i++)
		leaves[i].want = set >> i & 1 && leaves[i].class.rate_bytes_per_s > 0
					 ? s->root.ceil_bytes_per_s
					 : 0;
	share_out(s, leaves);
	for (int i = 0; i < LEVEL_COUNT; i++) {
		const struct level_policy *a = &policy->levels[i];

		if (leaves[1 + i].want == 0)
			continue;
		assert_true(leaves[1 + i].got >= s->level[i].rate_bytes_per_s);
		for (int k = i + 1; k < LEVEL_COUNT; k++) {
			const struct level_policy *b = &policy->levels[k];

			if (leaves[1 + k].want == 0 || !is_plain(a) || !is_plain(b))
				continue;
			if (a->role == b->role)
				assert_true(is_near(leaves[1 + i].got * b->net.share,
						    leaves[1 + k].got * a->net.share));
			if (a->net.share >= b->net.share)
				assert_true(leaves[1 + i].got + 1000 >= leaves[1 + k].got);
		}
		/* what has no mark is never behind */
		if (leaves[0].want > 0 && is_plain(a))
			assert_true(leaves[0].got + 1000 >= leaves[1 + i].got);
	}
}

TEST(no_link_is_promised_twice_and_every_set_of_levels_gets_its_shares)
{
	static struct policy policy;
	uint64_t looked = 0;

	draws = cpu_case_current() | 1;
	for (int number = 0; number < LINKS; number++) {
		struct net_shape_in in = {.policy = &policy, .speed_bytes_per_s = random_speed()};
		struct net_shape shape, again;

		random_policy(&policy, in.speed_bytes_per_s);
		in.mtu = below(3) ? 1500 : 576 + (uint32_t)below(9000);
		in.limits = below(4) > 0;
		in.held_bytes_per_s = below(2) ? 0 : 1 + below(in.speed_bytes_per_s);
		net_shape_make(&in, &shape);
		net_shape_make(&in, &again);
		assert_memory_equal(&shape, &again, sizeof(shape));
		check_classes(&shape, &in);
		for (int k = 0; k < 8; k++, looked++)
			check_subset(&shape, &policy, (uint32_t)below(1u << LEAVES));
	}
	assert_true(looked > LINKS);
}

/* A minimum that the policy gives, and that fits, is what the level gets when all want everything. */
TEST(minimums_hold_when_everyone_wants_everything)
{
	static struct policy policy;
	uint64_t looked = 0;

	draws = cpu_case_current() | 1;
	for (int number = 0; number < LINKS; number++) {
		struct net_shape_in in = {.policy = &policy,
					  .speed_bytes_per_s = random_speed(),
					  .mtu = 1500,
					  .limits = below(2) > 0};
		struct net_shape shape;
		uint64_t sum = 0;

		random_policy(&policy, in.speed_bytes_per_s);
		for (int i = 0; i < LEVEL_COUNT; i++) {
			struct level_net *net = &policy.levels[i].net;

			net->min = (struct rate){.kind = RATE_PERMILLE, .value = below(300)};
			net->ceiling = (struct rate){0};
			sum += net->share > 0 ? net->min.value : 0;
		}
		if (sum > NET_SHAPE_PROMISED_PERMILLE)
			continue;
		looked++;
		net_shape_make(&in, &shape);
		for (int i = 0; i < LEVEL_COUNT; i++)
			if (policy.levels[i].net.share > 0)
				assert_true(shape.level[i].rate_bytes_per_s >=
					    in.speed_bytes_per_s / 1000 *
						    policy.levels[i].net.min.value);
	}
	assert_true(looked > LINKS / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_link_is_promised_twice_and_every_set_of_levels_gets_its_shares),
		cmocka_unit_test(minimums_hold_when_everyone_wants_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
