// SPDX-License-Identifier: LGPL-2.1-or-later
// The score of a pod with each of its terms, and the "calm" section: whether what is measured now is learned from.
#include "agent/serve/json_view.h"

#include "agent/serve/stall.h"
#include "policy/baseline.h"
#include "policy/calibrate.h"
#include "policy/names.h"
#include "policy/ring.h"
#include "policy/score.h"

static void number(struct json_view *view, cJSON *object, const char *key, bool there, uint64_t n)
{
	if (there)
		json_put_u64(&view->put, object, key, n);
	else
		json_put_null(&view->put, object, key);
}

static void baseline(struct json_view *view, cJSON *value, const struct score_baseline *b)
{
	bool there = b->basis != SCORE_BASIS_LEARNING;
	struct json_put *put = &view->put;
	cJSON *object;

	/* Nothing is known of such a workload, or of so much load. */
	if (b->load_to_milli == 0) {
		json_put_null(put, value, "baseline");
		return;
	}
	object = json_put_object(put, value, "baseline");
	json_put_text(put, object, "basis", names_score_basis(b->basis));
	number(view, object, "median_permille", there, b->median_permille);
	number(view, object, "sigma_permille", there, b->sigma_permille);
	number(view, object, "age_us", there, b->age_us);
	json_put_u64(put, object, "calm_windows", b->windows);
	json_put_u64(put, object, "calm_episodes", b->episodes);
	json_put_u64(put, object, "windows", b->seen);
	json_put_u64(put, object, "holds", b->holds);
	json_put_u64(put, object, "load_over_milli", b->load_over_milli);
	json_put_u64(put, object, "load_to_milli", b->load_to_milli);
	json_put_bool(put, object, "higher_load", b->higher_load);
}

/* Of the last second. */
static void cpi(struct json_view *view, cJSON *score, const struct pod *pod)
{
	const struct samples *samples = view->snapshot->samples;
	const struct status *status = view->snapshot->status;
	const struct pod_history *h = samples ? ring_of(samples, pod->slot, pod->serial) : NULL;
	bool there = h && status && pod_cpi_is_fresh(&h->cpi, status->pass_us);

	number(view, score, "cpi_milli", there, there ? h->cpi.milli : 0);
}

void json_score(struct json_view *view, cJSON *pod_object, const struct pod *pod)
{
	static const struct pod_score none;
	const struct scores *scores = view->snapshot->scores;
	const struct pod_score *known = score_of(scores, pod), *s = known ? known : &none;
	const struct baseline_workload *w = baselines_of(view->snapshot->baselines, pod);
	struct json_put *put = &view->put;
	cJSON *object = json_put_object(put, pod_object, "score");

	json_put_text(put, object, "state", names_score(s->state));
	number(view, object, "permille", score_has_number(s->state), s->permille);
	json_put_bool(put, object, "at_least", s->at_least);
	json_put_text(put, object, "workload", w ? w->key : NULL);
	cpi(view, object, pod);
	for (int r = 0; r < RESOURCE_COUNT; r++) {
		const struct score_value *v = &s->by[r];
		int stalled = stall_permille(scores, pod, (enum resource)r);
		cJSON *one = json_put_object(put, object, names_resource((enum resource)r));

		json_put_text(put, one, "state", names_score(v->state));
		number(view, one, "stalled_permille", stalled >= 0, (uint64_t)stalled);
		json_put_u64(put, one, "own_permille", v->own_permille);
		number(view, one, "excess_permille", score_has_number(v->state),
		       v->excess_permille);
		json_put_u64(put, one, "window_us", v->window_us);
		baseline(view, one, &v->baseline);
		json_culprits(view, one, pod, (enum resource)r, v);
	}
}

void json_calm_section(struct json_view *view, cJSON *doc)
{
	const struct baselines *b = view->snapshot->baselines;
	bool fed = b && b->fed_us > 0;
	struct json_put *put = &view->put;
	cJSON *object;

	if (!fed) {
		json_put_null(put, doc, "calm");
		return;
	}
	object = json_put_object(put, doc, "calm");
	json_put_bool(put, object, "now", b->calm == CALM_YES);
	json_put_text(put, object, "why_not", b->calm == CALM_YES ? NULL : calm_text(b->calm));
	json_put_u64(put, object, "windows_learned", b->windows);
}

void json_calibration_section(struct json_view *view, cJSON *doc)
{
	const struct calibration *c = view->snapshot->calibration;
	const struct policy *p = view->snapshot->policy;
	struct json_put *put = &view->put;
	bool due;
	cJSON *object;

	if (!c || !p || !p->score.calibrate) {
		json_put_null(put, doc, "calibration");
		return;
	}
	due = c->why == CALIBRATE_DUE;
	object = json_put_object(put, doc, "calibration");
	json_put_bool(put, object, "now", c->began_us > 0);
	json_put_text(put, object, "why_not", due ? NULL : calibrate_text(c->why));
	json_put_u64(put, object, "holds", c->n);
	json_put_u64(put, object, "held_us", c->held_us);
	json_put_i64(put, object, "last_us", c->ended_us);
	json_put_i64(put, object, "rest_until_us", c->rest_until_us);
}
