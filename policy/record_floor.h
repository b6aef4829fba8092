// SPDX-License-Identifier: LGPL-2.1-or-later
// The floor's memory as lines of a record: one for the counters, one for each branch. Pure.
#pragma once

#include "colod/floor.h"
#include "policy/record_text.h"

struct record_names;

/* All lines, with their line ends. */
void record_floor_put(struct record_buf *buf, const struct floor_cpu *floor,
		      const struct record_names *names);

/* One line, behind its first word: "cpu" makes *floor empty but for its counters, "at" adds a branch.
 * 0, or -EBADMSG with *floor as it was. */
int record_floor_get(struct record_line *line, struct floor_cpu *floor);
