// SPDX-License-Identifier: LGPL-2.1-or-later
// See evict_memory.h.
#include "policy/evict_memory.h"

#include "policy/memory_growth.h"
#include "policy/room.h"

/* Slower is the coming and going of any node. */
#define FALL_BYTES_PER_S ((uint64_t)1 << 20)
/* Who takes by fits and starts is never seen to take for long, and leaves no room all the same: the mean over so long counts, while
 * some of it is from just now, as late as leaves an eviction time to help. */
#define FITS_MEAN_US 4000000u
#define FITS_NOW_US 2000000u
#define FITS_EMPTY_US 10000000u

static bool goes_by_fits(const struct evict_input *in, const struct room *room, uint64_t left)
{
	int64_t since_us = in->evict->ended_us;
	uint64_t mean = 0, fall = 0;

	return room_falls_over(in->model, in->samples, room->nodes, since_us, FITS_MEAN_US,
			       &mean) &&
	       mean >= FALL_BYTES_PER_S && room_lasts_us(left, mean) < FITS_EMPTY_US &&
	       room_falls_over(in->model, in->samples, room->nodes, since_us, FITS_NOW_US, &fall) &&
	       fall >= FALL_BYTES_PER_S;
}

bool evict_memory_still_short(const struct evict_input *in, const struct room *room)
{
	uint64_t left = room->room_bytes > 0 ? (uint64_t)room->room_bytes : 0, fall = 0;

	if (in->ladder->rung == RUNG_CALM)
		return false;
	if (in->ladder->reason.code == REASON_MEMORY_EMPTY && goes_by_fits(in, room, left))
		return true;
	if (in->ladder->pressure_us < in->now_us)
		return false;
	if (in->ladder->reason.code != REASON_MEMORY_EMPTY)
		return true;
	return room_falls_now(in->model, in->samples, room->nodes, in->evict->ended_us, &fall) &&
	       fall >= FALL_BYTES_PER_S && room_lasts_us(left, fall) < MEMORY_GROWTH_ROOM_US;
}
