// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether memory is short at this very moment, for whoever decides on an eviction. Pure.
#pragma once

#include <stdbool.h>

#include "policy/evict_choose.h"
#include "policy/room.h"

/* The rung stays for a while after what it is for has ended, and the mean of the fall lags by a second. `in` is of memory,
 * `room` measured now. */
bool evict_memory_still_short(const struct evict_input *in, const struct room *room);
