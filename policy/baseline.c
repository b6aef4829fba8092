// SPDX-License-Identifier: LGPL-2.1-or-later
// See baseline.h. The memory and the arithmetic of it; what is fed to it, and when, is in baseline_feed.c.
#include "policy/baseline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/ring.h"

#define HOUR_US INT64_C(3600000000)
/* 2^(-1/24) of 65536 */
#define FADE_HOUR 63671u
/* A workload that was not seen for so long may make room. */
#define AWAY_US 60000000
/* By then nothing is left of any weight. */
#define FADE_HOURS_MAX (24 * 32)
#define SIGMAS 3u
/* Tasks that come at random meet, and wait for each other, with the square of their load: in an octave of it. */
#define LESS_LOAD_TIMES 4u
/* Of a normal distribution: between its 10th and 20th percentile there are 0.44 of its σ. */
#define SIGMA_PER_DECILE_PERMILLE 2273u

int baselines_new(struct baselines **ret_baselines)
{
	struct baselines *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	*ret_baselines = b;
	return 0;
}

void baselines_free(struct baselines *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < BASELINE_WORKLOADS; i++)
		free(b->workloads[i]);
	free(b->slots);
	free(b);
}

/* The pods of a place that is given to another workload have none from then on. */
static void forget(struct baselines *b, int32_t workload)
{
	for (size_t i = 0; i < b->n_slots; i++)
		if (b->slots[i].workload == workload)
			b->slots[i].workload = -1;
}

struct baseline_workload *baselines_add(struct baselines *b, const char *key, int64_t now_us)
{
	struct baseline_workload *found = NULL;
	size_t place = BASELINE_WORKLOADS;

	for (size_t i = 0; i < BASELINE_WORKLOADS; i++) {
		struct baseline_workload *w = b->workloads[i];

		if (w &&
		    (now_us - w->seen_us <= AWAY_US || (found && w->seen_us >= found->seen_us)))
			continue;
		found = w;
		place = i;
		if (!w)
			break;
	}
	if (place == BASELINE_WORKLOADS)
		return NULL;
	if (!found)
		b->workloads[place] = found = malloc(sizeof(*found));
	if (!found)
		return NULL;
	forget(b, (int32_t)place);
	memset(found, 0, sizeof(*found));
	memcpy(found->key, key, strnlen(key, sizeof(found->key) - 1));
	found->seen_us = found->faded_us = now_us;
	found->top_milli = BASELINE_TOP_MIN;
	return found;
}

static uint16_t sigma_of(uint32_t mad)
{
	uint32_t sigma = (mad * 14826u + 5000u) / 10000u;

	return (uint16_t)(sigma > 0 ? sigma : 1);
}

void baseline_settle(struct baseline_cell *cell)
{
	uint32_t median = stall_hist_rank(&cell->calm, 500), low, next;

	if (stall_hist_weight(&cell->calm) < STALL_HIST_ONE)
		cell->n_calm = cell->n_episodes = 0;
	if (stall_hist_weight(&cell->all) < STALL_HIST_ONE)
		cell->n_all = 0;
	cell->usual.median = (uint16_t)median;
	cell->usual.sigma = sigma_of(stall_hist_mad(&cell->calm, median));
	low = stall_hist_rank(&cell->all, 100);
	next = stall_hist_rank(&cell->all, 200);
	cell->estimate.median = (uint16_t)low;
	cell->estimate.sigma = (uint16_t)((next - low) * SIGMA_PER_DECILE_PERMILLE / 1000);
	if (cell->estimate.sigma == 0)
		cell->estimate.sigma = 1;
}

static bool top_is_empty(const struct baseline_workload *w)
{
	for (int r = 0; r < RESOURCE_COUNT; r++)
		if (stall_hist_weight(&w->cells[r][BASELINE_BINS - 1].all) >= STALL_HIST_ONE)
			return false;
	return true;
}

static bool is_empty(const struct baseline_workload *w)
{
	for (int i = 0; i < BASELINE_BINS; i++)
		if (stall_hist_weight(&w->cells[RESOURCE_CPU][i].all) >= STALL_HIST_ONE)
			return false;
	return true;
}

/* Nothing of that much load is left: the bins move up, and the lowest begins anew. */
static void shrink(struct baseline_workload *w)
{
	for (int r = 0; r < RESOURCE_COUNT; r++) {
		memmove(&w->cells[r][1], &w->cells[r][0],
			(BASELINE_BINS - 1) * sizeof(w->cells[r][0]));
		memset(&w->cells[r][0], 0, sizeof(w->cells[r][0]));
	}
	memmove(&w->held[1], &w->held[0], (BASELINE_BINS - 1) * sizeof(w->held[0]));
	memset(&w->held[0], 0, sizeof(w->held[0]));
	w->top_milli /= 2;
}

void baseline_fade(struct baseline_workload *w, int64_t now_us)
{
	int64_t hours = (now_us - w->faded_us) / HOUR_US;
	uint32_t part = 1u << 16;

	if (hours <= 0)
		return;
	w->faded_us += hours * HOUR_US;
	if (hours > FADE_HOURS_MAX)
		hours = FADE_HOURS_MAX;
	for (int64_t h = 0; h < hours; h++)
		part = (uint32_t)((uint64_t)part * FADE_HOUR >> 16);
	for (int i = 0; i < BASELINE_BINS; i++)
		if (now_us - w->held[i].at_us > BASELINE_HELD_US)
			w->held[i] = (struct baseline_held){0};
	for (int r = 0; r < RESOURCE_COUNT; r++) {
		for (int i = 0; i < BASELINE_BINS; i++) {
			struct baseline_cell *cell = &w->cells[r][i];

			if (cell->n_all == 0)
				continue;
			stall_hist_fade(&cell->calm, part);
			stall_hist_fade(&cell->all, part);
			baseline_settle(cell);
		}
	}
	while (w->top_milli > BASELINE_TOP_MIN && !is_empty(w) && top_is_empty(w))
		shrink(w);
}

const struct baseline_workload *baselines_of(const struct baselines *b, const struct pod *pod)
{
	const struct baseline_slot *slot;

	if (!b || pod->slot >= b->n_slots)
		return NULL;
	slot = &b->slots[pod->slot];
	if (slot->serial != pod->serial || slot->workload < 0)
		return NULL;
	return b->workloads[slot->workload];
}

static uint32_t load_to(const struct baseline_workload *w, int bin)
{
	return w->top_milli >> (BASELINE_BINS - 1 - bin);
}

int baseline_bin(const struct baseline_workload *w, uint64_t load_milli)
{
	int bin = 0;

	while (bin < BASELINE_BINS && load_milli > load_to(w, bin))
		bin++;
	return bin;
}

static bool is_valid(const struct baseline_cell *cell)
{
	return cell->n_calm >= BASELINE_WINDOWS && cell->n_episodes >= BASELINE_EPISODES;
}

static const struct baseline_held *held_of(const struct baseline_workload *w,
					   enum resource resource, int bin)
{
	const struct baseline_held *held = &w->held[bin];

	return resource == RESOURCE_CPU && held->n == BASELINE_HOLDS ? held : NULL;
}

/* From where on a share counts as lost. */
static uint32_t line(const struct baseline_usual *usual)
{
	return usual->median + SIGMAS * usual->sigma;
}

/* Without a valid baseline the higher line is taken, so that the excess over it is at most what it would be over one. */
static enum score_basis basis_of(const struct baseline_cell *cell, const struct baseline_held *held)
{
	if (is_valid(cell))
		return SCORE_BASIS_CALM;
	if (held)
		return SCORE_BASIS_HELD;
	if (cell->n_all < BASELINE_WINDOWS)
		return SCORE_BASIS_LEARNING;
	return cell->n_calm > 0 && line(&cell->usual) > line(&cell->estimate)
		       ? SCORE_BASIS_FEW
		       : SCORE_BASIS_ESTIMATE;
}

static void describe_as(struct score_baseline *ret, enum score_basis basis,
			const struct baseline_usual *usual, int64_t at_us, int64_t now_us)
{
	ret->basis = basis;
	ret->median_permille = usual->median;
	ret->sigma_permille = usual->sigma;
	ret->age_us = now_us > at_us ? (uint64_t)(now_us - at_us) : 0;
}

static void describe(const struct baseline_workload *w, enum resource resource, int bin,
		     int64_t now_us, struct score_baseline *ret)
{
	const struct baseline_held *held = held_of(w, resource, bin);
	const struct baseline_cell *cell = &w->cells[resource][bin];
	enum score_basis basis = basis_of(cell, held);
	bool estimate = basis == SCORE_BASIS_ESTIMATE;
	const struct baseline_usual *usual = estimate ? &cell->estimate : &cell->usual;
	int64_t at_us = estimate ? cell->all_us : cell->calm_us;

	*ret = (struct score_baseline){
		.windows = cell->n_calm,
		.episodes = cell->n_episodes,
		.seen = cell->n_all,
		.holds = resource == RESOURCE_CPU ? w->held[bin].n : 0,
		.load_over_milli = bin > 0 ? load_to(w, bin - 1) : 0,
		.load_to_milli = load_to(w, bin),
	};
	if (basis == SCORE_BASIS_HELD) {
		usual = &held->usual;
		at_us = held->at_us;
	}
	if (basis != SCORE_BASIS_LEARNING)
		describe_as(ret, basis, usual, at_us, now_us);
}

/* What is usual in the bin below; of a pod whose calm load is at the lower edge of that, where it has few of the windows, the
 * higher line of that and of the one below: what it uses then is less than twice the load that those have. */
static bool less_load(const struct baseline_workload *w, enum resource resource, int own,
		      struct baseline_usual *ret_usual, int *ret_bin)
{
	const struct baseline_cell *cells = w->cells[resource];

	if (own < 1)
		return false;
	*ret_bin = own - 1;
	*ret_usual = cells[own - 1].usual;
	if (is_valid(&cells[own - 1]))
		return true;
	if (own < 2 || cells[own - 1].n_calm == 0 || !is_valid(&cells[own - 2]))
		return false;
	*ret_bin = own - 2;
	if (line(&cells[own - 2].usual) > line(ret_usual))
		*ret_usual = cells[own - 2].usual;
	return true;
}

/* What is usual in the bin below, raised, or what its own few calm windows show, whichever is the higher line. Nothing where
 * the one below has no valid baseline either. */
static void look_below(const struct baseline_workload *w, enum resource resource, int own,
		       int64_t now_us, struct score_baseline *ret)
{
	const struct baseline_cell *few = own < BASELINE_BINS ? &w->cells[resource][own] : NULL;
	struct baseline_usual less, raised;
	int bin;

	if (!less_load(w, resource, own, &less, &bin))
		return;
	raised.median = (uint16_t)(less.median * LESS_LOAD_TIMES);
	raised.sigma = (uint16_t)(less.sigma * LESS_LOAD_TIMES);
	if (few && few->n_calm > 0 && line(&few->usual) > line(&raised)) {
		describe_as(ret, SCORE_BASIS_FEW, &few->usual, few->calm_us, now_us);
		return;
	}
	describe(w, resource, bin, now_us, ret);
	describe_as(ret, SCORE_BASIS_LESS_LOAD, &raised, w->cells[resource][bin].calm_us, now_us);
}

static bool is_weak(enum score_basis basis)
{
	return basis == SCORE_BASIS_LEARNING || basis == SCORE_BASIS_ESTIMATE;
}

bool baselines_look(const struct baselines *b, const struct pod *pod, enum resource resource,
		    uint64_t load_milli, int64_t now_us, struct score_baseline *ret)
{
	const struct baseline_workload *w = baselines_of(b, pod);
	int own, bin;

	if (!w)
		return false;
	own = baseline_bin(w, load_milli);
	for (bin = own; bin < BASELINE_BINS; bin++)
		if (is_valid(&w->cells[resource][bin]))
			break;
	if (bin == BASELINE_BINS)
		bin = own;
	/* More than was ever seen: what is usual then nobody knows. */
	if (own == BASELINE_BINS)
		*ret = (struct score_baseline){.load_over_milli = w->top_milli};
	else
		describe(w, resource, bin, now_us, ret);
	ret->higher_load = bin > own;
	if (is_weak(ret->basis) && load_milli <= 2 * (uint64_t)w->top_milli)
		look_below(w, resource, own, now_us, ret);
	return true;
}
