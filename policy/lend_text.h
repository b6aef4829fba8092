// SPDX-License-Identifier: LGPL-2.1-or-later
// What is known of peaks as text, to outlive the agent. Pure.
//
//	colod-lend 1 at=WALL_S                  seconds since 1970
//	r cpu WATCHED_S FED_AGE FADED_AGE       one of the two; ages in seconds before `at`
//	h WHO I:WEIGHT ...                      a histogram of it; WHO: a level's number, "other", "node"
//	p ID AGE                                a pod that was there, and since when
//
// What is not understood to the last word is not used at all. Whole or cut is told from a checksum by
// whoever keeps the text. Nothing is promised by it: the promise begins with 0 at each start, and needs five minutes.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "policy/lend.h"
#include "policy/lend_use.h"
#include "policy/record_text.h"

#define LEND_TEXT_VERSION "colod-lend 1"
/* More than any that is written: 20 histograms of 288 buckets, and 4096 pods. */
#define LEND_TEXT_MAX (1u << 20)

struct lend {
	struct lend_ledger of[LEND_OF_COUNT];
	struct lend_pods pods;
};

void lend_text_put(struct record_buf *buf, const struct lend *lend, int64_t now_us, int64_t wall_s);

/* Adds all of a text to *lend, which must be empty. The time since it was written counts, by the wall clock, but not a
 * negative one. 0; -ENOMEM; -EBADMSG: damaged or of another version. *lend is empty after a failure. */
int lend_text_get(const char *text, size_t len, struct lend *lend, int64_t now_us, int64_t wall_s);
