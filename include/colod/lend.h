// SPDX-License-Identifier: LGPL-2.1-or-later
// What this node can lend: CPU and memory that offline work may be promised now without touching what online work
// will need. Each term of the sum is here, so that whoever shows the number can show how it came about.
// Memory is in bytes, CPU in thousandths of a CPU. Whatever is not offline work is called online here: pods with an
// online level, pods that nobody has judged yet, and the system.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/level.h"

enum lend_of {
	LEND_CPU,
	LEND_MEMORY,
	LEND_OF_COUNT,
};

/* Why the number is what it is. All but the last three lend nothing. */
enum lend_state {
	LEND_OFF,	 /* the policy lends none of it */
	LEND_UNMEASURED, /* what the node uses could not be measured lately */
	LEND_LEARNING,	 /* the node was not watched for as long as the policy asks */
	LEND_COOLING,	 /* somebody was evicted or killed a moment ago */
	LEND_HELD,	 /* a rung is up for it: it may go down and not up */
	LEND_RISING,	 /* more could be lent, and it has not been so for long enough */
	LEND_OPEN,
	LEND_STATE_COUNT,
};

/* What was measured, of one of the two. */
struct lend_use {
	bool measured;
	uint64_t capacity;
	uint64_t reserved; /* never lent: the policy's, and of memory the line of policy/room.h */
	uint64_t online;   /* all that is not offline work */
	uint64_t level[LEVEL_COUNT]; /* its part by pods of a level; of memory page cache included */
	uint64_t other;		     /* its part by what has no level: the system, undecided pods */
	uint64_t offline;
	uint32_t levels; /* 1 << enum level: online levels */
	uint64_t newcomers; /* requests of online pods that were not here for as long as a peak needs */
	uint32_t n_newcomers; /* these pods */
};

/* One sum: kept = max(of the node, of all levels) + margin + newcomers;
 * lendable = capacity − reserved − max(kept, used by online work now). */
struct lend_sum {
	enum lend_state state;
	struct lend_use use;
	uint64_t level_peak[LEVEL_COUNT]; /* 0: nothing was seen of it, or it is no online level */
	uint64_t other_peak;
	uint64_t levels_peak; /* the sum of those; not of memory, in which page cache counts: 0 */
	uint64_t node_peak;
	uint64_t margin;
	uint64_t kept;
	uint64_t lendable;  /* as of now; 0 where the state lends nothing */
	uint64_t published; /* what is promised: `lendable` with hysteresis */
	uint64_t watched_us;
	uint64_t cold_start_us;
	int64_t until_us; /* COOLING, RISING: when that may end, CLOCK_BOOTTIME; else 0 */
};
