// SPDX-License-Identifier: LGPL-2.1-or-later
// How the agent's own life bears on the node: what its start finds, what a suspend or a stop by a
// signal ends, and what its end leaves. A hold must not outlive the looking that it rests on.
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/base/lease.h"

struct options;
struct state;

/* No hold stands longer than this without a pass. Also WatchdogSec= of colod.service. */
#define LIFE_BOUND_US 5000000

/* What starts this process and watches over it. */
struct life {
	/* The unit's ExecStopPost= is `colod restore --auto`, which knows whether the agent comes back:
	 * at SIGTERM only holds end here. */
	bool handover;
	uint64_t watchdog_us; /* systemd ends this process when it hangs so long; 0: nobody does */
	int lease_fd;
	int guard_fd; /* see guard_present() */
	struct lease lease;
	int64_t freeze_from_us; /* see struct freeze_guard */
};

#define LIFE_NONE ((struct life){.lease_fd = -EBADF, .guard_fd = -EBADF})

/* Before the first pass: the holds of an agent that died end. */
void life_start(struct state *state, int64_t now_us);

/* Before anything is opened: a guard for this process, where options ask for one and systemd's watchdog
 * is not there. */
void life_guard(const struct options *options);

/* First of all in each pass: renews the lease, and looks who would end holds. Where none was made for longer than the bound (the machine slept, or
 * this process was stopped), every hold ends and the samples from before are forgotten, before
 * anything is decided. */
void life_pass(struct state *state, int64_t now_us);

/* After the last pass: everything is given back, or, where something else does that after this
 * process and knows better, the holds alone. */
void life_stop(struct state *state);
void life_free(struct life *life);
