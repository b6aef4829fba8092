// SPDX-License-Identifier: LGPL-2.1-or-later
// Per online pod and resource: the share of time it was stalled over the window. This is the raw
// share, not yet held against a calm baseline, and it is shown as such.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "colod/level.h"

#define SCORE_WINDOW_US 10000000

enum score_state {
	SCORE_NONE,	      /* not an online pod, or the value could not be measured */
	SCORE_LEARNING,	      /* less than the window was measured so far */
	SCORE_NO_BASELINE,    /* a stall share over the whole window, no baseline yet */
	SCORE_SELF_THROTTLED, /* its own quota stalls it: no CPU number */
	SCORE_STATE_COUNT,
};

struct score_value {
	enum score_state state;
	uint32_t stalled_permille; /* of window_us; valid in LEARNING (from 1 s on) and NO_BASELINE */
	uint64_t window_us;	   /* measured, not nominal */
};

struct pod_score {
	struct score_value by[RESOURCE_COUNT];
};

struct scores {
	struct pod_score *pods; /* by pod->slot; owned */
	size_t n_slots;
};
