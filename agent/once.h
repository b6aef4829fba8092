// SPDX-License-Identifier: LGPL-2.1-or-later
// colod --once: one pass, and the plan on stdout.
#pragma once

#include "agent/options.h"

/* Exit status: 0, or 1 when the pass could not be made or a value was refused. In mode observe
 * and below nothing is written. */
int once_run(const struct options *options);
