// SPDX-License-Identifier: LGPL-2.1-or-later
// A bounded memory of stall shares (0..1000 permille) that fades: a histogram of weights. Pure.
//
// Up to 7 permille each share has a bucket of its own; above, an octave has four, so that a bucket is at most a
// quarter of its lower edge wide and a percentile, placed inside its bucket by weight, is off by less than an
// eighth of itself: 5 permille, half a point of the score, at a usual share of 40. Exact values would
// cost 17 KiB for a day of windows instead of 144 bytes.
#pragma once

#include <stdint.h>

#define STALL_HIST_BUCKETS 36
/* The weight of a window when it is new; it may fade to a thousandth before it is gone. */
#define STALL_HIST_ONE 1024u

struct stall_hist {
	uint32_t weights[STALL_HIST_BUCKETS];
};

/* One more window. */
void stall_hist_add(struct stall_hist *hist, uint32_t permille);
void stall_hist_merge(struct stall_hist *into, const struct stall_hist *from);

/* All weights × part / 65536, rounded down. */
void stall_hist_fade(struct stall_hist *hist, uint32_t part);

uint64_t stall_hist_weight(const struct stall_hist *hist);

/* The share that `rank` thousandths of the weight do not exceed (500: the median); 0 without any. */
uint32_t stall_hist_rank(const struct stall_hist *hist, uint32_t rank);

/* The median of the distances from `center`, the histogram's own median; never less than a quarter of the width
 * of the bucket that it is in, which is all that the histogram can tell. */
uint32_t stall_hist_mad(const struct stall_hist *hist, uint32_t center);

/* The bucket of a share, and the lowest share in a bucket. */
uint32_t stall_hist_bucket(uint32_t permille);
uint32_t stall_hist_low(uint32_t bucket);
