// SPDX-License-Identifier: LGPL-2.1-or-later
// One pass of the agent, from the machine to the machine.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/state.h"

/* A pass at now_us (CLOCK_BOOTTIME microseconds). Never fails: what went wrong is in the status,
 * in the outcomes and in the log, and the next pass tries again. */
void tick(struct state *state, int64_t now_us);

/* Before the first pass: what memory is like is looked at before anything is discovered, and again soon after. An agent
 * that starts while memory runs out, or that died of it, sees how fast it falls as soon as there is a pass. */
void tick_begin(struct state *state, int64_t now_us);

/* A trigger has fired (of memory, or another resource): the pass that follows samples, and after memory's the next ones
 * come soon. */
void tick_wake(struct state *state, int64_t now_us, bool memory);

/* Whether memory is short, or soon will be: the next pass should not wait for a second. */
bool tick_is_tense(const struct state *state);
