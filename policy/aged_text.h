// SPDX-License-Identifier: LGPL-2.1-or-later
// What the text of baselines and that of peaks have in common, which the agent keeps over a restart: a first line with the version
// and when it was written, lines of words, times as ages, and histograms. Pure.
//
//	colod-something 1 at=WALL_S             seconds since 1970
//	h 3:120 7:65536                         buckets that have a weight, ascending
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "policy/record_text.h"

/* A year, and more than any age that matters. */
#define AGED_TEXT_MAX_S (366u * 86400)

/* How long before now, in seconds: 0 for what is to come, AGED_TEXT_MAX_S at most. */
uint64_t aged_text_age_s(int64_t at_us, int64_t now_us);

void aged_text_put_head(struct record_buf *buf, const char *version, int64_t wall_s);
/* " I:WEIGHT" for each bucket that has one. */
void aged_text_put_weights(struct record_buf *buf, const uint32_t *weights, uint32_t n);

/* The next word as a number; 0 or -EBADMSG. */
int aged_text_number(struct record_line *line, uint64_t max, uint64_t *ret);

/* Buckets up to the end of the line, or up to the word `until`, which is taken too. 0 or -EBADMSG. */
int aged_text_weights(struct record_line *line, const char *until, uint32_t *weights, uint32_t n);

/* A line after the first; written_us: now, less what has passed since by the wall clock, which is no negative time. 0, or why the
 * text is not to be used. */
typedef int aged_text_line_fn(void *context, int64_t written_us, struct record_line *line);

/* All lines of it; 0, -EBADMSG for a text of another version or with a line that is not whole, or what `take` said. */
int aged_text_get(const char *text, size_t len, const char *version, int64_t now_us, int64_t wall_s,
		  aged_text_line_fn *take, void *context);
