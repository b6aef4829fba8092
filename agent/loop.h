// SPDX-License-Identifier: LGPL-2.1-or-later
// The daemon: one sd-event loop that starts a pass on a timer, on a new or gone cgroup, on PSI
// and on reload, and serves the bus in between. Never blocks, and ends only on SIGTERM or SIGINT.
#pragma once

#include "agent/options.h"

/* Runs until told to stop; restores all originals on the way out. Exit status. */
int loop_run(const struct options *options);
