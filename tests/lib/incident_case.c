// SPDX-License-Identifier: LGPL-2.1-or-later
// See incident_case.h.
#include "tests/lib/incident_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/culprit_watch.h"
#include "policy/read.h"
#include "policy/seconds.h"
#include "policy/who.h"

static struct pod *add(struct incident_case *c, const char *path, const char *name,
		       enum level level)
{
	struct pod *pod =
		fake_pod(&c->f, path, level == LEVEL_P0 ? QOS_GUARANTEED : QOS_BESTEFFORT);

	(void)snprintf(pod->name, sizeof(pod->name), "%s", name);
	fake_level(&c->f, pod, level);
	return pod;
}

int incident_case_open(struct incident_case *c)
{
	*c = (struct incident_case){0};
	fake_init(&c->f);
	c->policy = policy_none();
	if (!c->policy)
		return -1;
	c->web = add(c, "kubepods.slice/kubepods-pod0.slice", "default/web", LEVEL_P0);
	c->db = add(c, "kubepods.slice/kubepods-pod1.slice", "default/db", LEVEL_P0);
	c->hog = add(c, "kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod2.slice",
		     "batch/hog", LEVEL_P7);
	c->other = add(c, "kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod3.slice",
		       "batch/other", LEVEL_P7);
	for (int r = 0; r < RESOURCE_COUNT; r++)
		c->modes.by[r] = MODE_FULL;
	c->modes.all = MODE_FULL;
	c->f.model.node.memory_bytes = UINT64_C(8) << 30;
	(void)snprintf(c->f.model.node.kernel, sizeof(c->f.model.node.kernel), "6.12.1");
	c->scores = (struct scores){.pods = c->score_list, .n_slots = INCIDENT_CASE_PODS};
	c->look = (struct incident_look){
		.model = &c->f.model,
		.samples = &c->f.samples,
		.seconds = &c->seconds,
		.plan = &c->f.plan,
		.policy = c->policy,
		.modes = &c->modes,
		.ladders = &c->ladders,
		.scores = &c->scores,
		.culprits = &c->culprits,
		.trials = &c->trials,
		.net = &c->flow,
		.wall_us = INT64_C(1700000000000000),
	};
	return 0;
}

void incident_case_close(struct incident_case *c)
{
	incidents_free(&c->incidents);
	seconds_free(&c->seconds);
	policy_free(c->policy);
	fake_free(&c->f);
}

static void watch_culprits(struct incident_case *c)
{
	const struct culprit_watch_look look = {
		.model = c->look.model,
		.seconds = c->look.seconds,
		.plan = c->look.plan,
		.scores = c->look.scores,
		.now_us = c->look.now_us,
	};

	culprit_watch_step(&c->culprits, &look);
}

static void measure_net(struct incident_case *c)
{
	if (c->flow.at_us > 0)
		c->flow.at_us = c->flow.drops_at_us = c->look.now_us;
	for (size_t i = 0; i < c->f.model.n_pods; i++) {
		const struct pod *pod = c->f.model.pods[i];

		c->sent[pod->slot].serial = pod->serial;
		c->sent[pod->slot].at_us = c->look.now_us;
	}
}

static void measure_memory(struct incident_case *c)
{
	struct pod_history *h = c->f.samples.pods[c->web->slot];
	struct pod_sample *s = &h->ring[(h->head + SAMPLE_RING - 1) % SAMPLE_RING];

	c->memory_us += c->memory_permille * 1000ull;
	c->throttled_us += c->throttled_permille * 1000ull;
	s->throttled_us = (uint32_t)c->throttled_us;
	if (c->memory.at_us == 0)
		return;
	c->memory.at_us = c->look.now_us;
	h->memory = c->memory;
	s->valid |= SAMPLE_MEMORY | SAMPLE_PSI_MEMORY | SAMPLE_PSI_IO;
	s->memory_bytes = c->memory.anon_bytes + c->memory.file_bytes;
	s->psi[RESOURCE_MEMORY] =
		(struct psi_total){.some_us = 2 * c->memory_us, .full_us = c->memory_us};
	s->psi[RESOURCE_IO] =
		(struct psi_total){.some_us = c->memory_us, .full_us = c->memory_us / 2};
}

void incident_case_second(struct incident_case *c, uint32_t hog_milli, uint32_t permille)
{
	const struct net_shown net = {.sent = c->sent, .n_sent = INCIDENT_CASE_PODS};

	c->look.now_us += INCIDENT_CASE_S;
	c->look.wall_us += INCIDENT_CASE_S;
	for (size_t i = 0; i < c->f.model.n_pods; i++) {
		struct pod *pod = c->f.model.pods[i];
		uint32_t slot = pod->slot;

		c->used_us[slot] += pod == c->hog ? hog_milli * 1000ull : 200000;
		c->busy_us += pod == c->hog ? hog_milli * 1000ull : 200000;
		c->stalled_us[slot] += pod == c->web ? permille * 1000ull : 2000;
		fake_sample(&c->f, pod, c->look.now_us, c->used_us[slot], c->stalled_us[slot]);
	}
	fake_sample_node(&c->f, c->look.now_us, c->busy_us);
	fake_sample_node_memory(&c->f, UINT64_C(4) << 30, UINT64_C(1) << 30);
	measure_net(c);
	measure_memory(c);
	(void)seconds_feed(&c->seconds, &c->f.model, &c->f.samples, &net, c->look.now_us);
	watch_culprits(c);
	incident_step(&c->incidents, &c->look);
}

void incident_case_run(struct incident_case *c, int seconds, uint32_t hog_milli, uint32_t permille)
{
	for (int i = 0; i < seconds; i++)
		incident_case_second(c, hog_milli, permille);
}

void incident_case_rung(struct incident_case *c, const struct pod *pod)
{
	struct ladder *l = &c->ladders.of[RESOURCE_CPU];

	l->rung = RUNG_SQUEEZE;
	l->pressure_us = c->look.now_us;
	l->reason.code = REASON_SQUEEZE;
	who_copy(l->reason.who, pod->name);
}

void incident_case_calm(struct incident_case *c)
{
	c->ladders.of[RESOURCE_CPU].rung = RUNG_CALM;
}

void incident_case_excess(struct incident_case *c, const struct pod *pod, uint32_t permille)
{
	struct score_value *v = &c->score_list[pod->slot].by[RESOURCE_CPU];

	v->state = permille > 0 ? SCORE_BASELINE : SCORE_NONE;
	v->excess_permille = permille;
}

void incident_case_record(struct incident_case *c, enum history_kind kind, const char *what,
			  const char *knob, const char *to, bool would)
{
	struct history_record r = HISTORY_RECORD(kind);

	r.at_us = c->look.now_us;
	r.would = would;
	r.effect = kind == HISTORY_WRITE ? EFFECT_HOLD : EFFECT_COUNT;
	(void)snprintf(r.what, sizeof(r.what), "%s", what);
	(void)snprintf(r.knob, sizeof(r.knob), "%s", knob);
	(void)snprintf(r.to, sizeof(r.to), "%s", to);
	(void)snprintf(r.why, sizeof(r.why), "default/web waited");
	incident_mark(&c->incidents, &r);
}

struct incident *incident_case_one(struct incident_case *c)
{
	struct incident *found = NULL;

	for (int n = 0; n < INCIDENTS_OPEN; n++)
		if (c->incidents.list[n] && !c->incidents.list[n]->closed)
			found = found ? NULL : c->incidents.list[n];
	return found;
}
