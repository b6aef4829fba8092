// SPDX-License-Identifier: LGPL-2.1-or-later
// On rung freeze: which pods stand still from now on, and until when. After freeze_look().
#pragma once

#include "policy/decide.h"

/* cgroup.freeze of offline pods that may be frozen and grow. 0 or -ENOMEM. */
int decide_memory_freeze(const struct decide_input *in, struct plan *plan);
