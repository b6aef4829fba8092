// SPDX-License-Identifier: LGPL-2.1-or-later
// The share of the last window in which tasks of a pod were stalled, and whether that was the pod's own
// doing. Pure.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/sample.h"
#include "colod/score.h"

struct share {
	uint32_t permille; /* of window_us, at most 1000 */
	uint64_t window_us; /* measured: less than SCORE_WINDOW_US at the start, more between samples */
	bool own;	    /* its own quota, memory.high or memory.max stalled it */
};

/* 0, or -ENODATA where it was not measured, where a counter fell (the cgroup was made anew), or where nobody knows
 * what its quota did. For memory, own: its own bound was met, or it is not known yet that it was not; whether the node
 * itself was out of memory meanwhile (allocstall) is not sampled, so that the doubt is to the benefit of the
 * others. */
int share_of(const struct pod_history *history, enum resource resource, struct share *ret);
