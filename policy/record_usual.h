// SPDX-License-Identifier: LGPL-2.1-or-later
// What is usual for a pod, in a record: "usual SLOT" and of each resource MEDIAN SIGMA, in permille. Pure.
#pragma once

#include <stdint.h>

#include "colod/sample.h"
#include "policy/record_text.h"

/* Nothing where it was said last, which *said keeps. */
void record_usual_put(struct record_buf *buf, struct pod_usual *said, uint32_t slot,
		      const struct pod_usual *usual);

/* Behind the slot. 0 or -EBADMSG. */
int record_usual_get(struct record_line *line, struct pod_usual *ret_usual);
