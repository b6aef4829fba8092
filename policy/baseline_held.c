// SPDX-License-Identifier: LGPL-2.1-or-later
// What seconds without offline work have shown; see baseline.h.
#include <string.h>

#include "policy/baseline.h"

#define SIGMAS 3u
/* Of so many values half are below. */
#define HALF (BASELINE_HOLDS / 2)

static void sort(uint16_t *values, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++) {
		uint16_t value = values[i];
		uint32_t at = i;

		for (; at > 0 && values[at - 1] > value; at--)
			values[at] = values[at - 1];
		values[at] = value;
	}
}

static uint32_t median(const uint16_t sorted[BASELINE_HOLDS])
{
	return ((uint32_t)sorted[HALF - 1] + sorted[HALF] + 1) / 2;
}

/* 1.4826 × MAD, and at least a third of the way to the highest. */
static uint32_t sigma(const uint16_t sorted[BASELINE_HOLDS], uint32_t center)
{
	uint16_t away[BASELINE_HOLDS];
	uint32_t by_mad, by_most = (sorted[BASELINE_HOLDS - 1] - center + SIGMAS - 1) / SIGMAS;

	for (int i = 0; i < BASELINE_HOLDS; i++)
		away[i] = (uint16_t)(sorted[i] > center ? sorted[i] - center : center - sorted[i]);
	sort(away, BASELINE_HOLDS);
	by_mad = (median(away) * 14826u + 5000u) / 10000u;
	if (by_most > by_mad)
		by_mad = by_most;
	return by_mad > 0 ? by_mad : 1;
}

static void settle(struct baseline_held *held)
{
	uint16_t sorted[BASELINE_HOLDS];
	uint32_t center;

	if (held->n < BASELINE_HOLDS)
		return;
	memcpy(sorted, held->permille, sizeof(sorted));
	sort(sorted, BASELINE_HOLDS);
	center = median(sorted);
	held->usual.median = (uint16_t)center;
	held->usual.sigma = (uint16_t)sigma(sorted, center);
}

void baseline_held_add(struct baseline_held *held, uint32_t permille, int64_t at_us)
{
	if (held->n == BASELINE_HOLDS)
		memmove(&held->permille[0], &held->permille[1],
			(BASELINE_HOLDS - 1) * sizeof(held->permille[0]));
	else
		held->n++;
	held->permille[held->n - 1] = (uint16_t)(permille < 1000 ? permille : 1000);
	held->at_us = at_us;
	settle(held);
}

bool baselines_add_held(struct baselines *b, const struct pod *pod, uint32_t load_milli,
			uint32_t permille, int64_t now_us)
{
	const struct baseline_workload *known = baselines_of(b, pod);
	struct baseline_workload *w;
	int bin;

	if (!known)
		return false;
	w = b->workloads[b->slots[pod->slot].workload];
	bin = baseline_bin(w, load_milli);
	if (bin == BASELINE_BINS)
		return false;
	baseline_held_add(&w->held[bin], permille, now_us);
	b->holds++;
	return true;
}
