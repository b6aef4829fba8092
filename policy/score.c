// SPDX-License-Identifier: LGPL-2.1-or-later
// See score.h.
#include "policy/score.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/cpu_use.h"
#include "policy/decide.h"
#include "policy/ring.h"
#include "policy/share.h"

/* A share of less than this is noise: PSI of a busy CPU is folded in once a tick. */
#define SHARE_FROM_US 1000000
#define PERMILLE 1000u
#define SIGMAS 3u

uint32_t score_excess(uint32_t stalled_permille, uint32_t median_permille, uint32_t sigma_permille)
{
	uint32_t usual = median_permille + SIGMAS * sigma_permille;
	uint32_t part;

	if (stalled_permille <= usual || median_permille >= PERMILLE)
		return 0;
	part = (stalled_permille - usual) * PERMILLE / (PERMILLE - median_permille);
	return part < PERMILLE ? part : PERMILLE;
}

uint32_t score_total(const uint32_t excess[RESOURCE_COUNT])
{
	uint32_t other = excess[RESOURCE_MEMORY] > excess[RESOURCE_IO] ? excess[RESOURCE_MEMORY]
								       : excess[RESOURCE_IO];

	return PERMILLE - (PERMILLE - excess[RESOURCE_CPU]) * (PERMILLE - other) / PERMILLE;
}

/* Own CPU use over the window, by which the baseline is chosen. */
static bool load_of(const struct pod_history *history, uint64_t *ret_milli)
{
	const struct pod_sample *first = ring_back(history, SCORE_WINDOW_US, SAMPLE_CPU);
	const struct pod_sample *last = ring_last(history);

	if (!first || last->at_us <= first->at_us || last->cpu_usage_us < first->cpu_usage_us)
		return false;
	*ret_milli = cpu_use_permille(last->cpu_usage_us - first->cpu_usage_us,
				      (uint64_t)(last->at_us - first->at_us));
	return true;
}

static void hold_against_baseline(const struct score_look *look, const struct pod *pod,
				  const struct pod_history *history, enum resource resource,
				  struct score_value *value)
{
	int64_t now_us = ring_last(history)->at_us;
	struct score_baseline *b = &value->baseline;
	uint64_t load_milli;

	if (!load_of(history, &load_milli) ||
	    !baselines_look(look->baselines, pod, resource, load_milli, now_us, b))
		return;
	if (value->window_us < SCORE_WINDOW_US || b->basis == SCORE_BASIS_LEARNING)
		return;
	value->state = b->basis == SCORE_BASIS_CALM ? SCORE_BASELINE : SCORE_NO_BASELINE;
	value->excess_permille =
		score_excess(value->stalled_permille, b->median_permille, b->sigma_permille);
}

static struct score_value of_resource(const struct score_look *look, const struct pod *pod,
				      const struct pod_history *history, enum resource resource)
{
	struct score_value value = {.state = SCORE_NONE};
	struct share share;

	if (share_of(history, resource, &share) < 0)
		return value;
	value.window_us = share.window_us;
	if (value.window_us < SHARE_FROM_US)
		share.permille = 0;
	if (share.own) {
		value.state = resource == RESOURCE_CPU ? SCORE_SELF_THROTTLED : SCORE_OWN_LIMIT;
		value.own_permille = share.permille;
		return value;
	}
	value.state = SCORE_LEARNING;
	value.stalled_permille = share.permille;
	hold_against_baseline(look, pod, history, resource, &value);
	return value;
}

/* One exact number makes a score, one lower bound a lower bound; without any the first resource that is
 * measured says why there is none. */
static void combine(struct pod_score *score)
{
	uint32_t excess[RESOURCE_COUNT];
	bool number = false, high = false;

	for (int r = 0; r < RESOURCE_COUNT; r++) {
		const struct score_value *v = &score->by[r];
		bool calm = v->state == SCORE_BASELINE;

		excess[r] = v->excess_permille;
		score->at_least = score->at_least || !calm || v->baseline.higher_load;
		high = high ||
		       (v->excess_permille > 0 && v->baseline.basis == SCORE_BASIS_LESS_LOAD);
		if (calm || (v->state == SCORE_NO_BASELINE && !number) ||
		    (score->state == SCORE_NONE && !number))
			score->state = v->state;
		number = number || score_has_number(v->state);
	}
	/* What may be too much bounds nothing. */
	score->at_least = score->at_least && !high;
	if (number)
		score->permille = score_total(excess);
}

static int grow(struct scores *scores, size_t n_slots)
{
	struct pod_score *pods;

	if (n_slots <= scores->n_slots)
		return 0;
	pods = reallocarray(scores->pods, n_slots, sizeof(*pods));
	if (!pods)
		return -ENOMEM;
	scores->pods = pods;
	scores->n_slots = n_slots;
	return 0;
}

int score(const struct score_look *look, struct scores *scores)
{
	int r = grow(scores, look->model->n_slots);

	if (r < 0)
		return r;
	if (scores->n_slots > 0)
		memset(scores->pods, 0, scores->n_slots * sizeof(*scores->pods));
	for (size_t i = 0; i < look->model->n_pods; i++) {
		const struct pod *pod = look->model->pods[i];
		const struct assignment *a = plan_assignment(look->plan, pod);
		const struct pod_history *history = ring_of(look->samples, pod->slot, pod->serial);
		struct pod_score *to = &scores->pods[pod->slot];

		if (!history || a->state != ASSIGNMENT_LEVEL || a->role != ROLE_ONLINE)
			continue;
		for (int resource = 0; resource < RESOURCE_COUNT; resource++)
			to->by[resource] = of_resource(look, pod, history, (enum resource)resource);
		combine(to);
	}
	return 0;
}

const struct pod_score *score_of(const struct scores *scores, const struct pod *pod)
{
	return scores && pod->slot < scores->n_slots ? &scores->pods[pod->slot] : NULL;
}

bool score_has_number(enum score_state state)
{
	return state == SCORE_BASELINE || state == SCORE_NO_BASELINE;
}

void scores_free(struct scores *scores)
{
	free(scores->pods);
	*scores = (struct scores){0};
}
