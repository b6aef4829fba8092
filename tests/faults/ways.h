// SPDX-License-Identifier: LGPL-2.1-or-later
// What can go wrong at a call.
#pragma once

#include <stdbool.h>

#include "tests/faults/points.h"

/* What the call can really return there. ENOENT and ENODEV of a cgroup come with its vanishing, not
 * alone: told of one that is there, colod rightly forgets it. Positive,
 * ended by 0. */
const int *ways_errors(const struct point *p);

/* Whether the call changes a file or a directory, or the cluster: a kill before or after it leaves another state. */
bool ways_changes(const struct point *p);
