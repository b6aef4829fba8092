// SPDX-License-Identifier: LGPL-2.1-or-later
// The last step against a node that runs out of memory: one offline pod is killed, if the policy asks for it and the
// mode is full. In a lower mode it is only said who it would have been.
#pragma once

#include "agent/state.h"

struct killer;

/* After the worker threads have started; their event is raised when a kill is over. Without threads nobody is
 * killed. 0 or -errno. */
int killer_new(struct state *state);

/* Accepts NULL. */
void killer_free(struct killer *killer);

/* Takes up kills that are over, and looks whether somebody is to be killed and whom. After the pass has decided. */
void killer_decide(struct state *state);

/* What came of that in this pass; NULL: nobody was looked for. */
struct record_kill;
const struct record_kill *killer_look(const struct state *state);

/* Kills this pod for the evictor, who is told when that is over (evictor_killed()). 0 or -errno; -ENOENT: it is gone. */
int killer_evict(struct state *state, const struct pod *pod);

/* Begins the kill, if there is to be one. At the end of the same pass. */
void killer_run(struct state *state);
