// SPDX-License-Identifier: LGPL-2.1-or-later
// What offline work may do on one disk while an online pod waits there: how much of what the disk does, of reads and of
// writes. Pure; its memory is the caller's struct io_hold.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/disk_use.h"
#include "colod/pressure.h"

/* After a bound that made things worse the same is not tried again for so long. */
#define IO_HOLD_REST_US 300000000
/* An online pod that did nothing there for so long does not use the disk. */
#define IO_HOLD_USED_US 10000000

/* What is done there, a second. */
struct io_rate {
	uint64_t bytes[DISK_DIRECTIONS];
	uint64_t requests[DISK_DIRECTIONS];
};

/* What one look sees of the disk. */
struct io_hold_look {
	int64_t now_us;
	uint64_t window_us;	     /* of the rule */
	uint32_t threshold_permille; /* of the rule */
	uint32_t waited_permille; /* by the online pod that waits longest past it and uses this disk; 0: none does */
	uint32_t usual_permille; /* of it, which is taken off already */
	bool online_uses;	 /* some online pod does something there */
	bool no_writes;		 /* writes may not be bounded: memory may need them */
	bool busy; /* it has something to do at least half of the time: what it does is about what it can */
	bool in_force;		 /* what is held there is written, and nobody wrote over it */
	uint32_t floor_permille; /* of the policy */
	struct io_rate offline;	 /* of those that may be held */
	struct io_rate all;
	uint64_t can[DISK_ABILITIES]; /* 0: not known */
};

/* Whether there is something left to take that is worth it. */
bool io_hold_may_cut(const struct io_hold *hold, const struct io_hold_look *look);

/* One look of a disk that is held, or is to be. Reads before writes; at most one cut in a window of the rule. True where a
 * bound made things worse and is lifted: hold->reason says so. */
bool io_hold_step(struct io_hold *hold, const struct io_hold_look *look);

/* Whether anything is bounded there. */
bool io_hold_is_on(const struct io_hold *hold);

/* The smallest part of what the disk does that offline work has left there, in permille; 0: nothing is bounded.
 * *ret_floor: it is never less. */
uint32_t io_hold_least(const struct io_hold *hold, bool *ret_floor);

/* The hold ends, for whatever cause; what is to rest still does. */
void io_hold_end(struct io_hold *hold);

/* Nothing of it matters any more: its place may be another disk's. */
bool io_hold_is_over(const struct io_hold *hold, int64_t now_us);

/* What offline work may do of this direction, a second; KNOB_VALUE_MAX: as much as it likes. */
uint64_t io_hold_bytes(const struct io_hold *hold, enum disk_direction direction);
uint64_t io_hold_requests(const struct io_hold *hold, enum disk_direction direction);
