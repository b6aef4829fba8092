// SPDX-License-Identifier: LGPL-2.1-or-later
// See culprit_trial.h.
#include "policy/culprit_trial.h"

#include <stdlib.h>

#include "colod/sample.h"
#include "policy/decide.h"
#include "policy/efficacy.h"
#include "policy/knob.h"
#include "policy/score.h"
#include "policy/seconds.h"
#include "policy/who.h"

#define SECOND_US 1000000
#define WINDOW_US 10000000
/* By the end of it, the hold was in force for so long. */
#define HELD_US 8000000
/* A hold comes two or three seconds after the wait began, by then: what was used before that is no matter. */
#define BEFORE_US 3000000
/* The ends of a window may lie so far from a second. */
#define NEAR_US 1500000
#define SIGMAS 3u
/* As in efficacy.c: less than a fifth is no difference. */
#define PART_NUM 4u
#define PART_DEN 5u

static const struct second *second_near(const struct pod_seconds *of, int64_t at_us)
{
	const struct second *best = NULL, *s;

	for (uint32_t back = 0; (s = seconds_at(of, back)); back++)
		if (!best || llabs(s->at_us - at_us) < llabs(best->at_us - at_us))
			best = s;
	return best && llabs(best->at_us - at_us) <= NEAR_US ? best : NULL;
}

/* What the pod used between these two, per second of it: CPU time, or how much it grew. */
static bool used_between(const struct second *from, const struct second *to, enum resource resource,
			 uint64_t *ret)
{
	uint32_t valid = resource == RESOURCE_CPU ? SAMPLE_CPU : SAMPLE_MEMORY;
	int32_t grown;

	if (!from || !to || to->at_us <= from->at_us || !(from->valid & to->valid & valid))
		return false;
	grown = resource == RESOURCE_CPU ? (int32_t)(to->cpu_us - from->cpu_us)
					 : (int32_t)(to->memory_kib - from->memory_kib);
	*ret = (uint64_t)(grown > 0 ? grown : 0) * SECOND_US / (uint64_t)(to->at_us - from->at_us);
	return true;
}

/* At most, of the seconds just before the hold. */
static bool used_before(const struct pod_seconds *of, enum resource resource, int64_t began_us,
			uint64_t *ret)
{
	bool found = false;
	uint64_t one;

	*ret = 0;
	for (int64_t end_us = began_us; end_us > began_us - BEFORE_US; end_us -= SECOND_US) {
		if (!used_between(second_near(of, end_us - SECOND_US), second_near(of, end_us),
				  resource, &one))
			continue;
		*ret = one > *ret ? one : *ret;
		found = true;
	}
	return found;
}

/* In how much of the time that it was held up to then the pod waited itself: under a quota, or slowed down for memory, all
 * the time that it would have used what it was not given. */
static bool waited(const struct pod_seconds *of, enum resource resource, int64_t end_us,
		   uint32_t *ret_permille)
{
	const struct second *to = second_near(of, end_us);
	const struct second *from = second_near(of, end_us - HELD_US);
	uint32_t valid = (uint32_t)SAMPLE_PSI_CPU << resource;
	int32_t grown;

	if (!from || !to || to->at_us <= from->at_us || !(from->valid & to->valid & valid))
		return false;
	grown = (int32_t)(to->stalled_us[resource] - from->stalled_us[resource]);
	if (grown < 0)
		return false;
	*ret_permille = (uint32_t)((int64_t)grown * 1000 / (to->at_us - from->at_us));
	if (*ret_permille > 1000)
		*ret_permille = 1000;
	return true;
}

static bool stands(const struct model *model, const struct cgroup *c, enum knob knob)
{
	return knob_hold_stands(knob, &c->knobs[knob], model->node.page_bytes);
}

bool culprit_trial_is_held(const struct model *model, const struct pod *pod, enum resource resource)
{
	for (const struct cgroup *c = pod->cgroup; c; c = c->parent) {
		if (resource == RESOURCE_CPU && stands(model, c, KNOB_CPU_MAX))
			return true;
		if (resource == RESOURCE_MEMORY &&
		    (stands(model, c, KNOB_MEMORY_HIGH) || stands(model, c, KNOB_CGROUP_FREEZE)))
			return true;
	}
	return false;
}

/* Whether the hold took something from the pod, and how much of what it used. */
static bool has_lost(const struct culprit_trial_look *look, const struct pod *pod,
		     uint32_t *ret_permille)
{
	const struct assignment *a = plan_assignment(look->wait.plan, pod);
	const struct pod_seconds *of = seconds_of(look->seconds, pod->slot, pod->serial);
	uint64_t before, now;

	if (a->state != ASSIGNMENT_LEVEL || a->role != ROLE_OFFLINE || !of ||
	    !culprit_trial_is_held(look->wait.model, pod, look->wait.resource) ||
	    !used_before(of, look->wait.resource, look->before->started_us, &before) ||
	    !used_between(second_near(of, look->wait.now_us - HELD_US),
			  second_near(of, look->wait.now_us), look->wait.resource, &now) ||
	    now * PART_DEN > before * PART_NUM || before == 0)
		return false;
	*ret_permille = (uint32_t)((before - now) * 1000 / before);
	return true;
}

/* --- the verdict --------------------------------------------------------------------------------- */

static const struct efficacy_pod *mark_of(const struct efficacy *e, const struct efficacy_pod *pod)
{
	for (uint32_t i = 0; i < e->n_marks; i++)
		if (e->marks[i].serial == pod->serial && e->marks[i].full == pod->full)
			return &e->marks[i];
	return NULL;
}

/* In this pass, it was found that the hold did not help the pod. */
static bool was_marked(const struct culprit_trial_look *look, const struct efficacy_pod *pod)
{
	const struct efficacy_pod *mark = mark_of(look->after, pod);

	return mark && mark->number == (uint64_t)(look->wait.now_us + EFFICACY_REST_US);
}

/* What it is stalled changes by this much by itself. */
static uint64_t usual_change(const struct culprit_trial_look *look, const struct pod *victim)
{
	const struct pod_score *score = score_of(look->scores, victim);

	return score ? SIGMAS * score->by[look->wait.resource].baseline.sigma_permille : 0;
}

static bool judge(const struct culprit_trial_look *look, const struct efficacy_pod *v,
		  const struct pod *victim, struct culprit_trial *ret)
{
	uint64_t permille, span_us;

	if (!wait_excess_permille(&look->wait, victim, WINDOW_US, &permille, &span_us))
		return false;
	*ret = (struct culprit_trial){
		.victim = v->serial,
		.resource = look->wait.resource,
		.at_us = look->wait.now_us,
		.before_permille = (uint32_t)v->number,
		.after_permille = (uint32_t)permille,
	};
	if (was_marked(look, v)) {
		ret->verdict = CULPRIT_NO_EFFECT;
		return true;
	}
	ret->verdict = CULPRIT_CONFIRMED;
	return permille < v->number && v->number - permille >= usual_change(look, victim);
}

/* One that comes and goes would have made the victim wait in a part of the window only, also without the hold: less than that
 * it has to be. */
static bool is_proved(const struct culprit_trial_look *look, const struct pod *pod,
		      const struct culprit_trial *t)
{
	const struct pod_seconds *of = seconds_of(look->seconds, pod->slot, pod->serial);
	uint32_t wanted;

	return t->verdict == CULPRIT_NO_EFFECT ||
	       (waited(of, look->wait.resource, look->wait.now_us, &wanted) &&
		(uint64_t)t->after_permille * 1000 * PART_DEN <=
			(uint64_t)t->before_permille * wanted * PART_NUM);
}

/* --- whom it is told of -------------------------------------------------------------------------- */

/* That of the same two, a free one, or the oldest. */
static struct culprit_trial *place(struct culprit_trials *t, const struct culprit_trial *new)
{
	struct culprit_trial *found = &t->list[0];

	for (int i = 0; i < CULPRIT_TRIALS; i++) {
		struct culprit_trial *one = &t->list[i];

		if (one->victim == new->victim && one->suspect == new->suspect &&
		    one->resource == new->resource)
			return one;
		if (found->victim != 0 && (one->victim == 0 || one->at_us < found->at_us))
			found = one;
	}
	return found;
}

void culprit_trial_find(struct culprit_trial_found *f, const struct culprit_trial *new)
{
	uint32_t at = f->n < CULPRIT_TRIALS_EACH ? f->n++ : CULPRIT_TRIALS_EACH;

	while (at > 0 && f->most[at - 1].lost_permille < new->lost_permille) {
		if (at < CULPRIT_TRIALS_EACH)
			f->most[at] = f->most[at - 1];
		at--;
	}
	if (at < CULPRIT_TRIALS_EACH)
		f->most[at] = *new;
}

void culprit_trial_keep(struct culprit_trials *t, struct culprit_trial_found *f)
{
	for (uint32_t i = 0; i < f->n; i++) {
		f->most[i].others = f->lost - 1;
		*place(t, &f->most[i]) = f->most[i];
	}
}

static void note(struct culprit_trials *t, const struct culprit_trial_look *look,
		 struct culprit_trial verdict)
{
	const struct model *model = look->wait.model;
	struct culprit_trial_found found = {.n = 0};

	for (size_t i = 0; i < model->n_pods; i++) {
		const struct pod *pod = model->pods[i];

		if (!has_lost(look, pod, &verdict.lost_permille))
			continue;
		found.lost++;
		if (!is_proved(look, pod, &verdict))
			continue;
		verdict.suspect = pod->serial;
		verdict.who.role = ROLE_OFFLINE;
		who_copy(verdict.who.name, pod->name);
		culprit_trial_find(&found, &verdict);
	}
	culprit_trial_keep(t, &found);
}

void culprit_trial_step(struct culprit_trials *t, const struct culprit_trial_look *look)
{
	const struct efficacy *before = look->before;
	struct culprit_trial verdict;

	if (before->started_us == 0 || look->after->started_us == before->started_us ||
	    look->wait.now_us - before->started_us < WINDOW_US)
		return;
	for (uint32_t i = 0; i < before->n_trial; i++) {
		const struct efficacy_pod *v = &before->trial[i];
		const struct pod *victim = model_pod(look->wait.model, v->serial);

		if (victim && (v->full != 0) == look->wait.rule->full &&
		    judge(look, v, victim, &verdict))
			note(t, look, verdict);
	}
}

const struct culprit_trial *culprit_trial_next(const struct culprit_trials *t,
					       const struct pod *victim, enum resource resource,
					       int64_t now_us, size_t *at)
{
	while (t && *at < CULPRIT_TRIALS) {
		const struct culprit_trial *one = &t->list[(*at)++];

		if (one->victim == victim->serial && one->resource == resource &&
		    now_us - one->at_us <= CULPRITS_KEPT_US)
			return one;
	}
	return NULL;
}
