// SPDX-License-Identifier: LGPL-2.1-or-later
// What a calibration tells of culprits; see calibrate.h. One second is chance: a pod that comes and goes rests in some of
// them by itself. So it is held against what all the seconds without offline work have shown together.
#include "policy/calibrate.h"
#include "policy/culprit_trial.h"
#include "policy/decide.h"
#include "policy/ring.h"
#include "policy/who.h"

#define SIGMAS 3u
#define BEFORE_US 2000000
/* As in efficacy.c: less than a fifth is no difference. */
#define PART_NUM 4u
#define PART_DEN 5u

/* The newest sample up to then. */
static const struct pod_sample *sample_by(const struct pod_history *h, int64_t at_us)
{
	const struct pod_sample *s;

	for (uint32_t back = 0; (s = ring_at(h, back)); back++)
		if (s->at_us <= at_us)
			return s->valid & SAMPLE_CPU ? s : NULL;
	return NULL;
}

/* CPU time per second between the two. */
static bool used(const struct pod_sample *from, const struct pod_sample *to, uint64_t *ret)
{
	if (!from || !to || to->at_us <= from->at_us || to->cpu_usage_us < from->cpu_usage_us)
		return false;
	*ret = (to->cpu_usage_us - from->cpu_usage_us) * 1000000 /
	       (uint64_t)(to->at_us - from->at_us);
	return true;
}

/* Whether the hold took a fifth or more of what the pod used. */
static bool has_lost(const struct calibrate_look *look, const struct pod *pod, int64_t began_us,
		     uint32_t *ret_permille)
{
	const struct pod_history *h = ring_of(look->calm.samples, pod->slot, pod->serial);
	const struct assignment *a = plan_assignment(look->calm.plan, pod);
	const struct pod_sample *began = h ? sample_by(h, began_us) : NULL;
	uint64_t before, now;

	if (a->state != ASSIGNMENT_LEVEL || a->role != ROLE_OFFLINE ||
	    !culprit_trial_is_held(look->calm.model, pod, RESOURCE_CPU) || !began ||
	    !used(sample_by(h, began_us - BEFORE_US), began, &before) ||
	    !used(began, sample_by(h, look->calm.now_us), &now) || before == 0 ||
	    now * PART_DEN > before * PART_NUM)
		return false;
	*ret_permille = (uint32_t)((before - now) * 1000 / before);
	return true;
}

/* Whether what it waits with offline work is more than it is in any second without, or no more than is usual then. */
static bool verdict_of(const struct calibrate_result *result, const struct score_baseline *held,
		       enum culprit_verdict *ret)
{
	if (result->before_permille > held->median_permille + SIGMAS * held->sigma_permille)
		*ret = CULPRIT_CONFIRMED;
	else if (result->before_permille <= held->median_permille)
		*ret = CULPRIT_NO_EFFECT;
	else
		return false;
	return true;
}

void calibrate_judge(struct culprit_trials *trials, const struct calibrate_look *look,
		     const struct calibrate_result *result, const struct score_baseline *held,
		     int64_t began_us)
{
	const struct model *model = look->calm.model;
	struct culprit_trial_found found = {.n = 0};
	struct culprit_trial one = {
		.victim = result->serial,
		.resource = RESOURCE_CPU,
		.at_us = look->calm.now_us,
		.before_permille = result->before_permille,
		.after_permille = held->median_permille,
		.calibrated = true,
	};

	if (held->basis != SCORE_BASIS_HELD || !verdict_of(result, held, &one.verdict))
		return;
	for (size_t i = 0; i < model->n_pods; i++) {
		const struct pod *pod = model->pods[i];

		if (!has_lost(look, pod, began_us, &one.lost_permille))
			continue;
		found.lost++;
		one.suspect = pod->serial;
		one.who.role = ROLE_OFFLINE;
		who_copy(one.who.name, pod->name);
		culprit_trial_find(&found, &one);
	}
	culprit_trial_keep(trials, &found);
}
