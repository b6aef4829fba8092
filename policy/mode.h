// SPDX-License-Identifier: LGPL-2.1-or-later
// From what each source says to what is in force: the lowest wins, whole and per resource. Pure.
#pragma once

#include "colod/knob.h"
#include "colod/modes.h"
#include "colod/pressure.h"

/* What is in force. A source that says nothing lowers nothing; with no source at all: MODE_FULL. */
void mode_lowest(const struct mode_says *says, struct modes *ret_modes);

/* The sentence of the source that decided; "nothing lowers it" without one. RESOURCE_INVALID asks
 * for the mode as a whole. Points into *says or to static text. */
const char *mode_why(const struct mode_says *says, const struct modes *modes,
		     enum resource resource);

/* One mode for everything, as if one source had said it (MODE_SOURCE_POLICY). */
struct modes mode_of_all(enum mode mode);

/* The highest that is in force for any resource that is acted on, which the network is not: at most this is done anywhere. */
enum mode mode_highest(const struct modes *modes);

/* The lowest mode that allows this of this knob. A freeze is a hold that only the highest allows. */
enum mode mode_needed(enum knob knob, enum effect effect);

/* The lowest mode in which the agent goes on this rung. */
enum mode mode_of_rung(enum rung rung);

/* Whether some resource has another mode than the whole. */
bool mode_differs(const struct modes *modes);

/* Makes one source say something of everything (RESOURCE_INVALID) or of one resource. The sentence
 * is cut to MODE_WHY_SIZE. */
void mode_say(struct mode_says *says, enum mode_source source, enum resource resource,
	      enum mode mode, const char *why);
