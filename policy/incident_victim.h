// SPDX-License-Identifier: LGPL-2.1-or-later
// What an incident's points have of who was hurt, beside how it waited and what it used. Pure.
#pragma once

#include "colod/incident.h"
#include "colod/seconds.h"

/* From `a` to `b`, either of which may be NULL; of its memory as of `b`. What was not measured is unknown. */
struct incident_victim incident_victim_between(const struct second *a, const struct second *b);

/* `b` follows `a`: the means of both, by their time, and what there is of memory at the end. a_ms + b_ms > 0. */
void incident_victim_merge(struct incident_victim *a, uint32_t a_ms,
			   const struct incident_victim *b, uint32_t b_ms);
