// SPDX-License-Identifier: LGPL-2.1-or-later
// The share of time each online pod was stalled, per resource. Pure.
#pragma once

#include "colod/model.h"
#include "colod/plan.h"
#include "colod/sample.h"
#include "colod/score.h"

/* Refills *scores for every slot of the model. Memory is kept from pass to pass. 0 or -ENOMEM. */
int score(const struct model *model, const struct samples *samples, const struct plan *plan,
	  struct scores *scores);

void scores_free(struct scores *scores);
