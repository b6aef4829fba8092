// SPDX-License-Identifier: LGPL-2.1-or-later
// Until when a rung lasts, where that is known beforehand.
#pragma once

#include "colod/snapshot.h"

/* CLOCK_BOOTTIME: at most until then; 0: not known, or as long as pressure lasts. Only a freeze has a known end. */
int64_t rungs_until_us(const struct snapshot *snapshot, enum resource resource);

/* CLOCK_BOOTTIME, as of the last pass: until then it is not left though nobody waits and nothing falls from then on;
 * while that lasts it moves on with each pass. 0: calm, or it may be left at any time. */
int64_t rungs_at_least_until_us(const struct snapshot *snapshot, enum resource resource);
