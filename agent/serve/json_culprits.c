// SPDX-License-Identifier: LGPL-2.1-or-later
// Of a pod that waits, who seems to make it: in its score, for each resource.
#include "agent/serve/json_view.h"

#include "policy/culprit_trial.h"
#include "policy/culprit_watch.h"
#include "policy/names.h"

static void one(struct json_view *view, cJSON *array, const struct culprits_kept *k, uint32_t i)
{
	const struct culprit *c = &k->found.list[i];
	struct json_put *put = &view->put;
	cJSON *object = json_put_object(put, array, NULL);

	json_put_text(put, object, "name", k->who[i].name);
	json_put_text(put, object, "role", k->who[i].role >= 0 ? names_role(k->who[i].role) : NULL);
	json_put_bool(put, object, "gone", !model_pod(view->snapshot->model, c->serial));
	json_put_text(put, object, "confidence", names_confidence(c->confidence));
	json_put_u64(put, object, "share_permille", c->share_permille);
	json_put_u64(put, object, "fit_permille", c->fit_permille);
	json_put_u64(put, object, "lag_s", c->lag_s);
	json_put_u64(put, object, "swings", c->swings);
	json_put_bool(put, object, "alike", c->alike);
	json_put_bool(put, object, "with_own", c->with_own);
}

/* What holds have shown, newest or not. */
static void trials(struct json_view *view, cJSON *object, const struct pod *victim,
		   enum resource resource, int64_t now_us)
{
	struct json_put *put = &view->put;
	cJSON *array = json_put_array(put, object, "tried");
	const struct culprit_trial *t;
	size_t at = 0;

	while ((t = culprit_trial_next(view->snapshot->culprit_trials, victim, resource, now_us,
				       &at))) {
		cJSON *trial = json_put_object(put, array, NULL);

		json_put_text(put, trial, "name", t->who.name);
		json_put_bool(put, trial, "gone", !model_pod(view->snapshot->model, t->suspect));
		json_put_text(put, trial, "verdict", names_verdict(t->verdict));
		json_put_i64(put, trial, "at_us", t->at_us);
		json_put_u64(put, trial, "before_permille", t->before_permille);
		json_put_u64(put, trial, "after_permille", t->after_permille);
		json_put_u64(put, trial, "lost_permille", t->lost_permille);
		json_put_u64(put, trial, "others", t->others);
		json_put_bool(put, trial, "calibrated", t->calibrated);
	}
}

void json_culprits(struct json_view *view, cJSON *value_object, const struct pod *pod,
		   enum resource resource, const struct score_value *value)
{
	const struct status *status = view->snapshot->status;
	int64_t now_us = status ? status->pass_us : 0;
	const struct culprits_kept *k =
		culprit_watch_of(view->snapshot->culprits, pod, resource, now_us);
	struct json_put *put = &view->put;
	cJSON *object = json_put_object(put, value_object, "culprits"), *array;

	json_put_text(put, object, "state", names_culprits(culprit_watch_state(value, k, now_us)));
	trials(view, object, pod, resource, now_us);
	if (!k) {
		json_put_null(put, object, "at_us");
		json_put_null(put, object, "found");
		return;
	}
	json_put_i64(put, object, "at_us", k->at_us);
	json_put_text(put, object, "found", names_culprits(k->state));
	json_put_u64(put, object, "seconds", k->found.seconds);
	json_put_u64(put, object, "own_permille", k->found.own_permille);
	array = json_put_array(put, object, "list");
	for (uint32_t i = 0; i < k->found.n; i++)
		one(view, array, k, i);
}
