// SPDX-License-Identifier: LGPL-2.1-or-later
// Nodes made at random for the properties of CPU, with what fake_random() leaves out: small and
// large nodes, pods of every size, and quotas that an earlier pass wrote. Each comes with its plan.
#pragma once

#include <inttypes.h>

#include "tests/lib/fake_random.h"

#define CPU_CASE_COUNT 400

/* Draws from COLOD_SEED, or one seed for every run, and prints it. To be called first. */
void cpu_case_seed(void);
uint64_t cpu_case_current(void);

/* Calls `check` on each node. Fails where that looked at almost nothing: it then showed nothing. */
void cpu_case_each(void (*check)(struct fake *f, int number));

/* How often a property had something to look at, counted by `check`. */
extern uint64_t cpu_case_looked;

/* Decides anew. */
void cpu_case_decide(struct fake *f);

/* For a failure that can be looked at again; `number` is check's argument. */
#define CPU_CASE_CHECK(condition)                                                                  \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fail_msg("COLOD_SEED=%" PRIu64 " case %d: %s", cpu_case_current(), number, \
				 #condition);                                                      \
	} while (0)
