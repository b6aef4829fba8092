// SPDX-License-Identifier: LGPL-2.1-or-later
// See score.h. Only raw shares: what a pod does to itself is taken out, but nothing is held
// against a calm baseline, so no number between 0 and 100 is made here.
#include "policy/score.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "policy/cpu_use.h"
#include "policy/decide.h"
#include "policy/ring.h"

/* A share of less than this is noise: PSI of a busy CPU is folded in once a tick. */
#define SHARE_FROM_US 1000000
#define PERMILLE 1000

/* Whether a counter never fell from `first` to the newest sample. It falls only when the cgroup was
 * made anew below our feet; the difference over the window would then be of two cgroups. */
static bool grows(const struct pod_history *history, const struct pod_sample *first,
		  enum resource resource)
{
	uint32_t bit = SAMPLE_PSI_CPU << resource;
	uint64_t newer = UINT64_MAX;

	for (uint32_t back = 0; back < history->count; back++) {
		const struct pod_sample *s = ring_at(history, back);

		if (s->valid & bit) {
			if (s->psi[resource].some_us > newer)
				return false;
			newer = s->psi[resource].some_us;
		}
		if (s == first)
			break;
	}
	return true;
}

/* 1, 0, or -ENODATA when the window does not tell. */
static int self_throttled(const struct pod_sample *first, const struct pod_sample *last)
{
	uint64_t permille = 0;
	int r = cpu_use_throttled_permille(first, last, &permille);

	return r < 0 ? r : permille > CPU_USE_OWN_FAULT_PERMILLE;
}

static uint32_t share_permille(uint64_t part_us, uint64_t window_us)
{
	/* The total is read a little after the time is taken, so it may seem to outgrow it. */
	if (part_us >= window_us)
		return PERMILLE;
	return (uint32_t)(part_us * PERMILLE / window_us);
}

static struct score_value score_resource(const struct pod_history *history, enum resource resource)
{
	struct score_value value = {.state = SCORE_NONE};
	const struct pod_sample *last = ring_last(history);
	const struct pod_sample *first =
		ring_back(history, SCORE_WINDOW_US, SAMPLE_PSI_CPU << resource);
	int throttled;

	if (!first || !grows(history, first, resource))
		return value;
	if (resource == RESOURCE_CPU) {
		throttled = self_throttled(first, last);
		if (throttled < 0)
			return value;
	} else {
		throttled = 0;
	}
	value.window_us = (uint64_t)(last->at_us - first->at_us);
	if (throttled) {
		value.state = SCORE_SELF_THROTTLED;
		return value;
	}
	value.state = value.window_us < SCORE_WINDOW_US ? SCORE_LEARNING : SCORE_NO_BASELINE;
	if (value.window_us >= SHARE_FROM_US)
		value.stalled_permille =
			share_permille(last->psi[resource].some_us - first->psi[resource].some_us,
				       value.window_us);
	return value;
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

int score(const struct model *model, const struct samples *samples, const struct plan *plan,
	  struct scores *scores)
{
	int r = grow(scores, model->n_slots);

	if (r < 0)
		return r;
	if (scores->n_slots > 0)
		memset(scores->pods, 0, scores->n_slots * sizeof(*scores->pods));
	for (size_t i = 0; i < model->n_pods; i++) {
		const struct pod *pod = model->pods[i];
		const struct assignment *a = plan_assignment(plan, pod);
		const struct pod_history *history = ring_of(samples, pod->slot, pod->serial);

		if (!history || a->state != ASSIGNMENT_LEVEL || a->role != ROLE_ONLINE)
			continue;
		for (int resource = 0; resource < RESOURCE_COUNT; resource++)
			scores->pods[pod->slot].by[resource] =
				score_resource(history, (enum resource)resource);
	}
	return 0;
}

void scores_free(struct scores *scores)
{
	free(scores->pods);
	*scores = (struct scores){0};
}
