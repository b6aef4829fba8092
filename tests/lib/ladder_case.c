// SPDX-License-Identifier: LGPL-2.1-or-later
// See ladder_case.h.
#include "tests/lib/ladder_case.h"

#include <string.h>

#include "policy/decide.h"
#include "policy/knob.h"

#define S 1000000
#define WEB "kubepods.slice/kubepods-podweb.slice"
#define DB "kubepods.slice/kubepods-poddb.slice"
#define HOG "kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-podhog.slice"

void ladder_case_sample(struct ladder_case *w)
{
	struct pod_history *history;
	struct pod_sample *last;

	fake_sample_throttled(&w->f, w->web, w->now_us, w->web_us, w->wait_us, w->periods,
			      w->throttled);
	history = w->f.samples.pods[w->web->slot];
	last = &history->ring[(history->head + SAMPLE_RING - 1) % SAMPLE_RING];
	last->inner_periods = w->periods;
	last->inner_throttled = w->inner;
	last->valid |= w->unseen ? SAMPLE_QUOTA_UNSEEN : 0;
	fake_sample(&w->f, w->db, w->now_us, w->db_us, 0);
	fake_sample(&w->f, w->hog, w->now_us, w->hog_us, w->hog_us);
	fake_sample_node(&w->f, w->now_us, w->busy_us);
}

void ladder_case_init(struct ladder_case *w)
{
	memset(w, 0, sizeof(*w));
	fake_init(&w->f);
	w->web = fake_pod(&w->f, WEB, QOS_GUARANTEED);
	w->db = fake_pod(&w->f, DB, QOS_GUARANTEED);
	w->hog = fake_pod(&w->f, HOG, QOS_BESTEFFORT);
	fake_level(&w->f, w->web, LEVEL_P0);
	fake_level(&w->f, w->db, LEVEL_P0);
	fake_level(&w->f, w->hog, LEVEL_P7);
	strcpy(w->f.model.node.kernel, "7.3.4-cloud-amd64");
	w->now_us = 100 * S;
	ladder_case_sample(w);
}

struct ladder *ladder_case_cpu(struct ladder_case *w)
{
	return &w->f.ladders.of[RESOURCE_CPU];
}

void ladder_case_step(struct ladder_case *w)
{
	ladder_cpu_step(ladder_case_cpu(w), &w->f.model, &w->f.samples, &w->f.policy, &w->f.plan,
			w->now_us);
}

void ladder_case_run(struct ladder_case *w, int seconds, struct ladder_second s)
{
	for (int i = 0; i < seconds; i++) {
		w->now_us += S;
		w->web_us += s.web * 1000;
		w->wait_us += s.wait * 1000;
		w->hog_us += s.hog * 1000;
		w->db_us += w->db_milli * 1000;
		w->busy_us += (s.web + s.hog + s.system + w->db_milli) * 1000;
		w->periods += 10;
		w->throttled += s.throttled;
		w->inner += s.inner;
		w->unseen = s.unseen;
		ladder_case_sample(w);
		ladder_case_step(w);
	}
}

void ladder_case_in_force(struct ladder_case *w, bool is)
{
	struct knob_state *s = &w->hog->cgroup->knobs[KNOB_CPU_MAX];

	s->owned = s->held = is;
	s->now = is ? knob_value_quota(5000, 20000) : knob_value_of(KNOB_VALUE_MAX);
	s->written = s->now;
}
