// SPDX-License-Identifier: LGPL-2.1-or-later
// See incident_event.h.
#include "policy/incident_event.h"

#include "policy/incident_mark.h"
#include "policy/who.h"

bool incident_event_suspect(const struct incident *i, const struct culprit_trial **ret_trial,
			    const struct culprit_who **ret_who)
{
	*ret_trial = NULL;
	*ret_who = NULL;
	for (int n = 0; n < INCIDENT_TRIALS; n++) {
		const struct culprit_trial *t = &i->trials[n];

		if (t->suspect == 0 || t->verdict != CULPRIT_CONFIRMED)
			continue;
		*ret_trial = t;
		*ret_who = &t->who;
		return true;
	}
	if (i->culprits.found.n > 0)
		*ret_who = &i->culprits.who[0];
	return *ret_who != NULL;
}

void incident_event_put(struct incidents *in, const struct incident *i)
{
	struct incident_event *e = &in->events[in->n_events++ % INCIDENT_EVENTS];
	const struct culprit_trial *trial;
	const struct culprit_who *who;

	*e = (struct incident_event){
		.id = i->id,
		.closed = i->closed,
		.serial = i->pods[0].serial,
		.level = i->pods[0].level,
		.resource = i->resource,
		.cause = i->cause,
		.suspected = incident_event_suspect(i, &trial, &who),
		.confirmed = trial != NULL,
		.hurt_us = (uint64_t)(i->hurt_us - i->opened_us),
		.stall_known = i->stall_known,
		.worst_stalled_permille = i->worst_stalled_permille,
	};
	who_copy(e->pod, i->pods[0].name);
	if (who)
		who_copy(e->culprit, who->name);
	if (who && !trial)
		e->confidence = i->culprits.found.list[0].confidence;
	(void)incident_mark_done(i, e->done, sizeof(e->done));
}

const struct incident_event *incident_event_next(const struct incidents *in, uint64_t *cursor)
{
	if (in->n_events - *cursor > INCIDENT_EVENTS)
		*cursor = in->n_events - INCIDENT_EVENTS;
	return *cursor < in->n_events ? &in->events[(*cursor)++ % INCIDENT_EVENTS] : NULL;
}
