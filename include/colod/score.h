// SPDX-License-Identifier: LGPL-2.1-or-later
// How much of its time each online pod loses to others: per resource the share of the window in which it
// was stalled, held against what is usual for its workload in calm windows, and one number of both.
// Each term is here, so that whoever shows the number can show how it came about. The number is for people. The
// ladders go by the stall of the shorter windows of their rules, own fault out, over the same baseline where it is one
// of calm windows (policy/wait.h, policy/usual.h).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "colod/level.h"

#define SCORE_WINDOW_US 10000000

enum score_state {
	SCORE_NONE, /* not an online pod, or the value could not be measured */
	SCORE_LEARNING, /* too little was measured so far, of the window or of the baseline: no number */
	SCORE_NO_BASELINE, /* not calm enough so far: `excess` is estimated, mostly a lower bound */
	SCORE_SELF_THROTTLED, /* its own quota stalls it: no CPU number */
	SCORE_OWN_LIMIT,      /* its own memory.high or memory.max stalls it: no memory number */
	SCORE_BASELINE,	      /* `excess` is over a baseline of calm windows */
	SCORE_STATE_COUNT,
};

enum score_basis {
	SCORE_BASIS_LEARNING, /* neither of the next: only the counts are valid */
	SCORE_BASIS_ESTIMATE, /* never calm; median: the 10th percentile of all windows */
	SCORE_BASIS_FEW,      /* calm windows, but not enough of them, or in too few spells */
	/* Calm windows, but at up to half the load; median and sigma: four times theirs, and no bound */
	SCORE_BASIS_LESS_LOAD,
	SCORE_BASIS_HELD, /* of seconds in which offline work was held to its floor; median: of those */
	SCORE_BASIS_CALM,
	SCORE_BASIS_COUNT,
};

/* What is usual for the workload at this load of its own. */
struct score_baseline {
	enum score_basis basis;
	uint32_t median_permille;
	uint32_t sigma_permille;
	uint32_t windows;  /* calm ones that do not overlap, since it was learned first */
	uint32_t episodes; /* times that calm began anew */
	uint32_t seen;	   /* windows of any kind */
	uint32_t holds; /* of CPU: seconds with offline work at its floor, whatever the basis is */
	/* It holds for own CPU use above the first up to the second, in thousandths of a CPU. */
	uint32_t load_over_milli;
	uint32_t load_to_milli;
	bool higher_load; /* learned at more load than there is now, so the excess is at least this */
	uint64_t age_us; /* since the last window in it */
};

struct score_value {
	enum score_state state;
	uint32_t stalled_permille; /* of window_us, own fault taken out; valid from 1 s on */
	uint64_t window_us;	   /* measured, not nominal */
	uint32_t own_permille;	   /* what was taken out */
	uint32_t excess_permille;  /* of the time; valid in BASELINE and NO_BASELINE */
	struct score_baseline baseline;
};

struct pod_score {
	struct score_value by[RESOURCE_COUNT];
	/* Of all: BASELINE and NO_BASELINE have a number, the others say why there is none. */
	enum score_state state;
	uint32_t permille; /* 1000 is a score of 100 */
	/* A resource has no number or only a lower bound, and none may be too high (LESS_LOAD) */
	bool at_least;
};

struct scores {
	struct pod_score *pods; /* by pod->slot; owned */
	size_t n_slots;
};
