// SPDX-License-Identifier: LGPL-2.1-or-later
// See usual.h. Baselines are of windows of ten seconds, rules mostly of one or two: what comes and goes faster shows more in
// the shorter ones, so that what is taken off is rather too little than too much.
#include "policy/usual.h"

#include "policy/ring.h"
#include "policy/score.h"

#define PERMILLE 1000u
#define SIGMAS 3u

static uint16_t part(uint32_t permille)
{
	return (uint16_t)(permille < PERMILLE ? permille : PERMILLE);
}

void usual_take(struct samples *samples, const struct model *model, const struct scores *scores)
{
	for (size_t i = 0; i < model->n_pods; i++) {
		const struct pod *pod = model->pods[i];
		const struct pod_score *score = score_of(scores, pod);
		struct pod_usual usual = {0};

		if (!ring_of(samples, pod->slot, pod->serial))
			continue;
		for (int r = 0; score && r < RESOURCE_COUNT; r++) {
			const struct score_baseline *b = &score->by[r].baseline;

			if (score->by[r].state != SCORE_BASELINE || b->higher_load)
				continue;
			usual.median_permille[r] = part(b->median_permille);
			usual.sigma_permille[r] = part(b->sigma_permille);
		}
		samples->pods[pod->slot]->usual = usual;
	}
}

uint32_t usual_permille(const struct pod_usual *usual, enum resource resource)
{
	uint32_t all = usual->median_permille[resource] + SIGMAS * usual->sigma_permille[resource];

	return all < PERMILLE ? all : PERMILLE;
}

uint64_t usual_excess_permille(const struct pod_usual *usual, enum resource resource,
			       uint64_t permille)
{
	return score_excess(part((uint32_t)(permille < PERMILLE ? permille : PERMILLE)),
			    usual->median_permille[resource], usual->sigma_permille[resource]);
}
