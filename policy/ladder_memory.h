// SPDX-License-Identifier: LGPL-2.1-or-later
// The memory ladder: squeeze (offline pods may grow only so fast), reclaim (they give back what they can),
// freeze (those that grow stand still for a moment), evict (somebody is sent away; whom: evict.h). Pure.
#pragma once

#include "colod/model.h"
#include "colod/plan.h"
#include "colod/policy.h"
#include "colod/pressure.h"
#include "colod/sample.h"

/* One step, from the newest samples and the assignments of *plan. Returns the memory nodes of the room that it went by (0: the machine's). */
uint64_t ladder_memory_step(struct ladder *ladder, const struct model *model,
			    const struct samples *samples, const struct policy *policy,
			    const struct plan *plan, int64_t now_us);

/* See ladder_stands_us() of policy/ladder.h. */
int64_t ladder_memory_stands_us(const struct ladder *ladder, int64_t now_us);

/* Whether memory has to be looked at more often than once a second: a rung is up, or the room would be gone within a
 * minute. False where the policy asks for no step. */
bool ladder_memory_is_tense(const struct ladder *ladder, const struct model *model,
			    const struct samples *samples, const struct policy *policy,
			    const struct plan *plan, int64_t now_us);
