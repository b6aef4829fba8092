// SPDX-License-Identifier: LGPL-2.1-or-later
// How things stand for online work when a step is taken, and after it: what a step is to be judged by later, by people.
// Pure; decides nothing.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/wait.h"

/* A step is looked at again so long after it. */
#define STEP_LOOK_AFTER_US 10000000
#define STEP_LOOK_TEXT_SIZE 256

struct step_look {
	uint64_t window_us; /* what was waited is measured over; that of the policy's rule, else 1 s */
	bool stall_known; /* some online pod was measured lately, and waits by no bound of its own */
	uint64_t stall_permille;   /* of the one that waits longest */
	char who[REASON_WHO_SIZE]; /* that one; "" where nobody waits */
	bool room_known;	   /* memory only */
	bool fall_known;
	int64_t room_bytes; /* above the line of room.h */
	uint64_t fall_bytes_per_s;
};

/* look->rule may be one that is not on. */
void step_look(const struct wait_look *look, struct step_look *ret_look);

/* "online pods wait for memory 3.1 % of 1 s at most (default/web), 24 % before; …": ends buf with a NUL, returns it.
 * What was not measured is said to be so. */
const char *step_look_text(const struct step_look *before, const struct step_look *after,
			   enum resource resource, char *buf, size_t size);
