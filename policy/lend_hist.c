// SPDX-License-Identifier: LGPL-2.1-or-later
// See lend_hist.h. Widths are kept in 1024ths, so that the growth of small ones is not rounded away.
#include "policy/lend_hist.h"

#define FINE 1024u
#define GROWTH_PART 20u /* 5 % */

static uint64_t grown(uint64_t width)
{
	return width + width / GROWTH_PART;
}

uint64_t lend_hist_low(uint64_t first, uint32_t bucket)
{
	uint64_t width = first * FINE, low = 0;

	for (uint32_t i = 0; i < bucket; i++, width = grown(width))
		low += width;
	return low / FINE;
}

uint32_t lend_hist_bucket(uint64_t first, uint64_t value)
{
	uint64_t width = first * FINE, low = 0;
	uint32_t bucket = 0;

	while (bucket < LEND_HIST_BUCKETS - 1 && value >= (low + width) / FINE) {
		low += width;
		width = grown(width);
		bucket++;
	}
	return bucket;
}

void lend_hist_add(struct lend_hist *hist, uint64_t first, uint64_t value)
{
	uint32_t *w = &hist->weights[lend_hist_bucket(first, value)];

	*w = *w > UINT32_MAX - LEND_HIST_ONE ? UINT32_MAX : *w + LEND_HIST_ONE;
}

void lend_hist_fade(struct lend_hist *hist, uint32_t part)
{
	for (uint32_t i = 0; i < LEND_HIST_BUCKETS; i++)
		hist->weights[i] = (uint32_t)((uint64_t)hist->weights[i] * part >> 16);
}

uint64_t lend_hist_weight(const struct lend_hist *hist)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < LEND_HIST_BUCKETS; i++)
		sum += hist->weights[i];
	return sum;
}

uint64_t lend_hist_peak(const struct lend_hist *hist, uint64_t first, uint32_t percentile)
{
	uint64_t all = lend_hist_weight(hist), before = 0;

	for (uint32_t i = 0; all > 0 && i < LEND_HIST_BUCKETS; i++) {
		before += hist->weights[i];
		if (before * 100 >= all * percentile && before > 0)
			return lend_hist_low(first, i + 1);
	}
	return 0;
}
