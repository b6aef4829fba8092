// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether a hold helps those for whom it was made. Pure; the memory is the ladder's.
#pragma once

#include "colod/pressure.h"
#include "policy/wait.h"

/* After a hold that helped nobody, those that waited cause none for this long. */
#define EFFICACY_REST_US 300000000

/* A hold begins now: who waits, and how much, is what it is judged by. */
void efficacy_begin(struct efficacy *e, const struct wait_look *look);

/* The hold is over, whatever came of it. */
void efficacy_end(struct efficacy *e);

/* Forgets marks that are over, and those of pods that are gone. */
void efficacy_expire(struct efficacy *e, const struct wait_look *look);

/* The sign by which the trial that is under way counts: that of memory.full, where somebody waited by it. */
bool efficacy_is_full(const struct efficacy *e);

/* Whether a hold did not help this pod lately: then it is no cause for one. *ret_until_us, when not
 * NULL: until when. */
bool efficacy_rests(const struct efficacy *e, const struct pod *pod, int64_t now_us,
		    int64_t *ret_until_us);

/* Every look while the hold lasts; in_force: it is written, and nobody wrote over it. True: it was in force for
 * two windows, all who wait are as badly off as before it, and are marked now; the hold is to be undone.
 * *ret_reason has who waits most, how much now (observed) and before (limit), of what (extra), and for how
 * long it will not be tried again (for_us). */
bool efficacy_is_useless(struct efficacy *e, const struct wait_look *look, bool in_force,
			 struct reason *ret_reason);

/* Whether it would be said now that the hold is useless: asking changes nothing. */
bool efficacy_has_failed(const struct efficacy *e, const struct wait_look *look, bool in_force);

/* The online pod that waits longest past the threshold and for whom a hold may be tried; NULL: there is none, and
 * the outputs (as of wait_over_threshold()) are untouched. */
const struct pod *efficacy_waiter(const struct efficacy *efficacy, const struct wait_look *look,
				  uint64_t *ret_permille, uint64_t *ret_span_us);
