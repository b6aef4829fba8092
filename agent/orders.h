// SPDX-License-Identifier: LGPL-2.1-or-later
// Orders by hand: who gave them, what became of them. What one may do is policy/manual.h's. They live in the agent's
// memory alone: the next agent knows of none, holds have ended by then, and shares go back in its first pass.
#pragma once

#include "agent/state.h"
#include "colod/manual_ask.h"

/* The model shows the orders from here on. Once, at the start. */
void orders_start(struct state *state);

/* "uid 0 (coloctl, pid 4711)", or "somebody". */
void orders_who(const struct history_caller *caller, char buf[static MANUAL_WHO_SIZE]);

/* Puts an order in force with the next pass. MANUAL_YES and *ret_order, or why not, as one sentence too. */
enum manual_no orders_give(struct state *state, const struct manual_ask *ask, int64_t now_us,
			   const struct history_caller *caller, struct manual_answer *ret_answer);

/* Ends all orders of the pod; how many that were. */
size_t orders_release(struct state *state, const struct pod *pod,
		      const struct history_caller *caller);

/* Ends those that may not be in force any more. In each pass, once the model and the modes are known. */
void orders_pass(struct state *state, int64_t now_us);
