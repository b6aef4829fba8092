// SPDX-License-Identifier: LGPL-2.1-or-later
// How fast offline pods grow, and how fast they may while memory is short. Pure.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/model.h"
#include "colod/plan.h"
#include "colod/policy.h"
#include "colod/sample.h"
#include "policy/room.h"

/* All of them together may take what is left in this time: then there is ever less to take, and never
 * nothing. */
#define MEMORY_GROWTH_ROOM_US 30000000

/* An offline pod that a hold may meet, as far as memory goes. */
struct memory_growth {
	uint64_t now_bytes;    /* in use */
	uint64_t before_bytes; /* span_us ago */
	uint64_t span_us;
	uint64_t bytes_per_s;	   /* 0: it does not grow, or shrinks */
	uint64_t there_bytes;	   /* of now_bytes what lies on the nodes that were asked for */
	uint32_t stalled_permille; /* of that time all of it stood still for memory; 0: not known, too */
};

/* Whether its memory may be held and reclaimed: offline, and enough is known of it. */
bool memory_growth_may_hold(const struct assignment *a);

/* False where it was not measured lately, for a second at least. */
bool memory_growth_of(const struct samples *samples, const struct pod *pod, int64_t now_us,
		      struct memory_growth *ret_growth);

/* The same as a mean over window_us, 5 s at most, or since it was first measured. */
bool memory_growth_over(const struct samples *samples, const struct pod *pod, uint64_t window_us,
			int64_t now_us, struct memory_growth *ret_growth);

/* Of the last second where only these nodes count (0: all do): bytes_per_s is by how much it grows there. False, too, where what it has there was
 * not measured lately. */
bool memory_growth_on(const struct samples *samples, const struct pod *pod, uint64_t nodes,
		      int64_t now_us, struct memory_growth *ret_growth);

/* How fast it would grow if nothing slowed it down: for as long as it stood still it took nothing. At most twenty times as
 * fast as it does. */
uint64_t memory_growth_unslowed(const struct memory_growth *growth);

/* Whether it grows by enough to matter. */
bool memory_growth_matters(const struct memory_growth *growth);

/* A held pod may always grow by so much: one that stands still for good is worse off than a dead one, and so is
 * who waits for its memory. */
#define MEMORY_GROWTH_LEAST ((uint64_t)1 << 20)

/* Whether holding helps at all. Below half of the line it does not: there the kubelet and the kernel have to choose
 * somebody, and a pod that is kept from growing keeps them from it while everybody else is reclaimed from. */
bool memory_growth_may_help(const struct room *room);

/* What each of n growing pods may grow by in a second, in bytes: its part of the room, no more than the level
 * says, MEMORY_GROWTH_LEAST at least. */
uint64_t memory_growth_allowed(const struct room *room, size_t n, const struct level_memory *level);
