// SPDX-License-Identifier: LGPL-2.1-or-later
// See slis.h.
#include "agent/slis.h"

#include "agent/base/history_numbers.h"
#include "agent/base/log.h"
#include "agent/base/messages.h"
#include "agent/incidents.h"
#include "policy/decide.h"
#include "policy/names.h"
#include "policy/score.h"
#include "policy/sli.h"

static void tell(struct state *s, const struct sli_event *e)
{
	const struct pod *pod = model_pod(discover_model(s->discover), e->serial);
	struct history_record r = HISTORY_RECORD(HISTORY_SLI);
	bool number = e->is == SLI_MET || e->is == SLI_VIOLATED;
	char text[SLI_TEXT_SIZE];

	HISTORY_SET(r.pod, "%s", e->who);
	if (pod)
		history_set_path(&r, pod->cgroup->path);
	if (pod && plan_assignment(&s->plan, pod)->state == ASSIGNMENT_LEVEL)
		r.level = plan_assignment(&s->plan, pod)->level;
	HISTORY_SET(r.knob, "%s", e->of.name);
	HISTORY_SET(r.from, "%s", names_sli_verdict(e->was));
	HISTORY_SET(r.to, "%s", names_sli_verdict(e->is));
	HISTORY_SET(r.why, "%s", sli_event_text(e, text, sizeof(text)));
	history_number_if(&r, "value_permille", number, e->value_permille);
	history_number_if(&r, "bound_permille", true, e->of.bound);
	history_number_if(&r, "worst_permille", true, e->worst_permille);
	history_number_if(&r, "window_us", true, e->of.window_us);
	history_number(&r, "since_us", e->since_us);
	messages_tell(s->history, &r);
}

/* Of a score, where it lost most. */
static enum resource resource_of(const struct state *s, const struct pod *pod, enum sli_sign sign)
{
	const struct pod_score *score = score_of(&s->scores, pod);
	int most = RESOURCE_CPU;

	if (sign != SLI_SCORE || !score)
		return (enum resource)(sign < SLI_SCORE ? sign - SLI_CPU_SOME : RESOURCE_CPU);
	for (int r = 0; r < RESOURCE_COUNT; r++)
		if (score->by[r].excess_permille > score->by[most].excess_permille)
			most = r;
	return (enum resource)most;
}

/* An incident, as long as it is violated. */
static void keep_scene(struct state *s, const struct pod *pod)
{
	const struct sli_now *now = sli_of(&s->slis, pod);

	for (size_t i = 0; now && i < s->slis.n_slis; i++)
		if (now[i].verdict == SLI_VIOLATED)
			incidents_sli(s, pod, resource_of(s, pod, s->slis.slis[i].sign),
				      s->status.pass_us);
}

void slis_pass(struct state *s)
{
	const struct sli_look look = {
		.model = discover_model(s->discover),
		.samples = observe_samples(s->observe),
		.plan = &s->plan,
		.scores = &s->scores,
		.policy = s->policy,
		.now_us = s->status.pass_us,
	};

	if (sli_step(&s->slis, &look) < 0)
		log_warning("slis.memory", "no memory to watch each pod that an sli is about");
	for (size_t i = 0; i < s->slis.n_events; i++)
		tell(s, &s->slis.events[i]);
	for (size_t i = 0; i < look.model->n_pods; i++)
		keep_scene(s, look.model->pods[i]);
}
