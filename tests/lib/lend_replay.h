// SPDX-License-Identifier: LGPL-2.1-or-later
// Days of use, made or recorded, replayed against formulas of what can be lent: colod's, which is the product's own code,
// and those that peers publish, as far as they are formulas over use. What each kept for online work is held
// against what that really used.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "colod/lend.h"

#define LEND_REPLAY_STEP_US 10000000
#define LEND_REPLAY_DAY 8640u
/* A borrower who takes what is promised stays for so long. */
#define LEND_REPLAY_STAY 360u

struct lend_trace {
	char name[64];
	bool made;
	enum lend_of of;
	uint64_t capacity;
	uint64_t *p0; /* each step, of pods of P0, of P4, and of the system; owned */
	uint64_t *p4;
	uint64_t *other;
	size_t n;
};

enum lend_formula {
	LEND_COLOD,
	LEND_KOORD_BATCH, /* capacity × 60 % (memory 65 %) − mean use of 300 s; each 60 s, when it differs by 10 %, or after 300 s */
	LEND_KOORD_PEAK, /* requests − p95 (memory p98) × 1.1 after 24 h, half-life 12 h (24 h), a sample a minute; needs requests: 70 % */
	LEND_CAELUS, /* capacity × 80 % − p80 (memory p90) × 1.08, half-life 24 h, a sample each 30 s */
	LEND_CRANE, /* capacity − max(p99, use now), half-life 24 h, a sample a minute; when it differs by 10 % */
	LEND_VOLCANO, /* (capacity − use now) × 60 %, each 10 s */
	LEND_FORMULA_COUNT,
};

/* Counted from the second day on, so that every formula has seen a day. */
struct lend_score {
	uint32_t over_ppm; /* of the time online work used more than was kept for it at that moment */
	uint32_t broken_ppm;	/* ... more than that within the hour for which a borrower stays */
	uint32_t lent_permille; /* of what online work left idle */
	uint32_t changes;	/* of the promise, a day */
};

/* The made ones, by number; false: there are no more. Aborts without memory. */
bool lend_trace_make(size_t number, enum lend_of of, struct lend_trace *ret_trace);
void lend_trace_free(struct lend_trace *trace);

/* A recorded one: a line "P0 P4 OTHER" for each step_s seconds, in thousandths of a CPU or bytes; # begins a comment.
 * 0, -errno, or -EBADMSG. */
int lend_trace_read(const char *path, enum lend_of of, uint64_t capacity, uint32_t step_s,
		    struct lend_trace *ret_trace);

const char *lend_formula_name(enum lend_formula formula);
struct lend_score lend_replay(const struct lend_trace *trace, enum lend_formula formula);
