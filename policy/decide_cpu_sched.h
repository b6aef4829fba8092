// SPDX-License-Identifier: LGPL-2.1-or-later
// Whose threads yield wherever somebody wakes up, where a level says `scheduling: idle`.
#pragma once

#include "policy/decide.h"

/* That the threads of pods of such levels are to have the policy SCHED_IDLE, planned at the pod for all of it. 0 or -ENOMEM. */
int decide_cpu_sched(const struct decide_input *in, struct plan *plan);
