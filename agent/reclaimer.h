// SPDX-License-Identifier: LGPL-2.1-or-later
// What the plan wants reclaimed, handed to the actuator (apply/reclaim.h), and told of: one line of history for
// each pod and episode, not for each slice.
#pragma once

#include "agent/apply/reclaim.h"
#include "agent/state.h"

struct reclaimer;

/* After the worker threads have started. Without them (--once) nothing is reclaimed. 0 or -ENOMEM. */
int reclaimer_new(struct state *state);

/* Accepts NULL; before the lanes end. */
void reclaimer_free(struct reclaimer *reclaimer);

/* Tells what was under way, then frees it: at the end of the agent. */
void reclaimer_stop(struct state *state);

/* Takes up what has ended, and asks for what s->plan wants now, where the mode allows it. */
void reclaimer_run(struct state *state);
