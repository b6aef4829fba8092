// SPDX-License-Identifier: LGPL-2.1-or-later
// How much CPU pods and the node used lately, from the samples. Pure.
#pragma once

#include <stdint.h>

#include "colod/pod.h"
#include "colod/sample.h"

/* Samples that are older than this are not "lately": nothing is worked out from them. */
#define CPU_USE_STALE_US 5000000

/* CPU use in thousandths of one CPU, rounded down, over the newest span of at least window_us (or
 * what there is). 0, or -ENODATA where it was not measured at least twice, or not lately. */
int cpu_use_pod_milli(const struct samples *samples, const struct pod *pod, uint64_t window_us,
		      int64_t now_us, uint64_t *ret_milli);
int cpu_use_node_milli(const struct samples *samples, uint64_t window_us, int64_t now_us,
		       uint64_t *ret_milli);

/* count × 1000 ÷ span, rounded down, at most UINT64_MAX; span > 0. */
uint64_t cpu_use_permille(uint64_t count, uint64_t span);
