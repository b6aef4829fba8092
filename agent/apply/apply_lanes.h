// SPDX-License-Identifier: LGPL-2.1-or-later
// Knobs whose write may last: handed to a lane, taken up again when it has ended. There is never more
// than one write of a knob under way, so that an undo cannot be overtaken by what it undoes: it has
// that write cut short, and follows when it has ended.
#pragma once

#include "agent/apply/apply_job.h"
#include "agent/base/lanes.h"

enum apply_route {
	APPLY_ROUTE_HERE,
	APPLY_ROUTE_LANE,
	APPLY_ROUTE_LATER, /* no room: the next pass tries again */
};

/* A write of this knob is under way: fills the outcome (still to come), has the write cut short where
 * the change is meant to undo it, and returns true. */
bool apply_lanes_waits(struct apply_job *job);

/* Whether a step down may be tried that the kernel has to reclaim for: not for a while after one that
 * came to nothing. */
bool apply_lanes_may_press(const struct apply_job *job);

/* Whether the last one of this knob came to nothing. */
bool apply_lanes_has_rested(const struct apply_job *job);

enum apply_route apply_lanes_route(struct apply_job *job, const struct knob_value *value);

/* Hands in a write that was recorded; only on APPLY_ROUTE_LANE. 0 or -errno. */
int apply_lanes_submit(struct apply_job *job, const struct knob_value *original,
		       const struct knob_value *value);
