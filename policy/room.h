// SPDX-License-Identifier: LGPL-2.1-or-later
// How far the node is from running out of memory: the line that must not be crossed, the room above it,
// and when it would be gone. Pure.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/model.h"
#include "colod/plan.h"
#include "colod/sample.h"

/* Never empty, as far as anybody can say. */
#define ROOM_NEVER UINT64_MAX

struct room {
	uint64_t nodes; /* that it is of: an online pod may have memory of these alone; 0: of the machine */
	uint64_t memory_bytes;	   /* that they have */
	uint64_t line_bytes;	   /* below it the kubelet or the kernel acts */
	uint64_t available_bytes;  /* what could be had without anybody being hurt */
	int64_t room_bytes;	   /* available − line; below 0: crossed */
	uint64_t fall_bytes_per_s; /* mean over fall_span_us; 0 where it does not fall */
	uint64_t fall_span_us;	   /* 0: not measured long enough to say */
	uint64_t time_to_empty_us; /* ROOM_NEVER: it does not fall, or that is not known; 0: crossed */
};

/* How long so much lasts while so much of it goes in a second, 1 KiB at least. */
uint64_t room_lasts_us(uint64_t bytes, uint64_t bytes_per_s);

/* Bytes a second by which it falls now: over the last 0.4 s, and only since since_us (0: whenever). The mean of
 * struct room lags by a second: whoever was stopped or killed meanwhile still counts in it. False, *ret untouched, where no two
 * samples are that new. `nodes`: as in struct room. */
bool room_falls_now(const struct model *model, const struct samples *samples, uint64_t nodes,
		    int64_t since_us, uint64_t *ret_bytes_per_s);

/* The same over at least window_us, 5 s at most. */
bool room_falls_over(const struct model *model, const struct samples *samples, uint64_t nodes,
		     int64_t since_us, uint64_t window_us, uint64_t *ret_bytes_per_s);

/* max(2 × the kubelet's hard eviction threshold, 1 % of the memory, 64 MiB, the zones' high watermarks); of some nodes without
 * the threshold, which is the machine's. */
uint64_t room_line_bytes(const struct model *model, uint64_t nodes);

/* That of these nodes (0: of the machine), from the newest samples. False, *ret untouched, where memory was not measured lately. */
bool room_of(const struct model *model, const struct samples *samples, uint64_t nodes,
	     int64_t now_us, struct room *ret_room);

/* Sooner than this it has to be seen to. */
#define ROOM_SOON_US 30000000u

/* The one that matters, of the machine's and those of the nodes to which some online pod is bound (plan->bounds; a pod that is bound
 * to several has the sum of them): what is gone first within ROOM_SOON_US; else what the memory ladder goes by already
 * (plan->room_up), so that who is held for some nodes does not make it the machine's that falls fastest; else what is gone first, or,
 * where none falls, the least. `plan` may be NULL: the machine's. */
bool room_look(const struct model *model, const struct samples *samples, const struct plan *plan,
	       int64_t now_us, struct room *ret_room);

/* The same of these nodes alone, whatever the machine has. False, too, where nobody is bound. */
bool room_look_bound(const struct model *model, const struct samples *samples,
		     const struct plan *plan, int64_t now_us, struct room *ret_room);
