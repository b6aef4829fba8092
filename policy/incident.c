// SPDX-License-Identifier: LGPL-2.1-or-later
// See incident.h.
#include "policy/incident.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/culprit_trial.h"
#include "policy/culprit_watch.h"
#include "policy/decide.h"
#include "policy/incident_event.h"
#include "policy/incident_mark.h"
#include "policy/incident_scene.h"
#include "policy/score.h"
#include "policy/who.h"

/* A ladder saw somebody wait so short a time ago: it is hurt now. */
#define PRESSURE_FRESH_US 2000000

const char *incident_cause_name(enum incident_cause cause)
{
	static const char *const names[INCIDENT_CAUSE_COUNT] = {
		[INCIDENT_RUNG] = "rung",
		[INCIDENT_SCORE] = "score",
		[INCIDENT_SLI] = "sli",
	};

	return cause < INCIDENT_CAUSE_COUNT ? names[cause] : "?";
}

const struct incident *incident_find(const struct incidents *in, uint64_t id)
{
	for (int n = 0; n < INCIDENTS_OPEN; n++)
		if (in->list[n] && in->list[n]->id == id)
			return in->list[n];
	return NULL;
}

void incident_drop(struct incidents *in, uint64_t id)
{
	for (int n = 0; n < INCIDENTS_OPEN; n++) {
		if (!in->list[n] || in->list[n]->id != id)
			continue;
		free(in->list[n]);
		in->list[n] = NULL;
	}
}

void incidents_free(struct incidents *in)
{
	for (int n = 0; n < INCIDENTS_OPEN; n++) {
		free(in->list[n]);
		in->list[n] = NULL;
	}
}

/* --- opening ------------------------------------------------------------------------------------- */

static struct incident *going_on(const struct incidents *in, const struct pod *pod,
				 enum resource resource)
{
	for (int n = 0; n < INCIDENTS_OPEN; n++) {
		struct incident *i = in->list[n];

		if (i && !i->closed && i->pods[0].serial == pod->serial && i->resource == resource)
			return i;
	}
	return NULL;
}

/* It was hurt for too long, and has not stopped since. */
static bool rests(struct incident_rest list[INCIDENTS_RESTING], const struct pod *pod,
		  enum resource resource, int64_t now_us)
{
	for (int n = 0; n < INCIDENTS_RESTING; n++) {
		struct incident_rest *rest = &list[n];

		if (rest->serial != pod->serial || rest->resource != resource)
			continue;
		if (now_us >= rest->until_us || now_us - rest->hurt_us >= INCIDENT_AFTER_US) {
			*rest = (struct incident_rest){0};
			return false;
		}
		rest->hurt_us = now_us;
		return true;
	}
	return false;
}

/* In a free place, or that of who was hurt longest ago. */
static void rest(struct incident_rest list[INCIDENTS_RESTING], uint64_t serial,
		 enum resource resource, int64_t now_us)
{
	struct incident_rest *to = &list[0];

	for (int n = 0; n < INCIDENTS_RESTING && to->serial != 0; n++)
		if (list[n].serial == 0 || list[n].hurt_us < to->hurt_us)
			to = &list[n];
	*to = (struct incident_rest){
		.serial = serial,
		.resource = resource,
		.hurt_us = now_us,
		.until_us = now_us + INCIDENT_AGAIN_US,
	};
}

/* A free one, or that of one that is over and that the disk has not taken. */
static struct incident **place(struct incidents *in)
{
	struct incident **found = NULL;

	for (int n = 0; n < INCIDENTS_OPEN; n++) {
		struct incident **p = &in->list[n];

		if (!*p)
			return p;
		if ((*p)->closed && (!found || (*p)->id < (*found)->id))
			found = p;
	}
	if (found) {
		in->left_out++;
		free(*found);
		*found = NULL;
	}
	return found;
}

static struct incident_node node_of(const struct incident_look *look, enum resource resource)
{
	const struct node *node = &look->model->node;
	struct incident_node of = {
		.n_cpus = (uint32_t)node->n_cpus,
		.memory_bytes = node->memory_bytes,
		.n_pods = (uint32_t)look->model->n_pods,
		.mode = look->modes->by[resource],
	};

	memcpy(of.kernel, node->kernel, sizeof(of.kernel));
	return of;
}

static void fill(struct incident *i, const struct incident_look *look, const struct pod *pod)
{
	const struct assignment *a = plan_assignment(look->plan, pod);

	i->node = node_of(look, i->resource);
	i->wall_us = look->wall_us;
	i->opened_us = i->hurt_us = look->now_us;
	i->rung = look->ladders->of[i->resource].rung;
	i->pods[0] = (struct incident_pod){
		.serial = pod->serial,
		.slot = pod->slot,
		.role = a->state == ASSIGNMENT_LEVEL ? a->role : ROLE_INVALID,
		.level = a->state == ASSIGNMENT_LEVEL ? a->level : LEVEL_NONE,
	};
	who_copy(i->pods[0].name, pod->name);
}

/* Asked for in each pass that it goes on, it is one. */
static void leave_out(struct incidents *in, const struct pod *pod, enum resource resource,
		      int64_t now_us)
{
	if (rests(in->missed, pod, resource, now_us))
		return;
	in->left_out++;
	rest(in->missed, pod->serial, resource, now_us);
}

static struct incident *make(struct incidents *in, const struct incident_look *look,
			     enum incident_cause cause, const struct pod *pod,
			     enum resource resource)
{
	struct incident *i = calloc(1, sizeof(*i));
	struct incident **p = i ? place(in) : NULL;

	if (!p) {
		free(i);
		leave_out(in, pod, resource, look->now_us);
		return NULL;
	}
	if (in->next_id == 0)
		in->next_id = 1;
	i->id = in->next_id++;
	i->cause = cause;
	i->resource = resource;
	fill(i, look, pod);
	incident_mark_begin(i, in);
	incident_scene_begin(i, in, look);
	in->opened++;
	*p = i;
	incident_event_put(in, i);
	return i;
}

struct incident *incident_open(struct incidents *in, const struct incident_look *look,
			       enum incident_cause cause, const struct pod *pod,
			       enum resource resource)
{
	struct incident *i = going_on(in, pod, resource);

	if (!i && rests(in->resting, pod, resource, look->now_us))
		return NULL;
	if (!i)
		i = make(in, look, cause, pod, resource);
	if (!i)
		return NULL;
	i->causes |= 1u << cause;
	if (look->now_us - i->opened_us <= INCIDENT_MOST_US)
		i->hurt_us = look->now_us;
	else
		i->spent = true;
	return i;
}

/* --- who is hurt --------------------------------------------------------------------------------- */

static const struct pod *online_named(const struct incident_look *look, const char *who)
{
	char name[REASON_WHO_SIZE];

	for (size_t n = 0; n < look->model->n_pods; n++) {
		const struct pod *pod = look->model->pods[n];
		const struct assignment *a = plan_assignment(look->plan, pod);

		who_copy(name, pod->name);
		if (a->state == ASSIGNMENT_LEVEL && a->role == ROLE_ONLINE &&
		    strcmp(name, who) == 0)
			return pod;
	}
	return NULL;
}

/* The one that the ladder went up for; while pressure lasts it is taken to be hurt still. */
static void look_at_ladder(struct incidents *in, const struct incident_look *look,
			   enum resource resource)
{
	const struct ladder *l = &look->ladders->of[resource];
	const struct pod *pod;

	if (l->rung == RUNG_CALM || !l->reason.who[0] || l->pressure_us == 0 ||
	    look->now_us - l->pressure_us > PRESSURE_FRESH_US)
		return;
	pod = online_named(look, l->reason.who);
	if (pod)
		(void)incident_open(in, look, INCIDENT_RUNG, pod, resource);
}

static void look_at_score(struct incidents *in, const struct incident_look *look,
			  const struct pod *pod)
{
	const struct pod_score *s = score_of(look->scores, pod);
	struct incident *i;

	for (int r = 0; s && r < RESOURCE_COUNT; r++) {
		const struct score_value *v = &s->by[r];

		if (!score_has_number(v->state))
			continue;
		if (look->policy->incidents.excess_permille > 0 &&
		    v->excess_permille > look->policy->incidents.excess_permille)
			(void)incident_open(in, look, INCIDENT_SCORE, pod, (enum resource)r);
		i = going_on(in, pod, (enum resource)r);
		if (i && v->excess_permille > i->worst_excess_permille)
			i->worst_excess_permille = v->excess_permille;
	}
}

/* --- one that goes on ---------------------------------------------------------------------------- */

static void take_in_culprits(struct incident *i, const struct incident_look *look,
			     const struct pod *pod)
{
	const struct culprits_kept *k =
		culprit_watch_of(look->culprits, pod, i->resource, look->now_us);

	if (!k || k->at_us < i->opened_us - INCIDENT_BEFORE_US || k->at_us <= i->culprits.at_us ||
	    (i->culprits.state == CULPRITS_RANKED && k->state != CULPRITS_RANKED))
		return;
	/* What is ranked when it is over is about other things. */
	if (i->culprits.state == CULPRITS_RANKED && look->now_us - i->hurt_us > PRESSURE_FRESH_US)
		return;
	i->culprits = *k;
	i->changes++;
	for (uint32_t n = 0; n < k->found.n; n++) {
		const struct pod *suspect = model_pod(look->model, k->found.list[n].serial);

		if (suspect)
			incident_scene_suspect(i, look, suspect);
	}
}

/* That of the same suspect, a free one, or where somebody is confirmed, that of one who was cleared; NULL: it is not kept. Those
 * who tell of trials forget them after ten minutes, so that their order says nothing. */
static struct culprit_trial *trial_place(struct incident *i, const struct culprit_trial *new)
{
	struct culprit_trial *empty = NULL, *cleared = NULL;

	for (int n = INCIDENT_TRIALS - 1; n >= 0; n--) {
		struct culprit_trial *t = &i->trials[n];

		if (t->suspect == new->suspect)
			return t;
		if (t->suspect == 0)
			empty = t;
		else if (t->verdict != CULPRIT_CONFIRMED)
			cleared = t;
	}
	if (empty)
		return empty;
	return new->verdict == CULPRIT_CONFIRMED ? cleared : NULL;
}

/* What a hold against this wait has shown is more than what single seconds say of the pod in general. */
static bool is_outweighed(const struct culprit_trial *new, const struct culprit_trial *old)
{
	return new->calibrated && !old->calibrated && old->verdict == CULPRIT_CONFIRMED;
}

static void take_in_trials(struct incident *i, const struct incident_look *look,
			   const struct pod *pod)
{
	const struct culprit_trial *t;
	size_t at = 0;

	while ((t = culprit_trial_next(look->trials, pod, i->resource, look->now_us, &at))) {
		struct culprit_trial *to = t->at_us < i->opened_us ? NULL : trial_place(i, t);

		if (!to ||
		    (to->suspect == t->suspect && (to->at_us >= t->at_us || is_outweighed(t, to))))
			continue;
		*to = *t;
		i->changes++;
	}
}

static void close_one(struct incidents *in, struct incident *i, int64_t now_us)
{
	i->closed = true;
	i->ended_us = now_us;
	i->changes++;
	incident_event_put(in, i);
	if (i->spent)
		rest(in->resting, i->pods[0].serial, i->resource, now_us);
}

static void go_on(struct incidents *in, struct incident *i, const struct incident_look *look,
		  bool second)
{
	const struct pod *pod = model_pod(look->model, i->pods[0].serial);
	enum rung rung = look->ladders->of[i->resource].rung;

	if (rung > i->rung)
		i->rung = rung;
	if (second)
		incident_scene_add(i, in, look);
	if (pod) {
		take_in_culprits(i, look, pod);
		take_in_trials(i, look, pod);
	}
	if (look->now_us - i->hurt_us >= INCIDENT_AFTER_US)
		close_one(in, i, look->now_us);
}

void incident_step(struct incidents *in, const struct incident_look *look)
{
	bool second = incident_scene_feed(in, look);

	for (int r = 0; r < RESOURCE_COUNT; r++)
		look_at_ladder(in, look, (enum resource)r);
	for (size_t n = 0; n < look->model->n_pods; n++)
		look_at_score(in, look, look->model->pods[n]);
	for (int n = 0; n < INCIDENTS_OPEN; n++)
		if (in->list[n] && !in->list[n]->closed)
			go_on(in, in->list[n], look, second);
}
