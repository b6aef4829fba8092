// SPDX-License-Identifier: LGPL-2.1-or-later
// See net_ceiling.h. Example: 10 Gbit/s, headroom 5 %, floor 500 Mbit/s. Online work begins to send 6 Gbit/s: the
// ceiling is 3.5 Gbit/s in the same look. It sends 8: 1.5. Down to 4: the ceiling rises by 1 Gbit/s in a second,
// from a second on, to 5.5. It falls silent: after 2 s offline work has the link.
#include "policy/net_ceiling.h"

#include <stdio.h>

#define PERMILLE 1000u
#define US_PER_S 1000000u
/* Online work that sends so much is at work; a hold ends where it sends less than half of that. */
#define BUSY_PERMILLE 10u
#define IDLE_PERMILLE 5u
#define IDLE_US 2000000
/* Who does no more than talk does so now and then. */
#define SILENT_US 10000000
/* A ceiling that is so near to what is wanted stays: what comes in through noise alone moves nothing. */
#define BAND_PERMILLE 5u
/* Of the link in a second. */
#define GROW_PERMILLE 100u
/* No growth so soon after a cut. */
#define REST_US 1000000
/* A hold that nobody can justify any more ends. */
#define BLIND_US 10000000
#define SPAN_MIN_US 10000
/* At rest a round comes 10 s after the one before, and both take a moment. */
#define SPAN_MAX_US 12000000

/* The counter of one class; false: it went back. */
static bool add(const struct net_count *before, const struct net_count *now, uint64_t *bytes)
{
	if (now->bytes < before->bytes || now->packets < before->packets)
		return false;
	*bytes += now->bytes - before->bytes;
	return true;
}

/* No product overflows: a counter does not run for 10 ms to 12 s at more than 2^44 bytes a second. */
uint64_t net_ceiling_rate(uint64_t bytes, uint64_t span_us)
{
	uint64_t most = UINT64_MAX / US_PER_S;

	return (bytes < most ? bytes : most) * US_PER_S / span_us;
}

bool net_ceiling_compares(int64_t before_us, int64_t now_us)
{
	int64_t span_us = now_us - before_us;

	return before_us > 0 && span_us >= SPAN_MIN_US && span_us <= SPAN_MAX_US;
}

bool net_ceiling_use(const struct net_counts *before, const struct net_counts *now,
		     const struct net_shape *shape, struct net_use *ret_use)
{
	uint64_t online = 0, offline = 0;
	int64_t span_us = now->at_us - before->at_us;

	if (!net_ceiling_compares(before->at_us, now->at_us) || now->ifindex != before->ifindex ||
	    !add(&before->unmarked, &now->unmarked, &online))
		return false;
	for (int i = 0; i < LEVEL_COUNT; i++) {
		bool is_offline = shape->offline_levels >> i & 1;

		if (!(shape->levels >> i & 1))
			continue;
		if (!add(&before->level[i], &now->level[i], is_offline ? &offline : &online))
			return false;
	}
	*ret_use = (struct net_use){
		.online_bytes_per_s = net_ceiling_rate(online, (uint64_t)span_us),
		.offline_bytes_per_s = net_ceiling_rate(offline, (uint64_t)span_us),
		.span_us = (uint64_t)span_us,
	};
	return true;
}

static uint64_t part_of(const struct net_ceiling_look *look, uint64_t permille)
{
	return look->speed_bytes_per_s / PERMILLE * permille;
}

static enum reason_code code_of(const struct net_ceiling_look *look, enum reason_code code)
{
	return look->arrives ? code + (REASON_NET_RX_ONLINE - REASON_NET_ONLINE) : code;
}

/* What online work takes until the next look. */
static uint64_t expected(const struct net_ceiling_look *look)
{
	return look->online_bytes_per_s + look->growth_bytes_per_s;
}

/* Because of what online work sends, or of what waits before the link. */
static struct reason reason_of(const struct net_ceiling_look *look, uint64_t ceil)
{
	bool only_crowded = look->crowded &&
			    look->online_bytes_per_s < part_of(look, IDLE_PERMILLE);
	struct reason reason = {
		.code = only_crowded			  ? REASON_NET_RX_CROWDED
			: ceil <= look->floor_bytes_per_s ? code_of(look, REASON_NET_FLOOR)
			: look->growth_bytes_per_s > 0	  ? REASON_NET_RX_GROWS
							  : code_of(look, REASON_NET_ONLINE),
		.level = LEVEL_NONE,
		.rule = -1,
		.observed = only_crowded ? look->all_bytes_per_s : expected(look),
		.limit = look->speed_bytes_per_s,
		.extra = ceil,
	};

	(void)snprintf(reason.who, sizeof(reason.who), "%s", look->name);
	return reason;
}

static void end(struct net_hold *hold, const struct net_ceiling_look *look, enum reason_code code,
		int64_t for_us, uint64_t limit)
{
	uint64_t online = hold->online_bytes_per_s;
	int64_t looked_us = hold->looked_us;
	struct reason reason = hold->reason;

	if (hold->ceil_bytes_per_s > 0) {
		reason = reason_of(look, 0);
		reason.code = code;
		reason.observed = look->online_bytes_per_s;
		reason.limit = limit;
		reason.for_us = (uint64_t)for_us;
		reason.extra = 0;
	}
	*hold = (struct net_hold){
		.online_bytes_per_s = online,
		.looked_us = looked_us,
		.reason = reason,
	};
}

static uint64_t wanted(const struct net_ceiling_look *look)
{
	uint64_t taken = expected(look) + part_of(look, look->headroom_permille);
	uint64_t left = taken < look->speed_bytes_per_s ? look->speed_bytes_per_s - taken : 0;

	return left > look->floor_bytes_per_s ? left : look->floor_bytes_per_s;
}

static void cut(struct net_hold *hold, const struct net_ceiling_look *look, uint64_t want)
{
	if (hold->ceil_bytes_per_s == 0)
		hold->since_us = look->now_us;
	hold->ceil_bytes_per_s = want;
	hold->cut_us = look->now_us;
	hold->reason = reason_of(look, want);
}

/* In proportion to the time since the last step, so that how often one looks changes nothing. */
static void grow(struct net_hold *hold, const struct net_ceiling_look *look, uint64_t want)
{
	int64_t cut_until_us = hold->cut_us + REST_US;
	int64_t from_us = hold->grown_us > cut_until_us ? hold->grown_us : cut_until_us;
	int64_t span_us = look->now_us - from_us;
	uint64_t step;

	if (span_us <= 0)
		return;
	if (span_us > US_PER_S)
		span_us = US_PER_S;
	step = part_of(look, GROW_PERMILLE) / PERMILLE * (uint64_t)(span_us / 1000);
	if (step > want - hold->ceil_bytes_per_s)
		step = want - hold->ceil_bytes_per_s;
	else if (step < part_of(look, BAND_PERMILLE))
		return; /* until it is worth a message to the kernel */
	hold->ceil_bytes_per_s += step;
	hold->grown_us = look->now_us;
	hold->reason = reason_of(look, hold->ceil_bytes_per_s);
}

/* Whether online work has been idle for long enough. */
static bool is_over(struct net_hold *hold, const struct net_ceiling_look *look)
{
	if (look->crowded || look->online_bytes_per_s >= part_of(look, IDLE_PERMILLE)) {
		hold->idle_us = 0;
		return false;
	}
	if (hold->idle_us == 0)
		hold->idle_us = look->now_us;
	return look->now_us - hold->idle_us >= (look->arrives ? SILENT_US : IDLE_US);
}

static void step_measured(struct net_hold *hold, const struct net_ceiling_look *look)
{
	uint64_t want = wanted(look), band = part_of(look, BAND_PERMILLE);
	uint64_t ceil = hold->ceil_bytes_per_s;

	if (ceil == 0) {
		if (look->crowded || look->online_bytes_per_s >= part_of(look, BUSY_PERMILLE))
			cut(hold, look, want);
		return;
	}
	if (is_over(hold, look))
		end(hold, look, code_of(look, REASON_NET_IDLE), look->now_us - hold->idle_us,
		    part_of(look, IDLE_PERMILLE));
	else if (want + band < ceil || (want < ceil && want == look->floor_bytes_per_s))
		cut(hold, look, want);
	else if (want > ceil + band)
		grow(hold, look, want);
}

void net_ceiling_step(struct net_hold *hold, const struct net_ceiling_look *look)
{
	int64_t blind_us = look->now_us - hold->looked_us;

	if (look->measured) {
		hold->looked_us = look->now_us;
		hold->online_bytes_per_s = look->online_bytes_per_s;
	}
	/* The link, or what is promised of it, may have become another one. */
	if (hold->ceil_bytes_per_s > look->speed_bytes_per_s)
		hold->ceil_bytes_per_s = look->speed_bytes_per_s;
	if (hold->ceil_bytes_per_s > 0 && hold->ceil_bytes_per_s < look->floor_bytes_per_s)
		hold->ceil_bytes_per_s = look->floor_bytes_per_s;
	if (!look->allowed)
		end(hold, look, REASON_MODE, 0, 0);
	else if (!look->offline)
		end(hold, look, code_of(look, REASON_NET_NOBODY), 0, 0);
	else if (look->measured)
		step_measured(hold, look);
	else if (blind_us >= BLIND_US)
		end(hold, look, code_of(look, REASON_NET_BLIND), blind_us, 0);
}
