// SPDX-License-Identifier: LGPL-2.1-or-later
// How much is wanted back of which offline pod: on rung reclaim, and below its level's watermark on any. After the
// levels are known.
#pragma once

#include "policy/decide.h"

void decide_memory_reclaim(const struct decide_input *in, struct plan *plan);

/* The memory nodes of which most is lacking up to the watermark of some level; 0: none by themselves. */
uint64_t decide_memory_reclaim_nodes(const struct decide_input *in, const struct plan *plan);
