// SPDX-License-Identifier: LGPL-2.1-or-later
// colod --replay FILE: decides a record's series again. Reads the file and writes to stdout and
// stderr; needs no root, no cgroups and no agent.
#pragma once

#include "agent/options.h"

/* Prints the steps of each pass. Exit status: 0 the same steps as recorded, byte for byte (or the
 * record has none); 1 they differ, and the first difference is told; 2 the record cannot be read.
 * With --policy: what that policy would have decided on the same series, where it differs; 0. */
int replay_run(const struct options *options);
