// SPDX-License-Identifier: LGPL-2.1-or-later
// oom_score_adj of the processes of offline pods, as the plan has it: when who is looked at, what is recorded before
// the first one is raised, and when all of them are given back.
#pragma once

#include "agent/state.h"

struct scorer;

/* Starts the thread. Without the worker threads (--once) no process is touched. 0 or -errno. */
int scorer_new(struct state *state);

/* Accepts NULL. What was raised stays so until it is restored from the records. */
void scorer_free(struct scorer *scorer);

/* Whether some process is being looked at. */
bool scorer_is_busy(const struct state *state);

/* Takes up what has ended, and asks for what is due. */
void scorer_run(struct state *state);
