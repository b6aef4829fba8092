// SPDX-License-Identifier: LGPL-2.1-or-later
// Giving values back: at a stop, and as `colod restore` without a daemon.
#pragma once

#include "agent/options.h"
#include "agent/state.h"

/* colod restore: exit status 0, or 1 when values were left or could not be read. Refuses while a
 * daemon runs, which would write them again. */
int restore_run(const struct options *options);

/* The daemon's last act: every original back, and one line that counts. */
void restore_all(struct state *state);
