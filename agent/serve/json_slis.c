// SPDX-License-Identifier: LGPL-2.1-or-later
// Of a pod, each service level indicator that is about it.
#include "agent/serve/json_view.h"

#include "policy/names.h"
#include "policy/names_policy.h"
#include "policy/sli.h"

static void number(struct json_view *view, cJSON *object, const char *key, bool there, uint64_t n)
{
	if (there)
		json_put_u64(&view->put, object, key, n);
	else
		json_put_null(&view->put, object, key);
}

static void one(struct json_view *view, cJSON *array, const struct sli_policy *p,
		const struct sli_now *now)
{
	bool violated = now->verdict == SLI_VIOLATED, there = violated || now->verdict == SLI_MET;
	const char *why_not = sli_why_not(p->sign, view->snapshot->model);
	struct json_put *put = &view->put;
	cJSON *object = json_put_object(put, array, NULL);
	char text[SLI_TEXT_SIZE];

	json_put_text(put, object, "name", p->name);
	json_put_text(put, object, "state", names_sli_verdict(now->verdict));
	json_put_text(put, object, "why_not", now->verdict == SLI_UNMEASURED ? why_not : NULL);
	json_put_text(put, object, "metric", names_sli_sign(p->sign));
	json_put_text(put, object, "statistic", names_sli_statistic(p->statistic));
	json_put_u64(put, object, "window_us", p->window_us);
	json_put_u64(put, object, "measured_s", now->measured_s);
	number(view, object, "value_permille", there, now->value_permille);
	number(view, object, "bound_permille", sli_is_measured(p->sign), p->bound);
	number(view, object, "worst_permille", violated, now->worst_permille);
	number(view, object, "since_us", violated, (uint64_t)now->since_us);
	json_put_text(put, object, "text", sli_text(p, text, sizeof(text)));
}

void json_slis_section(struct json_view *view, cJSON *status)
{
	const struct sli_watch *watch = view->snapshot->slis;
	const struct model *model = view->snapshot->model;
	size_t n = 0;

	for (size_t i = 0; watch && model && i < model->n_pods; i++) {
		const struct sli_now *now = sli_of(watch, model->pods[i]);

		for (size_t k = 0; now && k < watch->n_slis; k++)
			n += now[k].verdict == SLI_VIOLATED;
	}
	json_put_u64(&view->put, status, "slis_violated", n);
}

void json_slis(struct json_view *view, cJSON *pod_object, const struct pod *pod)
{
	const struct sli_watch *watch = view->snapshot->slis;
	const struct sli_now *now = sli_of(watch, pod);
	cJSON *array = json_put_array(&view->put, pod_object, "slis");

	for (size_t i = 0; now && i < watch->n_slis; i++)
		if (now[i].verdict != SLI_NOT_CONCERNED)
			one(view, array, &watch->slis[i], &now[i]);
}
