// SPDX-License-Identifier: LGPL-2.1-or-later
// An agent in mode full over the node of tick_case.h whose policy evicts, and an API server that is a few lines.
#pragma once

#include "agent/evictor.h"
#include "tests/lib/tick_case.h"

#define S_US 1000000ll

/* What it was asked, and what it answers next. */
struct evictor_case_api {
	struct evict_call calls[32];
	size_t n_calls;
	enum evict_answer answer; /* NONE: it keeps silent */
	bool answered;
	struct evict_done done;
	size_t n_taints, n_untaints;
	bool tainted, taint_fails, told;
	struct kube_event events[8];
	size_t n_events;
	char saved[4096]; /* /run/colod/evictions when it was asked last */
};

extern struct tick_case evictor_case;
extern struct evictor_case_api evictor_case_api;
extern int64_t evictor_case_now_us;
extern const struct evictor_api evictor_case_server;

/* For cmocka. */
int evictor_case_setup(void **state);
int evictor_case_teardown(void **state);

/* So much anonymous memory. */
void evictor_case_uses(const char *pod, unsigned anon_mib);

/* So many seconds on this rung, for one who waits; 0: one pass. */
void evictor_case_pass_on(enum rung rung, int seconds);
void evictor_case_passes(int seconds); /* on the last one */

size_t evictor_case_told(struct history_record *ret_last);

/* The hog's cgroup is gone. */
void evictor_case_remove_hog(void);

/* Ends the agent's evictor; `killed`: as a SIGKILL does. */
void evictor_case_end(bool killed);
void evictor_case_die_and_start(void);
