// SPDX-License-Identifier: LGPL-2.1-or-later
// Giving values back: at a stop, and as `colod restore` without a daemon.
#pragma once

#include "agent/options.h"
#include "agent/state.h"

/* colod restore: exit status 0, or 1 when the kernel refused a value or the record could not be
 * read; what somebody else wrote since is left and no failure. Refuses while an agent runs, which
 * would write its values again; with --auto that is no failure either. */
int restore_run(const struct options *options);

/* Ends the holds alone, says so and records it (`history` may be NULL). How many the kernel kept. */
int restore_holds(struct apply *apply, struct history *history);

/* The daemon's last act: every original back, and one line that counts. How many the kernel kept. */
int restore_all(struct state *state);
