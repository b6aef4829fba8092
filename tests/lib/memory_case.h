// SPDX-License-Identifier: LGPL-2.1-or-later
// A node of 8 GiB with an online pod and two offline ones, second by second: what is in use, what of it waits,
// and the whole way from there: ladder, plan, and what writing the plan does to the model.
#pragma once

#include "tests/lib/fake.h"

#define MEMORY_CASE_MIB ((uint64_t)1 << 20)
#define MEMORY_CASE_SECOND 1000000

/* What holds for the seconds to come. */
struct memory_second {
	int64_t hog_grows; /* MiB a second that it would like; a memory.high of its own stops it, and a freeze */
	int64_t tame_grows;
	int passes;    /* of the agent in a second; 0: one */
	int64_t slips; /* MiB that both get beyond a bound in a second before the kernel stops them */
	uint64_t web_waits_us;	/* in that second */
	uint64_t web_stalls_us; /* of it, in which nothing of it ran */
	uint64_t hog_stalls_us; /* all of it stands still for so long */
	uint64_t web_bounded;	/* how often it met its own bound in it */
	bool web_unsure;	/* memory.events could not be read */
};

struct memory_case {
	struct fake f;
	struct pod *web;  /* online */
	struct pod *hog;  /* offline */
	struct pod *tame; /* offline */
	int64_t now_us;
	uint64_t hog_bytes;
	uint64_t tame_bytes;
	uint64_t free_bytes; /* of the node */
	uint64_t web_some_us;
	uint64_t web_full_us;
	uint64_t hog_full_us;
	uint64_t web_events;
	size_t n_writes; /* knobs that changed, after the first plan */
	void (*sampled)(
		struct memory_case
			*c); /* called with the samples of a pass before it decides; may be NULL */
};

/* 8 GiB, of which free_mib are free; both offline pods use 512 MiB, the policy squeezes and reclaims at 10 % of 1 s. */
void memory_case_init(struct memory_case *c, uint64_t free_mib);
void memory_case_done(struct memory_case *c);

/* From here on the policy has the step freeze too, all that matters is known of both offline pods, and a guard
 * would thaw them: for 10 s at most, 7 s after colod's last look at the latest. */
void memory_case_may_freeze(struct memory_case *c);

/* So many seconds. */
void memory_case_run(struct memory_case *c, int seconds, struct memory_second s);

struct ladder *memory_case_ladder(struct memory_case *c);

/* memory.high as it stands, in MiB rounded down; UINT64_MAX: none. */
uint64_t memory_case_high_mib(const struct pod *pod);
