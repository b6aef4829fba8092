// SPDX-License-Identifier: LGPL-2.1-or-later
// Baselines as text, to outlive the agent. Pure.
//
//	colod-baselines 1 at=WALL_S             seconds since 1970
//	w TOP SEEN_AGE FADED_AGE KEY            a workload; ages in seconds before `at`
//	c RESOURCE BIN N EPISODES AGE N_ALL AGE_ALL calm I:WEIGHT ... all I:WEIGHT ...
//	h BIN AGE P ...                         CPU stall of seconds with offline work at its floor in permille; in a colod before them
//	                                        such a text is of another version
//
// What is not understood to the last word is not used at all: what was learned wrongly would blame the
// innocent. Whole or cut is told from a checksum by whoever keeps the text.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "policy/baseline.h"
#include "policy/record_text.h"

#define BASELINE_TEXT_VERSION "colod-baselines 1"
/* More than any that is written: 256 workloads whose every bucket has a weight are 4.4 MiB. */
#define BASELINE_TEXT_MAX (6u << 20)

void baseline_text_put(struct record_buf *buf, const struct baselines *baselines, int64_t now_us,
		       int64_t wall_s);

/* Adds all of a text to *baselines, which must be empty. The time since it was written counts, by the wall clock, but
 * not a negative one. 0; -EBADMSG: damaged or of another version, then *baselines is empty. */
int baseline_text_get(const char *text, size_t len, struct baselines *baselines, int64_t now_us,
		      int64_t wall_s);
