// SPDX-License-Identifier: LGPL-2.1-or-later
// See lend.h. Example: 16 CPUs, 1 of them reserved; p95 of the node 5.2, of the levels and the rest together 5.9:
//
//   kept = 5.9 + 10 % = 6.49; a new pod that requests 2: 8.49; lendable = 16 − 1 − 8.49 = 6.51, promised 6.5
#include "policy/lend.h"

#include <string.h>

#define CPU_FIRST 25u
#define MEMORY_FIRST (5u << 20)
/* 2^(−1/12) and 2^(−1/24), in 65536ths: what an hour leaves. */
#define CPU_HOUR 61858u
#define MEMORY_HOUR 63670u

uint64_t lend_first(enum lend_of of)
{
	return of == LEND_CPU ? CPU_FIRST : MEMORY_FIRST;
}

const char *lend_of_name(enum lend_of of)
{
	return of == LEND_CPU ? "cpu" : "memory";
}

const char *lend_state_name(enum lend_state state)
{
	static const char *const names[LEND_STATE_COUNT] = {
		[LEND_OFF] = "off",	      [LEND_UNMEASURED] = "unmeasured",
		[LEND_LEARNING] = "learning", [LEND_COOLING] = "cooling",
		[LEND_HELD] = "held",	      [LEND_RISING] = "rising",
		[LEND_OPEN] = "open",
	};

	return (unsigned)state < LEND_STATE_COUNT ? names[state] : "?";
}

/* --- peaks ------------------------------------------------------------------------------------- */

static void forget(struct lend_ledger *l)
{
	memset(l->hist, 0, sizeof(l->hist));
	l->watched_us = 0;
	l->minute_us = 0;
}

void lend_fade(struct lend_ledger *l, enum lend_of of, int64_t now_us)
{
	uint32_t part = of == LEND_CPU ? CPU_HOUR : MEMORY_HOUR;

	if (l->faded_us == 0 || (l->fed_us != 0 && now_us - l->fed_us > LEND_FORGET_US)) {
		forget(l);
		l->faded_us = now_us;
	}
	for (; now_us - l->faded_us >= LEND_HOUR_US; l->faded_us += LEND_HOUR_US)
		for (int who = 0; who < LEND_WHO_COUNT; who++)
			lend_hist_fade(&l->hist[who], part);
}

static uint64_t used_by(const struct lend_use *use, int who)
{
	if (who == LEND_NODE)
		return use->online;
	return who == LEND_OTHER ? use->other : use->level[who];
}

static void end_minute(struct lend_ledger *l, enum lend_of of)
{
	for (int who = 0; who < LEND_WHO_COUNT; who++) {
		/* A level that nobody has is not one that uses nothing: nothing is known of it. */
		if (l->highest[who] > 0)
			lend_hist_add(&l->hist[who], lend_first(of), l->highest[who]);
	}
	l->watched_us += LEND_MINUTE_US;
	l->minute_us = 0;
}

void lend_feed(struct lend_ledger *l, enum lend_of of, const struct lend_use *use, int64_t now_us)
{
	if (!use->measured)
		return;
	lend_fade(l, of, now_us);
	if (l->fed_us == 0 || now_us - l->fed_us > LEND_GAP_US)
		l->minute_us = 0;
	if (l->minute_us == 0) {
		memset(l->highest, 0, sizeof(l->highest));
		/* The look that began it stands for the 10 s before. */
		l->minute_us = now_us - LEND_LOOK_US;
	}
	for (int who = 0; who < LEND_WHO_COUNT; who++) {
		uint64_t used = used_by(use, who);

		if (used > l->highest[who])
			l->highest[who] = used;
	}
	l->fed_us = now_us;
	if (now_us - l->minute_us >= LEND_MINUTE_US)
		end_minute(l, of);
}

/* --- the sum ------------------------------------------------------------------------------------- */

static uint64_t less(uint64_t from, uint64_t by)
{
	return from > by ? from - by : 0;
}

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* More than there is is never kept: then all is, and sums do not overflow. */
static uint64_t peak_of(const struct lend_ledger *l, enum lend_of of, int who, uint32_t percentile,
			uint64_t capacity)
{
	return min_u64(lend_hist_peak(&l->hist[who], lend_first(of), percentile), capacity);
}

static void add_up(const struct lend_ledger *l, enum lend_of of, const struct lend_part *part,
		   struct lend_sum *sum)
{
	const struct lend_use *use = &sum->use;
	uint64_t capacity = use->capacity, peak;

	for (int level = 0; level < LEVEL_COUNT; level++)
		if (use->levels & 1u << level)
			sum->level_peak[level] = peak_of(l, of, level, part->percentile, capacity);
	sum->other_peak = peak_of(l, of, LEND_OTHER, part->percentile, capacity);
	sum->node_peak = peak_of(l, of, LEND_NODE, part->percentile, capacity);
	if (of == LEND_CPU) {
		sum->levels_peak = sum->other_peak;
		for (int level = 0; level < LEVEL_COUNT; level++)
			sum->levels_peak += sum->level_peak[level];
	}
	peak = min_u64(max_u64(sum->node_peak, sum->levels_peak), capacity);
	/* Capacity is far below 2^54. */
	sum->margin = peak * part->margin_permille / 1000;
	sum->kept = peak + sum->margin + min_u64(use->newcomers, capacity);
	sum->lendable = less(less(capacity, use->reserved), max_u64(sum->kept, use->online));
}

/* Why nothing is lent; LEND_OPEN: it may be. */
static enum lend_state closed(const struct lend_ledger *l, const struct lend_use *use,
			      const struct lend_terms *t, int64_t now_us)
{
	if (!t->part.on)
		return LEND_OFF;
	if (!use->measured)
		return LEND_UNMEASURED;
	if (l->watched_us < max_u64(t->cold_start_us, LEND_MINUTE_US))
		return LEND_LEARNING;
	if (t->taken_us > 0 && now_us - t->taken_us < LEND_COOL_US)
		return LEND_COOLING;
	return LEND_OPEN;
}

static enum lend_state rise(struct lend_ledger *l, uint64_t target, const struct lend_terms *t,
			    int64_t now_us)
{
	if (t->rung) {
		l->rise_us = 0;
		return LEND_HELD;
	}
	if (l->rise_us == 0) {
		l->rise_us = now_us;
		l->rise_least = target;
	}
	l->rise_least = min_u64(l->rise_least, target);
	if (now_us - l->rise_us < LEND_RISE_US)
		return LEND_RISING;
	l->published = l->rise_least;
	l->rise_us = 0;
	return LEND_OPEN;
}

static enum lend_state publish(struct lend_ledger *l, enum lend_of of, const struct lend_sum *sum,
			       const struct lend_terms *t, int64_t now_us)
{
	uint64_t grain = of == LEND_CPU ? LEND_CPU_GRAIN : LEND_MEMORY_GRAIN;
	uint64_t step = max_u64(sum->use.capacity / LEND_STEP_PART, grain);
	uint64_t target = sum->lendable / grain * grain;
	uint64_t room = less(less(sum->use.capacity, sum->use.reserved), sum->use.online);

	if (target >= l->published + step || (l->published == 0 && target > 0))
		return rise(l, target, t, now_us);
	l->rise_us = 0;
	if (target + step <= l->published || target == 0 || room < l->published)
		l->published = target;
	return t->rung ? LEND_HELD : LEND_OPEN;
}

void lend_look(struct lend_ledger *l, enum lend_of of, const struct lend_use *use,
	       const struct lend_terms *t, int64_t now_us)
{
	struct lend_sum *sum = &l->sum;

	*sum = (struct lend_sum){
		.use = *use,
		.watched_us = l->watched_us,
		.cold_start_us = t->cold_start_us,
	};
	sum->state = closed(l, use, t, now_us);
	if (t->part.on && use->measured)
		add_up(l, of, &t->part, sum);
	if (sum->state == LEND_OPEN) {
		sum->state = publish(l, of, sum, t, now_us);
	} else {
		sum->lendable = 0;
		l->published = 0;
		l->rise_us = 0;
	}
	if (sum->state == LEND_COOLING)
		sum->until_us = t->taken_us + LEND_COOL_US;
	else if (sum->state == LEND_RISING)
		sum->until_us = l->rise_us + LEND_RISE_US;
	sum->published = l->published;
}
