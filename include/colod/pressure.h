// SPDX-License-Identifier: LGPL-2.1-or-later
// The ladder's memory: how far colod has gone against offline work for one resource, since when,
// and on what numbers. Changed only by policy/ladder.c.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/reason.h"

enum rung {
	RUNG_CALM,
	RUNG_SQUEEZE,
	RUNG_COUNT,
};

struct ladder_cpu {
	enum rung rung;
	int64_t since_us;	  /* of this rung */
	int64_t pressure_us;	  /* when pressure was last seen */
	uint64_t quota_cpu_milli; /* what all held offline work may use together, RUNG_SQUEEZE only */
	int64_t grown_us;	  /* when the quota was last raised */
	struct reason reason;	  /* of the last change of rung */
	uint64_t steps;		  /* rung changes since start */
};
