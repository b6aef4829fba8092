// SPDX-License-Identifier: LGPL-2.1-or-later
// The ladder of any resource: when to go a rung up against offline work, when one down. Pure: time,
// samples and what the resource sees are arguments, its memory is the caller's struct.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "colod/pressure.h"
#include "policy/wait.h"

/* One row of a resource's table. The rows are in ascending order of `rung`; calm is below the first. */
struct ladder_rung {
	enum rung rung;
	uint64_t dwell_us; /* the rung below must have been on for so long */
	uint64_t calm_us;  /* nobody waited for so long: it may be left for the one below */
	bool brief;	   /* too short to be judged: the trial of the rung below goes on in it */
	/* No hold: it is for when those do not help enough. They are not given up before it has come, and it comes
	 * after dwell_us of them, however often a brief one came between. */
	bool last;
};

struct ladder_table {
	const struct ladder_rung *rungs;
	size_t n;
};

/* What the resource sees in one look. */
struct ladder_signal {
	uint32_t allowed; /* 1 << enum rung: by policy, kernel, and whether there is somebody to meet it */
	uint32_t unasked; /* of those: not by the rule past which somebody waits, though perhaps for the room */
	bool pressure;	   /* an online pod waits past the threshold */
	bool falls;	   /* the room does, though nobody may wait: the last rung may come */
	bool useful;	   /* going up would take something from somebody, by what was measured */
	bool spent;	   /* the rung it is on no longer takes anything from anybody */
	bool in_force;	   /* what it is on is written, and nobody wrote over it */
	enum rung at_once; /* at least this rung, now: time to empty; RUNG_CALM: nothing of the kind */
	struct reason reason; /* of going up: who waits and the numbers */
};

/* One step at look->now_us; at most one rung, except by at_once. Going up starts a trial (efficacy.h):
 * a rung that helped nobody is left again. A rung that is not allowed any more is left at once. Returns
 * the rung it was on before. */
enum rung ladder_step(struct ladder *ladder, const struct ladder_table *table,
		      const struct ladder_signal *signal, const struct wait_look *look);

/* Until when the rung it is on stands, should nobody wait and nothing fall from now on: not left before it for that, though
 * for another cause it may be (nobody there to hold any more, no help, a lower mode). 0: calm, or that may be at any time. */
int64_t ladder_stands_us(const struct ladder *ladder, const struct ladder_table *table,
			 int64_t now_us);

/* Nobody looked for gap_us: back to calm, whatever was seen before. */
void ladder_reset(struct ladder *ladder, int64_t now_us, uint64_t gap_us);
void ladder_reset_all(struct ladders *ladders, int64_t now_us, uint64_t gap_us);
