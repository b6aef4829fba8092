// SPDX-License-Identifier: LGPL-2.1-or-later
// What the tasks of offline pods have by themselves (apply/cgroup_attr.h), as the plan has it: oom_score_adj, and the scheduling policy of
// threads. When who is looked at, what is recorded before the first one is changed, and when all of them are given back.
#pragma once

#include "agent/state.h"

struct tasks;

/* Starts the thread. Without the worker threads (--once) no task is touched. 0 or -errno. */
int tasks_new(struct state *state);

/* Accepts NULL. What was changed stays so until it is restored from the records. */
void tasks_free(struct tasks *tasks);

/* Whether some task is being looked at. */
bool tasks_is_busy(const struct state *state);

/* Takes up what has ended, and asks for what is due. */
void tasks_run(struct state *state);
