// SPDX-License-Identifier: LGPL-2.1-or-later
// See stall.h.
#include "agent/serve/stall.h"

#define LEAST_WINDOW_US 1000000

int stall_permille(const struct scores *scores, const struct pod *pod, enum resource resource)
{
	const struct score_value *v;

	if (!scores || pod->slot >= scores->n_slots)
		return -1;
	v = &scores->pods[pod->slot].by[resource];
	if (v->state == SCORE_BASELINE || v->state == SCORE_NO_BASELINE ||
	    (v->state == SCORE_LEARNING && v->window_us >= LEAST_WINDOW_US))
		return (int)v->stalled_permille;
	return -1;
}
