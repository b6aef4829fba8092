// SPDX-License-Identifier: LGPL-2.1-or-later
// See incidents.h.
#include "agent/incidents.h"

#include <string.h>

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/incident_store.h"
#include "agent/state.h"
#include "policy/incident_mark.h"

static struct incident_look look_of(const struct state *s, int64_t now_us)
{
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

void incidents_pass(struct state *s, int64_t now_us)
{
	const struct incident_look look = look_of(s, now_us);

	if (!s->policy)
		return;
	take_in_history(s);
	incident_step(&s->incidents, &look);
	if (s->incident_store)
		incident_store_pass(s->incident_store, &s->incidents, &s->policy->incidents,
				    now_us);
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
