// SPDX-License-Identifier: LGPL-2.1-or-later
// See incidents.h.
#include "agent/incidents.h"

#include <stdio.h>
#include <string.h>

#include "agent/base/clock.h"
#include "agent/base/history_numbers.h"
#include "agent/base/log.h"
#include "agent/base/messages.h"
#include "agent/incident_store.h"
#include "agent/net.h"
#include "agent/state.h"
#include "policy/incident_event.h"
#include "policy/incident_mark.h"
#include "policy/names.h"
#include "policy/reason_text.h"

static struct incident_look look_of(const struct state *s, int64_t now_us)
{
	const struct net_shown *net = net_shown(s);

	return (struct incident_look){
		.model = discover_model(s->discover),
		.samples = observe_samples(s->observe),
		.seconds = &s->seconds,
		.plan = &s->plan,
		.policy = s->policy,
		.modes = &s->status.modes,
		.ladders = &s->ladders,
		.scores = &s->scores,
		.culprits = &s->culprits,
		.trials = &s->culprit_trials,
		.net = net ? net->flow : NULL,
		.now_us = now_us,
		.wall_us = clock_wall_us(),
	};
}

/* What was done since the last pass. */
static void take_in_history(struct state *s)
{
	struct history_record r;

	while (s->history && history_next(s->history, &s->incidents_told, &r))
		incident_mark(&s->incidents, &r);
}

/* "default/hog (confirmed)", "default/hog (confidence good)"; "nobody is suspected" */
static void name_suspect(const struct incident_event *e, char *buf, size_t size)
{
	if (!e->suspected)
		(void)snprintf(buf, size, "nobody is suspected%s", e->closed ? "" : " yet");
	else if (e->confirmed)
		(void)snprintf(buf, size, "by %s (confirmed)", e->culprit);
	else
		(void)snprintf(buf, size, "it seems by %s (confidence %s)", e->culprit,
			       names_confidence(e->confidence));
}

/* "at worst stalled 45.0 % of the time, "; "" where nothing was measured */
static void name_worst(const struct incident_event *e, char *buf, size_t size)
{
	char percent[REASON_TEXT_UNIT_SIZE];

	buf[0] = '\0';
	if (e->stall_known)
		(void)snprintf(buf, size, "at worst stalled %s of the time, ",
			       reason_text_percent(e->worst_stalled_permille, percent));
}

static void say(struct state *s, const struct incident_event *e)
{
	const struct pod *pod = model_pod(discover_model(s->discover), e->serial);
	struct history_record r = HISTORY_RECORD(HISTORY_INCIDENT);
	char who[REASON_WHO_SIZE + 32], hurt[REASON_TEXT_UNIT_SIZE];
	char worst[REASON_TEXT_UNIT_SIZE + 40];

	name_suspect(e, who, sizeof(who));
	name_worst(e, worst, sizeof(worst));
	HISTORY_SET(r.pod, "%s", e->pod);
	r.level = e->level;
	if (pod)
		history_set_path(&r, pod->cgroup->path);
	HISTORY_SET(r.knob, "%s", names_resource(e->resource));
	HISTORY_SET(r.from, "%s", e->closed ? "open" : "");
	HISTORY_SET(r.to, "%s", e->closed ? "closed" : "opened");
	if (e->closed)
		HISTORY_SET(
			r.why,
			"incident %llu: %s from when it was first hurt to when it was last, %s%s; "
			"done: %s. See: coloctl incidents show %llu",
			(unsigned long long)e->id, reason_text_duration(e->hurt_us, hurt), worst,
			who, e->done, (unsigned long long)e->id);
	else
		HISTORY_SET(r.why, "incident %llu (%s): %s. See: coloctl incidents show %llu",
			    (unsigned long long)e->id, incident_cause_name(e->cause), who,
			    (unsigned long long)e->id);
	history_number(&r, "incident", (int64_t)e->id);
	history_number_if(&r, "hurt_us", e->closed, e->hurt_us);
	messages_tell(s->history, &r);
}

/* In the history and the journal. */
static void say_events(struct state *s)
{
	const struct incident_event *e;

	while ((e = incident_event_next(&s->incidents, &s->incidents_said)))
		say(s, e);
}

void incidents_pass(struct state *s, int64_t now_us)
{
	const struct incident_look look = look_of(s, now_us);

	if (!s->policy)
		return;
	take_in_history(s);
	incident_step(&s->incidents, &look);
	say_events(s);
	if (s->incident_store)
		incident_store_pass(s->incident_store, &s->incidents, &s->policy->incidents,
				    now_us);
}

bool incidents_want_disks(const struct state *s)
{
	for (int n = 0; n < INCIDENTS_OPEN; n++) {
		const struct incident *i = s->incidents.list[n];

		if (i && !i->closed && i->resource == RESOURCE_IO)
			return true;
	}
	return false;
}

void incidents_sli(struct state *s, const struct pod *pod, enum resource resource, int64_t now_us)
{
	const struct incident_look look = look_of(s, now_us);

	if (s->policy)
		(void)incident_open(&s->incidents, &look, INCIDENT_SLI, pod, resource);
}

void incidents_start(struct state *s)
{
	bool keeps = s->options->action == OPTIONS_RUN && s->lock_fd >= 0;
	int r = incident_store_new(s->root_fd, keeps, &s->incident_store);

	s->incidents_told = s->history ? history_end(s->history) : 0;
	if (r < 0)
		log_warning("incidents.start", "incidents are not kept: %s", strerror(-r));
	else
		s->incidents.next_id = incident_store_next_id(s->incident_store);
}

void incidents_stop(struct state *s)
{
	static const struct incident_policy none = {.count = UINT32_MAX, .size_bytes = UINT64_MAX};

	if (s->incident_store)
		incident_store_free(s->incident_store, &s->incidents,
				    s->policy ? &s->policy->incidents : &none, clock_now_us());
	s->incident_store = NULL;
	incidents_free(&s->incidents);
}
