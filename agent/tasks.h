// SPDX-License-Identifier: LGPL-2.1-or-later
// oom_score_adj of the processes of offline pods, as the plan has it: when who is looked at, what is recorded before
// the first one is raised, and when all of them are given back.
#pragma once

#include "agent/state.h"

struct tasks;

/* Starts the thread. Without the worker threads (--once) no process is touched. 0 or -errno. */
int tasks_new(struct state *state);

/* Accepts NULL. What was raised stays so until it is restored from the records. */
void tasks_free(struct tasks *tasks);

/* Whether some process is being looked at. */
bool tasks_is_busy(const struct state *state);

/* Takes up what has ended, and asks for what is due. */
void tasks_run(struct state *state);
