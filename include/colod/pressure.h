// SPDX-License-Identifier: LGPL-2.1-or-later
// The ladder's memory: how far colod has gone against offline work for one resource, since when,
// and on what numbers. Changed only by policy/ladder.c and the
// resource's own file (policy/ladder_cpu.c).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/level.h"
#include "colod/reason.h"

enum rung {
	RUNG_CALM,
	RUNG_SQUEEZE,
	RUNG_RECLAIM,
	RUNG_FREEZE,
	RUNG_EVICT,
	RUNG_COUNT,
};

/* A pod, by slot and serial, and a number: what it waited before a hold in permille, or until when
 * (us) it is no cause for one; by the sign of the rule by which it waited. */
struct efficacy_pod {
	uint32_t slot;
	uint32_t full; /* 0 or 1, as of struct pressure_rule. No padding: two are compared byte by byte */
	uint64_t serial;
	uint64_t number;
};

#define EFFICACY_TRIAL 8
#define EFFICACY_MARKS 16

/* Whether holds help (policy/efficacy.h). */
struct efficacy {
	int64_t started_us; /* of the hold that is judged; 0: none is */
	uint32_t n_trial;
	uint32_t n_marks;
	struct efficacy_pod trial[EFFICACY_TRIAL]; /* who waited when it began */
	struct efficacy_pod marks[EFFICACY_MARKS]; /* whom a hold did not help */
};

struct ladder {
	enum rung rung;
	int64_t since_us;	  /* of this rung */
	int64_t pressure_us;	  /* when pressure was last seen */
	uint64_t quota_cpu_milli; /* what all held offline work may use together; not on RUNG_CALM */
	int64_t grown_us;	  /* when the quota was last raised */
	struct reason reason;	  /* of the last change of rung */
	uint64_t steps;		  /* rung changes since start */
	struct efficacy efficacy;
};

/* One ladder for each resource; that of io is always calm in this version. */
struct ladders {
	struct ladder of[RESOURCE_COUNT];
};
