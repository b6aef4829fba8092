// SPDX-License-Identifier: LGPL-2.1-or-later
// See stall.h.
#include "agent/serve/stall.h"

#include "policy/score.h"

#define LEAST_WINDOW_US 1000000

int stall_permille(const struct scores *scores, const struct pod *pod, enum resource resource)
{
	const struct pod_score *score = score_of(scores, pod);
	const struct score_value *v;

	if (!score)
		return -1;
	v = &score->by[resource];
	if (score_has_number(v->state) ||
	    (v->state == SCORE_LEARNING && v->window_us >= LEAST_WINDOW_US))
		return (int)v->stalled_permille;
	return -1;
}
