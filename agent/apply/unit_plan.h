// SPDX-License-Identifier: LGPL-2.1-or-later
// What systemd is to be told of one unit, from what colod wants, what it told before and what systemd has.
// Arithmetic only.
#pragma once

#include <stdbool.h>

#include "agent/apply/unit_call.h"
#include "agent/apply/unit_table.h"

/* What to do about one unit. */
struct unit_plan {
	struct unit_values tell; /* the call; mask 0: none is needed */
	uint32_t undone;	 /* of those: back to what they were, colod's no more afterwards */
	uint32_t forget;	 /* not told: somebody else set them since, so they are theirs */
	struct unit_told told[UNIT_PROP_COUNT]; /* records of what is in `tell` */
};

/* Takes over what somebody else set since as the new "before". `max` is the foreign cpu.max, NULL where
 * it is not known: it is carried along where systemd does not know of it and would wipe it with the rest
 * of the controller. `has_dropin` says of each property (1 << prop) whether its run-time drop-in is
 * there already. */
void unit_plan(const struct unit *unit, const struct unit_answer *answer,
	       const struct knob_value *max, uint32_t has_dropin, struct unit_plan *ret_plan);

/* Of `values`, what was in the files just before the call: those that systemd had written from the
 * properties that are undone now are forgotten. It may do so at any time, and they are not to come
 * back. */
void unit_plan_forget_told(const struct unit_plan *plan, struct knob_value values[KNOB_COUNT]);

/* Whether everything that is wanted was told and nothing else, as far as is known. */
bool unit_plan_is_done(const struct unit *unit, const struct knob_value *max);
