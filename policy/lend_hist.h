// SPDX-License-Identifier: LGPL-2.1-or-later
// A memory of how much was used, which fades: a histogram of weights whose buckets grow by 5 %. Pure.
//
// The form and its numbers are those that peers use (Koordinator's peak predictor and Caelus, both after the
// Kubernetes vertical pod autoscaler): first bucket 25 thousandths of a CPU or 5 MiB, growth 1.05, weights that
// halve in 12 h for the CPU and 24 h for memory. A peak is the upper edge of its bucket, so that it is never too low
// and at most 5 % (or a first bucket) too high. The last bucket begins above 4096 CPUs and 64 TiB.
#pragma once

#include <stdint.h>

#define LEND_HIST_BUCKETS 288
/* The weight of a value when it is new; it may fade to a thousandth before it is gone. */
#define LEND_HIST_ONE 1024u

struct lend_hist {
	uint32_t weights[LEND_HIST_BUCKETS];
};

/* One more value; `first` is the width of the first bucket, the same for all calls on a histogram. */
void lend_hist_add(struct lend_hist *hist, uint64_t first, uint64_t value);

/* All weights × part / 65536, rounded down. */
void lend_hist_fade(struct lend_hist *hist, uint32_t part);

uint64_t lend_hist_weight(const struct lend_hist *hist);

/* What `percentile` hundredths of the weight do not exceed, as the upper edge of a bucket; 0 without any weight. */
uint64_t lend_hist_peak(const struct lend_hist *hist, uint64_t first, uint32_t percentile);

/* The bucket of a value, and the lowest value in a bucket (of LEND_HIST_BUCKETS: the end of the last one). */
uint32_t lend_hist_bucket(uint64_t first, uint64_t value);
uint64_t lend_hist_low(uint64_t first, uint32_t bucket);
