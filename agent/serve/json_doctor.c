// SPDX-License-Identifier: LGPL-2.1-or-later
// The "doctor" section: what this node can do, what an absence costs and how to end it, and
// whatever else keeps colod from doing all that the policy asks for.
#include "agent/serve/json_view.h"

#include "policy/capability.h"
#include "policy/decide.h"
#include "policy/gain.h"
#include "policy/knob.h"
#include "policy/names.h"
#include "policy/reason_text.h"

static const char *capability_state(const struct model *model, enum capability c)
{
	if (model->switched_off & (1u << c))
		return "switched off";
	return model_can(model, c) ? "present" : "absent";
}

static void capabilities(struct json_view *view, cJSON *doctor)
{
	const struct model *model = view->snapshot->model;
	struct json_put *put = &view->put;
	cJSON *array = json_put_array(put, doctor, "capabilities");

	for (int c = 0; model && c < CAPABILITY_COUNT; c++) {
		const struct capability_info *info = capability_info((enum capability)c);
		cJSON *object;

		if (!info)
			continue;
		object = json_put_object(put, array, NULL);
		json_put_text(put, object, "name", info->name);
		json_put_text(put, object, "state", capability_state(model, (enum capability)c));
		json_put_text(put, object, "gives", info->gives);
		json_put_text(put, object, "without", info->without);
		json_put_text(put, object, "how", info->how);
	}
}

static void gains(struct json_view *view, cJSON *doctor)
{
	const struct snapshot *s = view->snapshot;
	struct json_put *put = &view->put;
	cJSON *array = json_put_array(put, doctor, "gains");
	struct gain list[GAIN_MAX];
	size_t n = s->model && s->plan ? gain_find(s->model, s->plan, list, GAIN_MAX) : 0;
	char text[1024];

	for (size_t i = 0; i < n; i++) {
		cJSON *object = json_put_object(put, array, NULL);

		json_put_text(put, object, "name", gain_name(list[i].kind));
		json_put_text(put, object, "what", gain_what(&list[i], text, sizeof(text)));
		json_put_text(put, object, "how", gain_how(&list[i], text, sizeof(text)));
	}
}

/* How many other pods are refused for the same reason; SIZE_MAX where an earlier one was. */
static size_t refused_too(const struct snapshot *s, size_t pod, enum reason_code code)
{
	size_t n = 0;

	for (size_t i = 0; i < s->model->n_pods; i++) {
		const struct plan_cores *c = plan_cores(s->plan, s->model->pods[i]);

		if (i == pod || c->state != CORES_REFUSED || c->reason.code != code)
			continue;
		if (i < pod)
			return SIZE_MAX;
		n++;
	}
	return n;
}

/* Pods whose level asks for cores of their own, or for siblings without offline work, and who have neither:
 * one for each reason. */
static void cores(struct json_view *view, cJSON *doctor)
{
	const struct snapshot *s = view->snapshot;
	struct json_put *put = &view->put;
	cJSON *array = json_put_array(put, doctor, "cores");
	char text[REASON_TEXT_SIZE];

	for (size_t i = 0; s->model && s->plan && i < s->model->n_pods; i++) {
		const struct pod *pod = s->model->pods[i];
		const struct plan_cores *c = plan_cores(s->plan, pod);
		size_t others;
		cJSON *object;

		if (c->state != CORES_REFUSED)
			continue;
		others = refused_too(s, i, c->reason.code);
		if (others == SIZE_MAX)
			continue;
		object = json_put_object(put, array, NULL);
		json_put_text(put, object, "pod", pod->name);
		json_put_u64(put, object, "n_others", others);
		json_put_text(put, object, "reason",
			      reason_text(&c->reason, s->policy, text, sizeof(text)));
	}
}

static void refusals(struct json_view *view, cJSON *doctor)
{
	const struct changes *changes = view->snapshot->changes;
	struct json_put *put = &view->put;
	cJSON *array = json_put_array(put, doctor, "refusals");

	for (size_t i = 0; changes && i < changes->n; i++) {
		const struct change *c = &changes->list[i];
		cJSON *object;

		/* A cgroup that vanished meanwhile is normal and nothing to cure. */
		if (c->refusal == REFUSAL_NONE || c->refusal == REFUSAL_GONE ||
		    !json_view_alive(view, c->cgroup))
			continue;
		object = json_put_object(put, array, NULL);
		json_put_text(put, object, "cgroup", c->cgroup->path);
		json_put_text(put, object, "knob", knob_file(c->knob));
		json_view_value(view, object, "want", c->knob, &c->want);
		json_put_text(put, object, "why", names_refusal(c->refusal));
	}
}

static void diagnostics(struct json_view *view, cJSON *doctor)
{
	const struct diags *diags = view->snapshot->diags;
	size_t n = diags ? diags->n : 0;
	struct json_put *put = &view->put;
	cJSON *array = json_put_array(put, doctor, "diagnostics");

	for (size_t i = 0; i < n && i < DIAGS_MAX; i++) {
		const struct diag *d = &diags->list[i];
		cJSON *object = json_put_object(put, array, NULL);

		json_put_text(put, object, "severity",
			      d->severity == DIAG_ERROR ? "error" : "warning");
		json_put_text(put, object, "file", d->file);
		json_put_u64(put, object, "line", d->line);
		json_put_u64(put, object, "column", d->col);
		json_put_text(put, object, "text", d->text);
		json_put_text(put, object, "source", d->source);
		json_put_text(put, object, "hint", d->hint);
	}
	json_put_u64(put, doctor, "n_diagnostics", n);
}

void json_doctor_section(struct json_view *view, cJSON *doc)
{
	const struct snapshot *s = view->snapshot;
	struct json_put *put = &view->put;
	cJSON *doctor = json_put_object(put, doc, "doctor");

	capabilities(view, doctor);
	json_put_text(put, doctor, "facts_note", s->model ? s->model->facts_note : "");
	json_put_text(put, doctor, "policy_state", s->status ? s->status->policy_state : "");
	json_put_u64(put, doctor, "skipped_names", s->model ? s->model->skipped_names : 0);
	gains(view, doctor);
	cores(view, doctor);
	json_memory_nodes(view, doctor);
	json_disks(view, doctor);
	refusals(view, doctor);
	diagnostics(view, doctor);
}
