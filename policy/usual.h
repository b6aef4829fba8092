// SPDX-License-Identifier: LGPL-2.1-or-later
// What an online pod waits where nobody hurts it is no cause to hold anybody: the baselines that the score learns
// (score.h), beside the samples, where whoever decides finds them. Pure.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "colod/model.h"
#include "colod/sample.h"
#include "colod/score.h"

/* Sets what is usual of each pod of the model that has a history, by its score of the pass before; zeros where that has no
 * baseline of calm windows at the load of now: of an estimate, or of what was learned at more load, nothing is taken off. */
void usual_take(struct samples *samples, const struct model *model, const struct scores *scores);

/* b + 3σ in permille of the time, at most 1000. 0: nothing is taken off. */
uint32_t usual_permille(const struct pod_usual *usual, enum resource resource);

/* How much of `permille` is over it, by the formula of the score; permille itself where nothing is usual. At most 1000. */
uint64_t usual_excess_permille(const struct pod_usual *usual, enum resource resource,
			       uint64_t permille);
