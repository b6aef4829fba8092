// SPDX-License-Identifier: LGPL-2.1-or-later
// The floor of offline CPU work: a branch that gets less than half of what its weight promises has
// its weight raised for a while, because an offline task that holds a kernel lock and is not run
// stalls online work. Pure: time and samples are arguments, its memory is the caller's struct.
#pragma once

#include <stdint.h>

#include "colod/floor.h"
#include "colod/model.h"
#include "colod/plan.h"
#include "colod/sample.h"

/* One step, after decide() with the same model, samples and time: judges each cgroup that *plan
 * makes yield by its weight, and raises the planned weight (and says so in its reason) where it is
 * to be raised. Takes away no entry, adds none, never lowers a weight. Calling it again with the plan
 * that it left is no step: the plan has to come from decide(). */
void floor_step(struct floor_cpu *floor, const struct model *model, const struct samples *samples,
		struct plan *plan, int64_t now_us);

/* Nobody looked for a while: what was seen before counts no more, no weight stays raised. Counters
 * stay. */
void floor_reset(struct floor_cpu *floor);
