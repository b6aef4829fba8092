// SPDX-License-Identifier: LGPL-2.1-or-later
// See lend_replay.h. The peers' formulas are written down as they publish them; what of them needs a scheduler, requests of
// pods or a model of their own (Crane's Fourier analysis, Katalyst's headroom of a pool) is left out.
#include "tests/lib/lend_replay.h"

#include <stdlib.h>
#include <string.h>

#include "policy/lend.h"

#define STEP_S 10u
#define HALF_DAY_HOUR 61858u /* 2^(-1/12) */
#define DAY_HOUR 63670u	     /* 2^(-1/24) */

struct run {
	const struct lend_trace *t;
	uint64_t *use;	    /* all of each step; owned */
	uint64_t *promised; /* as of each step, by what was measured before it; owned */
};

static uint64_t less(uint64_t from, uint64_t by)
{
	return from > by ? from - by : 0;
}

static bool differs(uint64_t a, uint64_t b)
{
	return (a > b ? a - b : b - a) * 10 > b;
}

/* --- the formulas -------------------------------------------------------------------------------- */

static void colod(struct run *r)
{
	const struct lend_trace *t = r->t;
	struct lend_ledger *l = calloc(1, sizeof(*l));
	const struct lend_terms terms = {
		.part = {.on = true,
			 .percentile = t->of == LEND_CPU ? 95 : 98,
			 .margin_permille = 100},
		.cold_start_us = LEND_HOUR_US,
	};

	if (!l)
		abort();
	for (size_t i = 0; i < t->n; i++) {
		struct lend_use use = {
			.measured = true,
			.capacity = t->capacity,
			.online = r->use[i],
			.other = t->other[i],
			.levels = 1u << LEVEL_P0 | 1u << LEVEL_P4,
		};

		use.level[LEVEL_P0] = t->p0[i];
		use.level[LEVEL_P4] = t->p4[i];
		lend_feed(l, t->of, &use, (int64_t)(i + 1) * LEND_LOOK_US);
		lend_look(l, t->of, &use, &terms, (int64_t)(i + 1) * LEND_LOOK_US);
		r->promised[i] = l->sum.published;
	}
	free(l);
}

static void koord_batch(struct run *r)
{
	uint64_t part = r->t->of == LEND_CPU ? 60 : 65, sum = 0, promised = 0, age_s = 0;

	for (size_t i = 0; i < r->t->n; i++) {
		size_t n = i < 30 ? i + 1 : 30;
		uint64_t now;

		sum += r->use[i] - (i < 30 ? 0 : r->use[i - 30]);
		now = less(r->t->capacity / 100 * part, sum / n);
		age_s += STEP_S;
		if (i % 6 == 0 && (age_s >= 300 || differs(now, promised))) {
			promised = now;
			age_s = 0;
		}
		r->promised[i] = promised;
	}
}

/* A histogram that gets every n-th step, and what it says. */
struct seen {
	struct lend_hist hist;
	uint32_t each_s;
	uint32_t hour; /* what an hour leaves */
};

static void see(struct seen *s, const struct run *r, size_t i)
{
	if (i > 0 && i % (3600 / STEP_S) == 0)
		lend_hist_fade(&s->hist, s->hour);
	if (i * STEP_S % s->each_s == 0)
		lend_hist_add(&s->hist, lend_first(r->t->of), r->use[i]);
}

static void koord_peak(struct run *r)
{
	bool cpu = r->t->of == LEND_CPU;
	struct seen s = {.each_s = 60, .hour = cpu ? HALF_DAY_HOUR : DAY_HOUR};

	for (size_t i = 0; i < r->t->n; i++) {
		uint64_t peak;

		see(&s, r, i);
		if (i % 6 > 0 || i < LEND_REPLAY_DAY) {
			r->promised[i] = i < LEND_REPLAY_DAY ? 0 : r->promised[i - 1];
			continue;
		}
		peak = lend_hist_peak(&s.hist, lend_first(r->t->of), cpu ? 95 : 98);
		r->promised[i] = less(r->t->capacity * 7 / 10, peak * 11 / 10);
	}
}

static void caelus(struct run *r)
{
	struct seen s = {.each_s = 30, .hour = DAY_HOUR};

	for (size_t i = 0; i < r->t->n; i++) {
		uint64_t peak;

		see(&s, r, i);
		if (i % 3 > 0) {
			r->promised[i] = r->promised[i - 1];
			continue;
		}
		peak = lend_hist_peak(&s.hist, lend_first(r->t->of),
				      r->t->of == LEND_CPU ? 80 : 90);
		r->promised[i] = less(r->t->capacity * 8 / 10, peak * 108 / 100);
	}
}

static void crane(struct run *r)
{
	struct seen s = {.each_s = 60, .hour = DAY_HOUR};
	uint64_t promised = 0;

	for (size_t i = 0; i < r->t->n; i++) {
		see(&s, r, i);
		if (i % 2 == 0) {
			uint64_t peak = lend_hist_peak(&s.hist, lend_first(r->t->of), 99);
			uint64_t now = less(r->t->capacity, peak > r->use[i] ? peak : r->use[i]);

			if (differs(now, promised))
				promised = now;
		}
		r->promised[i] = promised;
	}
}

static void volcano(struct run *r)
{
	for (size_t i = 0; i < r->t->n; i++)
		r->promised[i] = less(r->t->capacity, r->use[i]) * 60 / 100;
}

static const struct {
	const char *name;
	void (*run)(struct run *run);
} formulas[LEND_FORMULA_COUNT] = {
	[LEND_COLOD] = {"colod", colod},
	[LEND_KOORD_BATCH] = {"Koordinator batch", koord_batch},
	[LEND_KOORD_PEAK] = {"Koordinator peak", koord_peak},
	[LEND_CAELUS] = {"Caelus", caelus},
	[LEND_CRANE] = {"Crane percentile", crane},
	[LEND_VOLCANO] = {"Volcano", volcano},
};

const char *lend_formula_name(enum lend_formula formula)
{
	return formulas[formula].name;
}

/* --- what came of it ------------------------------------------------------------------------------- */

/* The highest use of the steps from each one to the end of its hour, by a queue of falling maxima. */
static void highest_ahead(const struct run *r, uint64_t *ret_highest)
{
	size_t *queue = calloc(r->t->n, sizeof(*queue)), first = 0, last = 0, next = 0;

	if (!queue)
		abort();
	for (size_t i = 0; i < r->t->n; i++) {
		for (; next < r->t->n && next <= i + LEND_REPLAY_STAY; next++) {
			while (last > first && r->use[queue[last - 1]] <= r->use[next])
				last--;
			queue[last++] = next;
		}
		/* What is used at this very step was known to the promise. */
		while (queue[first] <= i && first + 1 < last)
			first++;
		ret_highest[i] = r->use[queue[first]];
	}
	free(queue);
}

static struct lend_score judge(const struct run *r)
{
	uint64_t over = 0, broken = 0, changes = 0, n = 0;
	uint64_t *highest = calloc(r->t->n, sizeof(*highest));
	double idle = 0, lent = 0;

	if (!highest)
		abort();
	highest_ahead(r, highest);
	for (size_t i = LEND_REPLAY_DAY; i + LEND_REPLAY_STAY < r->t->n; i++, n++) {
		uint64_t kept = r->t->capacity - r->promised[i];
		uint64_t left = less(r->t->capacity, r->use[i + 1]);

		/* In the step after it was promised. */
		over += r->promised[i] > 0 && r->use[i + 1] > kept;
		broken += r->promised[i] > 0 && highest[i] > kept;
		changes += r->promised[i] != r->promised[i - 1];
		idle += (double)left;
		lent += (double)(r->promised[i] < left ? r->promised[i] : left);
	}
	free(highest);
	if (n == 0)
		return (struct lend_score){0};
	return (struct lend_score){
		.over_ppm = (uint32_t)(over * 1000000 / n),
		.broken_ppm = (uint32_t)(broken * 1000000 / n),
		.lent_permille = idle > 0 ? (uint32_t)(lent * 1000 / idle) : 0,
		.changes = (uint32_t)(changes * LEND_REPLAY_DAY / n),
	};
}

struct lend_score lend_replay(const struct lend_trace *t, enum lend_formula formula)
{
	struct run r = {.t = t};
	struct lend_score score;

	r.use = calloc(t->n, sizeof(*r.use));
	r.promised = calloc(t->n, sizeof(*r.promised));
	if (!r.use || !r.promised)
		abort();
	for (size_t i = 0; i < t->n; i++)
		r.use[i] = t->p0[i] + t->p4[i] + t->other[i];
	formulas[formula].run(&r);
	score = judge(&r);
	free(r.use);
	free(r.promised);
	return score;
}
