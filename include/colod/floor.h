// SPDX-License-Identifier: LGPL-2.1-or-later
// The floor's memory: what each offline branch of the tree gets of the CPU time that its weight
// promises, and how far its weight was raised because it got less. Changed only by policy/floor.c.
#pragma once

#include <stdint.h>

#include "colod/reason.h"

/* Branches watched at once; of the rest none is raised, and they are counted. */
#define FLOOR_BRANCHES 32

#define FLOOR_DOUBLINGS_MAX 16u
#define FLOOR_PATIENCE_MAX_US 86400000000u

/* What the last pass found out about a branch. */
enum floor_state {
	FLOOR_NEW_WEIGHT, /* its weight is not, or not long enough, what colod wants: not judged */
	FLOOR_UNMEASURED, /* a pod of it, or what its weight is worth, is not known: not judged */
	FLOOR_QUOTA,	  /* a quota bounds it, or may be what its pods wait for: not judged */
	FLOOR_FED,	  /* nothing in it waits all the time, or it gets what it is promised */
	FLOOR_STARVING,	  /* it waits and gets less than half of that */
	FLOOR_STATE_COUNT,
};

/* A cgroup that yields by its weight. Parts per million (ppm) are of one CPU. */
struct floor_branch {
	uint64_t inode; /* which cgroup it is */
	enum floor_state state;
	uint64_t weight; /* planned in the last pass */
	uint64_t normal; /* what it would be without a raise */

	/* What may be measured begins at since_us: the weights were as they are, and no pod has left. */
	int64_t since_us;
	uint64_t since_ppm;  /* what the weights that stood then promised */
	uint64_t n_pods;     /* of the last pass */
	uint64_t max_serial; /* of its pods so far */

	/* The raise: the normal weight doubled `doublings` times, within its bounds. */
	uint32_t doublings;
	int64_t changed_us; /* when that last changed; 0: never */
	int64_t needed_us;  /* when it was last seen to need it */
	uint64_t patience_us;
	struct reason reason; /* of the last doubling */

	/* For people, of the last pass that measured it. */
	uint64_t got_ppm;
	bool got_at_most;      /* it is a bound, not what was measured */
	uint64_t promised_ppm; /* by the normal weight */
};

struct floor_cpu {
	struct floor_branch branches[FLOOR_BRANCHES];
	uint32_t n;
	uint32_t unwatched; /* branches of the last pass that found no room */
	uint64_t raises;    /* doublings since start */
	uint64_t starved;   /* how often a branch began to starve, since start */
};
