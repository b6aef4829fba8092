// SPDX-License-Identifier: LGPL-2.1-or-later
// The part of decide_memory() that goes by the ladder.
#pragma once

#include "policy/decide.h"

/* memory.high of offline pods that grow, on rung squeeze and above; after the static bounds are planned.
 * 0 or -ENOMEM. */
int decide_memory_hold(const struct decide_input *in, struct plan *plan);
