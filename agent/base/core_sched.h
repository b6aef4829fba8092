// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether this kernel could let the threads of a core run only what belongs together. colod does not use
// it; doctor says whether it is there.
#pragma once

#include <stdbool.h>

/* Asks the kernel about this very thread, and changes nothing. Without SMT there is nothing to schedule: no. */
bool core_sched_is_there(void);
