// SPDX-License-Identifier: LGPL-2.1-or-later
// What can be lent: peaks of what online work uses, a sum, and the number that is promised. Pure: memory is the
// caller's struct, time is an argument. The arithmetic alone is lend_feed() and lend_look(), by numbers; lend_use.h has the
// numbers of a node.
//
// Peaks: every 10 s what each level, the rest and all of them together use is looked at (CPU: the mean since 10 s ago), and
// once in a minute the highest look of it goes into a histogram that fades (lend_hist.h). A minute that was not looked
// at is no minute that was watched, and after a day without any all is forgotten: it may be another node by now.
//
// The sum: see struct lend_sum. Of both peaks the larger one is kept: that of the node knows which levels are busy at the
// same time, the sum of the levels' is there for the day on which all are. The sum is not used for memory: a pod is charged for page
// cache, the node's number leaves out what the kernel would give up at once.
//
// The promise goes down with the sum as soon as that is 2 % of the capacity lower, or what online work uses now would be
// touched; it goes up by 2 % at least, to the lowest sum of five minutes, and not while a rung is up. For five minutes after an
// eviction or a kill it is 0, as the taint is up for so long.
//
// Measured (make bench-lend: nine made days of 10 s steps, 32 CPUs and 128 GiB, from the second day on). Of the time, how much
// online work used more than was kept for it; the same for a borrower who takes the promise and stays for an hour; and the
// share lent of what it left idle. Peers' formulas as published, on the same days. No recorded day was to be had; the tool takes one.
//
//	cpu                 day and night     office hours     growing 10 %/day  a weekend        1 % spikes        drifting
//	colod               0     0     43    0     0     27   0     0     45    .06   4.1   40   .21   21.1  90    .03   3.9  46 %
//	Koordinator batch   0     0     42    .07   4.3   39   0     0     39    0     0     44   .70   21.5  52    0     0    38
//	Koordinator peak    0     0     10    0     0     0    0     0     12    0     0     11   .96   21.6  57    0     0     8
//	Caelus              0     0     42    0     0     18   0     .4    44    1.1   5.0   45   .96   21.6  71    0     .7   41
//	Crane percentile    0     0     50    0     0     37   2.2   20.4  57    .40   11.1  44   .54   21.4  89    .45   6.1  49
//	Volcano             0     .6    60    .91   15.6  60   .45   4.8   60    .19   4.8   60   .25   21.2  60    0     1.5  60
//	memory
//	colod               0     0     56    0     0     40   0     0     57    0     0     47   .22   21.1  94    0     .8   44 %
//	Koordinator batch   0     0     50    .11   4.3   46   0     0     46    0     0     51   .85   21.5  58    0     0    45
//	Caelus              0     0     35    0     0     17   0     0     36    0     0     31   .96   21.6  73    0     0    32
//	Crane percentile    6.6   20.7  70    .74   44.8  56   7.2   20.7  69    1.1   10.8  59   .52   21.5  89    1.2   5.9  53
//
// The promise moved 0 to 27 times a day, Koordinator's batch number some 300 times, Volcano's at each look. What p95 does not
// see is a peak of less than a twentieth of the time (the spikes), and a Monday after a weekend on which the last busy day has faded.
//
// Memory: two ledgers, 24 KiB together, and 24 bytes for each pod.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/lend.h"
#include "colod/policy.h"
#include "policy/lend_hist.h"

#define LEND_LOOK_US INT64_C(10000000)
#define LEND_MINUTE_US INT64_C(60000000)
#define LEND_HOUR_US INT64_C(3600000000)
/* Between two looks; else what was in between was not seen. */
#define LEND_GAP_US INT64_C(30000000)
#define LEND_FORGET_US (24 * LEND_HOUR_US)
#define LEND_COOL_US (5 * LEND_MINUTE_US)
#define LEND_RISE_US (5 * LEND_MINUTE_US)
/* A step of what is promised, as a part of the capacity. */
#define LEND_STEP_PART 50u
#define LEND_CPU_GRAIN 100u
#define LEND_MEMORY_GRAIN (16u << 20)

/* Whose peaks there are: the levels, then these. */
enum lend_who {
	LEND_OTHER = LEVEL_COUNT,
	LEND_NODE,
	LEND_WHO_COUNT,
};

/* Of one of the two. */
struct lend_ledger {
	struct lend_hist hist[LEND_WHO_COUNT];
	uint64_t highest[LEND_WHO_COUNT]; /* of the minute under way */
	int64_t minute_us;		  /* since when that is; 0: none is under way */
	int64_t fed_us;			  /* the last look; 0: none */
	int64_t faded_us;		  /* the last hour that was taken off the weights */
	uint64_t watched_us;
	uint64_t published;
	int64_t rise_us; /* since when more could be lent; 0: it could not */
	uint64_t rise_least;
	struct lend_sum sum; /* as of the last look */
};

/* What the sum depends on beside what is used. */
struct lend_terms {
	struct lend_part part;
	uint64_t cold_start_us;
	int64_t taken_us; /* the last eviction or kill; 0: none */
	bool rung;	  /* one is up for it */
};

/* What is used now goes into the peaks; what was not measured does not. */
void lend_feed(struct lend_ledger *ledger, enum lend_of of, const struct lend_use *use,
	       int64_t now_us);

/* Works out ledger->sum and what is published. */
void lend_look(struct lend_ledger *ledger, enum lend_of of, const struct lend_use *use,
	       const struct lend_terms *terms, int64_t now_us);

/* "learning", "cooling" …, and the width of the first bucket. */
const char *lend_state_name(enum lend_state state);
const char *lend_of_name(enum lend_of of);
uint64_t lend_first(enum lend_of of);

/* Takes off the hours that have passed; forgets all after LEND_FORGET_US. For the text (lend_text.h), too. */
void lend_fade(struct lend_ledger *ledger, enum lend_of of, int64_t now_us);
