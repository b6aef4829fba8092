// SPDX-License-Identifier: LGPL-2.1-or-later
// See stall_hist.h.
#include "policy/stall_hist.h"

#define EXACT 8u   /* shares with a bucket of their own */
#define PARTS 4u   /* of an octave */
#define MOST 1000u /* permille */

static uint32_t width(uint32_t bucket)
{
	return bucket < EXACT ? 1 : 2u << ((bucket - EXACT) / PARTS);
}

uint32_t stall_hist_low(uint32_t bucket)
{
	return bucket < EXACT ? bucket : (PARTS + (bucket - EXACT) % PARTS) * width(bucket);
}

uint32_t stall_hist_bucket(uint32_t permille)
{
	uint32_t v = permille < MOST ? permille : MOST, octave = 0;

	if (v < EXACT)
		return v;
	while (v >= 2 * EXACT << octave)
		octave++;
	return EXACT + octave * PARTS + (v / (2u << octave)) % PARTS;
}

static void add(uint32_t *weight, uint32_t more)
{
	*weight = *weight > UINT32_MAX - more ? UINT32_MAX : *weight + more;
}

void stall_hist_add(struct stall_hist *hist, uint32_t permille)
{
	add(&hist->weights[stall_hist_bucket(permille)], STALL_HIST_ONE);
}

void stall_hist_merge(struct stall_hist *into, const struct stall_hist *from)
{
	for (uint32_t i = 0; i < STALL_HIST_BUCKETS; i++)
		add(&into->weights[i], from->weights[i]);
}

void stall_hist_fade(struct stall_hist *hist, uint32_t part)
{
	for (uint32_t i = 0; i < STALL_HIST_BUCKETS; i++)
		hist->weights[i] = (uint32_t)((uint64_t)hist->weights[i] * part >> 16);
}

uint64_t stall_hist_weight(const struct stall_hist *hist)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < STALL_HIST_BUCKETS; i++)
		sum += hist->weights[i];
	return sum;
}

uint32_t stall_hist_rank(const struct stall_hist *hist, uint32_t rank)
{
	uint64_t target = stall_hist_weight(hist) * rank / MOST, before = 0;

	for (uint32_t i = 0; i < STALL_HIST_BUCKETS; i++) {
		uint64_t w = hist->weights[i], inside;

		if (w > 0 && before + w > target) {
			inside = width(i) * (target - before) / w;
			return stall_hist_low(i) + (uint32_t)inside;
		}
		before += w;
	}
	return 0;
}

static uint32_t middle(uint32_t bucket)
{
	return stall_hist_low(bucket) + width(bucket) / 2;
}

/* Outwards from the center, the nearer bucket first, until half of the weight is inside. */
uint32_t stall_hist_mad(const struct stall_hist *hist, uint32_t center)
{
	uint32_t at = stall_hist_bucket(center), left = at, right = at + 1;
	uint32_t least = width(at) / 4, distance = 0;
	uint64_t half = (stall_hist_weight(hist) + 1) / 2, inside = hist->weights[at];

	while (inside < half) {
		uint32_t down = left > 0 ? center - middle(left - 1) : UINT32_MAX;
		uint32_t up = right < STALL_HIST_BUCKETS ? middle(right) - center : UINT32_MAX;

		if (down == UINT32_MAX && up == UINT32_MAX)
			break;
		distance = down < up ? down : up;
		inside += hist->weights[down < up ? --left : right++];
	}
	return distance > least ? distance : least;
}
