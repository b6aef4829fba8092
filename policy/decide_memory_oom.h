// SPDX-License-Identifier: LGPL-2.1-or-later
// Whom the kernel's own OOM killer takes, where a level says `oom: first`.
#pragma once

#include "policy/decide.h"

/* memory.oom.group of the pods of such levels, and that their processes are to have the highest oom_score_adj, which
 * is planned at the pod for all of it. 0 or -ENOMEM. */
int decide_memory_oom(const struct decide_input *in, struct plan *plan);
