// SPDX-License-Identifier: LGPL-2.1-or-later
// See memory_wanted.h.
#include "policy/memory_wanted.h"

#include "policy/memory_growth.h"

#define MIB ((uint64_t)1 << 20)
#define SECOND_US 1000000u

/* No fall tells how much is enough to one who waits: the room is to be half the line, and there is a slice in any
 * case. */
#define WAIT_PART 2u
#define WAIT_LEAST_BYTES (64 * MIB)

uint64_t memory_wanted_bytes(const struct ladder *ladder, const struct room *room)
{
	bool waits = ladder->reason.code == REASON_MEMORY_WAITS;
	uint64_t most = room->memory_bytes / MEMORY_WANTED_NODE_PART;
	uint64_t fall = room->fall_bytes_per_s, target;
	uint64_t want = 0;

	/* Nothing falls while those that took it stand still: what matters is how it will, once they run again. */
	if (ladder->rung == RUNG_FREEZE && ladder->reason.code == REASON_MEMORY_EMPTY &&
	    ladder->reason.observed > fall)
		fall = ladder->reason.observed;
	target = fall < most ? fall * (MEMORY_GROWTH_ROOM_US / SECOND_US) : UINT64_MAX / 2;
	if (waits && target < room->line_bytes / WAIT_PART)
		target = room->line_bytes / WAIT_PART;
	if (room->room_bytes < 0)
		want = target + (uint64_t)-room->room_bytes;
	else if (target > (uint64_t)room->room_bytes)
		want = target - (uint64_t)room->room_bytes;
	if (waits && want < WAIT_LEAST_BYTES)
		want = WAIT_LEAST_BYTES;
	return want < most ? want : most;
}
