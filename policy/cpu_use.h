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

/* In how much of its quota's periods the pod was throttled between two of its samples: by its own quota or by
 * one that a container has of its own, whichever is more. 1 with *ret_permille, 0 where no quota was at
 * work (*ret_permille is 0), or -ENODATA where that was not measured. */
int cpu_use_throttled_permille(const struct pod_sample *from, const struct pod_sample *to,
			       uint64_t *ret_permille);

/* A pod that is throttled in more of its periods than this waits for its own quota: its own fault. */
#define CPU_USE_OWN_FAULT_PERMILLE 10u

/* count × 1000 ÷ span, rounded down, at most UINT64_MAX; span > 0. */
uint64_t cpu_use_permille(uint64_t count, uint64_t span);
