// SPDX-License-Identifier: LGPL-2.1-or-later
// The agent's two worker lanes (agent/base/lanes.h) in its loop: who has them, and what came of them.
#pragma once

#include "agent/state.h"

/* Before anything else: locks the agent's memory, or says why it is not and what that costs. */
void workers_lock_memory(const struct options *options);

/* Starts them and hands them to the stages. Where they cannot start, everything is done in line
 * instead, which is said. */
void workers_start(struct state *state);

/* Has the event loop call `pass` soon after writes have ended, once for all that end together. 0 or
 * -errno; nothing to do without workers. Ends with workers_stop(). */
struct sd_event;
int workers_attach(struct state *state, struct sd_event *event, void (*pass)(void *context),
		   void *context);

/* What is urgent is done, the rest taken back or cut short; afterwards everything is done in line. */
void workers_stop(struct state *state);

/* At the start of a pass: what has ended since the last. */
void workers_collect(struct state *state);
