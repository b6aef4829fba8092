// SPDX-License-Identifier: LGPL-2.1-or-later
// What was done becomes a record, here and nowhere else: the numbers in it are those that were used,
// and the log prints the record.
#pragma once

#include "agent/state.h"

/* The policy files were read: state_load_policy() returned `result`. `caller`: who asked for it,
 * NULL when nobody did. */
void account_policy(struct state *state, int result, const struct history_caller *caller);

/* Something of the agent's own life: `what` is the subject ("holds"), `to` what became of it. */
void account_agent(struct state *state, const char *what, const char *to, const char *why);
