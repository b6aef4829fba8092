// SPDX-License-Identifier: LGPL-2.1-or-later
// See net_shape.h. Example: 10 Gbit/s, P0 {share: 8, min: 20%}, P4 {share: 4}, P7 offline {share: 1, ceiling: 40%}.
// With the unmarked as 8 the parts are 8+8+4+1 = 21: rates 38 %, 38 %, 19 % and 4.8 %. P0's minimum is below its part
// and changes nothing. P4 and P7 active: P4 takes all but P7's 4.8 %; P7 alone has 40 %.
#include "policy/net_shape.h"

#define PERMILLE 1000u
#define MTU_DEFAULT 1500u
/* Ethernet's header with a VLAN tag: as long as the packets are that HTB counts. */
#define HEADER_BYTES 18u
/* A token bucket holds what the class may send in so long: timers of a busy machine are late by less. */
#define BURST_US 2000u
/* All classes of a prio have had their turn within so long, as far as packets allow it. */
#define ROUND_US 4000u
/* As long as the kernel's segments of TCP are: a class whose turn is shorter sends one all the same. */
#define SEGMENT_BYTES 65536u
#define US_PER_S 1000000u
/* λ of divide() is a fraction: its speed at a share of 1 is in 1/1024 bytes a second. */
#define FRACTION_BITS 10
#define PRIO_ONLINE 0u
#define PRIO_OFFLINE 1u

/* The unmarked, then the levels. */
#define PARTS (1 + LEVEL_COUNT)
#define UNMARKED 0
#define OF_LEVEL(level) (1 + (level))

struct part {
	uint64_t share; /* 0: no class */
	uint64_t least;
	uint64_t most;
	uint64_t rate;
};

static uint64_t rate_of(const struct rate *rate, uint64_t speed, uint64_t without)
{
	uint64_t value = without;

	if (rate->kind == RATE_PERMILLE)
		value = speed / PERMILLE * rate->value;
	else if (rate->kind == RATE_BYTES_PER_S)
		value = rate->value;
	return value < speed ? value : speed;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static bool has_class(const struct policy *policy, int level)
{
	const struct level_policy *p = &policy->levels[level];

	return p->defined && p->net.share > 0;
}

/* Minimums that are together more than a link promises (another link may be slower than the policy's author thought)
 * are all cut to the same part of themselves. */
static void fit_minimums(struct part parts[PARTS], uint64_t speed)
{
	uint64_t sum = 0, room = speed / PERMILLE * NET_SHAPE_PROMISED_PERMILLE, scale;

	for (int i = 0; i < PARTS; i++)
		sum += parts[i].least;
	if (sum <= room)
		return;
	scale = room * PERMILLE / sum;
	for (int i = 0; i < PARTS; i++)
		parts[i].least = parts[i].least / PERMILLE * scale;
}

static void collect(const struct net_shape_in *in, struct part parts[PARTS])
{
	uint64_t speed = in->speed_bytes_per_s;

	parts[UNMARKED] = (struct part){.share = 1, .most = speed};
	for (int i = 0; i < LEVEL_COUNT; i++) {
		const struct level_net *net = &in->policy->levels[i].net;
		struct part *part = &parts[OF_LEVEL(i)];

		*part = (struct part){0};
		if (!has_class(in->policy, i))
			continue;
		part->share = net->share;
		part->most = in->limits ? rate_of(&net->ceiling, speed, speed) : speed;
		part->most = larger(part->most, NET_RATE_MIN);
		part->least = smaller(rate_of(&net->min, speed, 0), part->most);
		parts[UNMARKED].share = larger(parts[UNMARKED].share, part->share);
	}
	fit_minimums(parts, speed);
}

/* A speed of `lambda` at a share of 1, within what each part may have. */
static uint64_t part_at(const struct part *part, uint64_t lambda)
{
	uint64_t rate = lambda * part->share >> FRACTION_BITS;

	return larger(smaller(larger(rate, part->least), part->most), NET_RATE_MIN);
}

static uint64_t sum_at(const struct part parts[PARTS], uint64_t lambda)
{
	uint64_t sum = 0;

	for (int i = 0; i < PARTS; i++)
		sum += parts[i].share > 0 ? part_at(&parts[i], lambda) : 0;
	return sum;
}

/* The largest λ at which all of it fits into the link: more of it is more for everyone. */
static void divide(struct part parts[PARTS], uint64_t speed)
{
	uint64_t low = 0, high = speed << FRACTION_BITS;

	while (low < high) {
		uint64_t middle = low + (high - low + 1) / 2;

		if (sum_at(parts, middle) <= speed)
			low = middle;
		else
			high = middle - 1;
	}
	for (int i = 0; i < PARTS; i++)
		parts[i].rate = parts[i].share > 0 ? part_at(&parts[i], low) : 0;
}

static uint32_t frame_of(const struct net_shape_in *in)
{
	return (in->mtu > 0 ? in->mtu : MTU_DEFAULT) + HEADER_BYTES;
}

static uint64_t burst(const struct net_shape_in *in, uint64_t rate)
{
	return larger(rate / US_PER_S * BURST_US, 2 * (uint64_t)frame_of(in));
}

static struct net_class class_of(const struct net_shape_in *in, uint64_t rate, uint64_t ceil)
{
	ceil = larger(ceil, rate);
	return (struct net_class){
		.rate_bytes_per_s = rate,
		.ceil_bytes_per_s = ceil,
		.burst_bytes = burst(in, rate),
		.cburst_bytes = burst(in, ceil),
	};
}

static bool is_online(const struct policy *policy, int part)
{
	return part == UNMARKED || policy->levels[part - 1].role != ROLE_OFFLINE;
}

/* In proportion to the share, and at least a packet for the smallest of those with the same role. */
static uint32_t quantum(const struct net_shape_in *in, const struct part parts[PARTS], int part)
{
	uint64_t least = UINT64_MAX, sum = 0, turn;

	for (int i = 0; i < PARTS; i++) {
		if (parts[i].share == 0 || is_online(in->policy, i) != is_online(in->policy, part))
			continue;
		least = smaller(least, parts[i].share);
		sum += parts[i].share;
	}
	turn = in->speed_bytes_per_s / US_PER_S * ROUND_US / sum * least;
	turn = larger(smaller(turn, SEGMENT_BYTES), frame_of(in));
	return (uint32_t)(turn * parts[part].share / least);
}

static struct net_class leaf(const struct net_shape_in *in, const struct part parts[PARTS], int i)
{
	struct net_class class = class_of(in, parts[i].rate, parts[i].most);

	class.quantum_bytes = quantum(in, parts, i);
	class.prio = is_online(in->policy, i) ? PRIO_ONLINE : PRIO_OFFLINE;
	return class;
}

void net_shape_make(const struct net_shape_in *in, struct net_shape *ret_shape)
{
	uint64_t speed = in->speed_bytes_per_s, offline = 0;
	struct net_shape shape = {0};
	struct part parts[PARTS];

	collect(in, parts);
	divide(parts, speed);
	shape.root = class_of(in, speed, speed);
	shape.unmarked = leaf(in, parts, UNMARKED);
	for (int i = 0; i < LEVEL_COUNT; i++) {
		if (!has_class(in->policy, i))
			continue;
		shape.levels |= 1u << i;
		shape.level[i] = leaf(in, parts, OF_LEVEL(i));
		if (is_online(in->policy, OF_LEVEL(i)))
			continue;
		shape.offline_levels |= 1u << i;
		offline += parts[OF_LEVEL(i)].rate;
	}
	if (shape.offline_levels && in->limits && in->held_bytes_per_s > 0)
		shape.offline = class_of(in, NET_RATE_MIN,
					 larger(smaller(in->held_bytes_per_s, speed), offline));
	else if (shape.offline_levels)
		shape.offline = class_of(in, NET_RATE_MIN, speed);
	shape.active = in->active & shape.levels;
	*ret_shape = shape;
}

uint64_t net_shape_floor(const struct net_shape *shape)
{
	uint64_t sum = 0;

	for (int i = 0; i < LEVEL_COUNT; i++)
		if (shape->offline_levels >> i & 1)
			sum += shape->level[i].rate_bytes_per_s;
	return sum;
}
