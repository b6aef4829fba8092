// SPDX-License-Identifier: LGPL-2.1-or-later
// How much memory offline work would have to give back for the pressure to end. Pure.
#pragma once

#include "colod/pressure.h"
#include "policy/room.h"

/* Never more at once than this part of the memory that the room is of: what falls faster is looked at again in the next pass. */
#define MEMORY_WANTED_NODE_PART 8u

/* What makes the room last MEMORY_GROWTH_ROOM_US as it falls; for one who waits some in any case. */
uint64_t memory_wanted_bytes(const struct ladder *ladder, const struct room *room);
