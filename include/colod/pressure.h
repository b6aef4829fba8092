// SPDX-License-Identifier: LGPL-2.1-or-later
// The ladder's memory: how far colod has gone against offline work for one resource, since when,
// and on what numbers. Changed only by policy/ladder.c and the
// resource's own file (policy/ladder_cpu.c).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/knob.h"
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
	int64_t spent_us; /* since when the quota is in force and at its floor, or all but; 0: it is not */
	struct reason reason; /* of the last change of rung */
	uint64_t steps;	      /* rung changes since start */
	struct efficacy efficacy;
};

/* What offline work may do of reads, or of writes, on a disk (policy/io_hold.h). */
struct io_bound {
	uint32_t permille;	  /* of what the disk does; 0: it is not bounded */
	uint32_t floor_permille;  /* never less */
	uint32_t mark_permille;	  /* 0, or: with so much somebody waited again */
	uint32_t before_permille; /* how long somebody waited before it was bounded */
	uint32_t probe_s;	  /* how long the mark is not passed, the next time */
	uint32_t reserved;	  /* no padding: two are compared byte by byte */
	uint64_t bytes_per_s; /* what the disk does; 0: of requests of this size bytes are not counted */
	uint64_t requests_per_s; /* the same */
	int64_t since_us;
	int64_t probe_us; /* the mark may be passed from then on */
	int64_t slack_us; /* 0, or: offline work has used less than it may since */
	int64_t worse_us; /* 0, or: whoever waits is worse off than before it since */
	int64_t rest_us;  /* it made that so: not again before */
};

/* A disk that is held, or was a moment ago. Its place is that of its knobs: KNOB_IO_MAX and so on. */
struct io_hold {
	uint32_t major, minor; /* 0:0: none */
	int64_t pressure_us;   /* somebody last waited there */
	int64_t online_us;     /* an online pod last did anything there */
	int64_t cut_us;
	int64_t grown_us;
	int64_t spent_us; /* since when it is in force and there is next to nothing left to take; 0: it is not so */
	struct io_bound of[DISK_DIRECTIONS];
	struct reason reason; /* of the last cut, or of what undid one */
};

struct io_holds {
	struct io_hold of[KNOB_IO_MAX_DISKS];
};

/* One ladder for each resource. */
struct ladders {
	struct ladder of[RESOURCE_COUNT];
	struct io_holds io;
};
