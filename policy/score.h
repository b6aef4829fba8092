// SPDX-License-Identifier: LGPL-2.1-or-later
// How much of its time each online pod loses to others (include/colod/score.h has the terms). Pure.
//
//	e = clamp((s − b − 3σ) / (1 − b), 0, 1)        s: share stalled, own fault out; b, σ: of the baseline
//	score = 100 · (1 − (1 − e_cpu)(1 − max(e_memory, e_io)))
//
// A resource without a number counts as e = 0, and the score then says "at least".
#pragma once

#include "colod/model.h"
#include "colod/plan.h"
#include "colod/sample.h"
#include "colod/score.h"
#include "policy/baseline.h"

struct score_look {
	const struct model *model;
	const struct samples *samples;
	const struct plan *plan;
	const struct baselines *baselines; /* NULL: nothing was learned */
};

/* Refills *scores for every slot of the model. Memory is kept from pass to pass. 0 or -ENOMEM. */
int score(const struct score_look *look, struct scores *scores);

/* Of a pod; NULL where there is none of it. `scores` may be NULL. */
const struct pod_score *score_of(const struct scores *scores, const struct pod *pod);

/* Whether a score in this state is a number, if only a lower bound. */
bool score_has_number(enum score_state state);

void scores_free(struct scores *scores);

/* The formula for one resource, in permille of the time; and that for all, from the excess of each. */
uint32_t score_excess(uint32_t stalled_permille, uint32_t median_permille, uint32_t sigma_permille);
uint32_t score_total(const uint32_t excess_permille[RESOURCE_COUNT]);
