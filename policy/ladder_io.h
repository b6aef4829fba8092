// SPDX-License-Identifier: LGPL-2.1-or-later
// The IO ladder: from an online pod that waits for a disk to bounds on what offline work does there, and back. Pure: time
// and samples are arguments, its memory is the caller's structs.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/model.h"
#include "colod/plan.h"
#include "colod/policy.h"
#include "colod/pressure.h"
#include "colod/sample.h"

/* One step at `now_us`, after that of memory: of its ladder the rung is read. Reads assignments from *plan. */
void ladder_io_step(struct ladders *ladders, const struct model *model,
		    const struct samples *samples, const struct policy *policy,
		    const struct plan *plan, int64_t now_us);

/* Whether the next step needs to know what each pod does on each disk: somebody waits by half of what the rule allows, or
 * offline work is held. */
bool ladder_io_wants_disks(const struct ladders *ladders, const struct model *model,
			   const struct samples *samples, const struct policy *policy,
			   const struct plan *plan);

/* Which disk each knob of io.max is to be about. */
struct knob_disks ladder_io_disks(const struct ladders *ladders);

/* See ladder_stands_us() of policy/ladder.h. */
int64_t ladder_io_stands_us(const struct ladder *ladder, int64_t now_us);
