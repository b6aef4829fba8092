// SPDX-License-Identifier: LGPL-2.1-or-later
// Two online pods and an offline one on four CPUs, second by second: for the tests of the CPU ladder.
#pragma once

#include "policy/ladder_cpu.h"
#include "tests/lib/fake.h"

/* What happens in one second: CPU use in thousandths of a CPU, wait in permille. */
struct ladder_second {
	uint64_t web, wait, hog, system;
	uint64_t throttled; /* of 10 periods of web */
	uint64_t inner;	    /* the same, of a quota that a container of it has */
	bool unseen;	    /* that quota cannot be looked at */
};

struct ladder_case {
	struct fake f;
	struct pod *web, *db, *hog;
	int64_t now_us;
	uint64_t web_us, wait_us, hog_us, busy_us, periods, throttled, inner;
	uint64_t db_milli, db_us;
	bool unseen;
};

/* 4 CPUs: target 2600, policy floor 80, floor of an old kernel 1000. End it with fake_free(&w->f). */
void ladder_case_init(struct ladder_case *w);

/* So many seconds like this one, each with its samples and a step. */
void ladder_case_run(struct ladder_case *w, int seconds, struct ladder_second s);

/* The two halves of a second. */
void ladder_case_sample(struct ladder_case *w);
void ladder_case_step(struct ladder_case *w);

struct ladder *ladder_case_cpu(struct ladder_case *w);

/* Whether what the ladder holds is written: nobody does so by himself here. */
void ladder_case_in_force(struct ladder_case *w, bool is);
