// SPDX-License-Identifier: LGPL-2.1-or-later
// The CPU ladder: from an online pod that waits to a quota on offline work, and back. Pure: time
// and samples are arguments, its memory is the caller's struct.
#pragma once

#include <stdint.h>

#include "colod/model.h"
#include "colod/plan.h"
#include "colod/policy.h"
#include "colod/pressure.h"
#include "colod/sample.h"

/* One step at `now_us`. Reads assignments from *plan. With no pressure rule, no capability or no
 * offline pod that may be held the ladder goes to, or stays on, calm. */
void ladder_cpu_step(struct ladder *ladder, const struct model *model,
		     const struct samples *samples, const struct policy *policy,
		     const struct plan *plan, int64_t now_us);

/* The least that a quota leaves to all offline work together; 0: no pod may meet one. */
uint64_t ladder_cpu_floor_milli(const struct model *model, const struct policy *policy,
				const struct plan *plan);

/* See ladder_stands_us() of policy/ladder.h. */
int64_t ladder_cpu_stands_us(const struct ladder *ladder, int64_t now_us);
