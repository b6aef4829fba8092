// SPDX-License-Identifier: LGPL-2.1-or-later
// The "plan" and "changes" sections: what is wanted of every knob and whether the mode allows it,
// and what came of the last writes.
#include "agent/serve/json_view.h"

#include "agent/serve/words.h"
#include "policy/knob.h"
#include "policy/mode.h"
#include "policy/names.h"

static void entry_object(struct json_view *view, cJSON *array, const struct plan_entry *e)
{
	const struct snapshot *s = view->snapshot;
	const struct knob_value *now = &e->cgroup->knobs[e->knob].now;
	bool known = now->state == KNOB_KNOWN && e->want.state == KNOB_KNOWN;
	uint64_t page_bytes = s->model ? s->model->node.page_bytes : 4096;
	enum resource resource = knob_resource(e->knob);
	enum mode mode = s->status && resource >= 0 ? s->status->modes.by[resource] : MODE_OBSERVE;
	struct json_put *put = &view->put;
	cJSON *object = json_put_object(put, array, NULL);

	json_put_text(put, object, "cgroup", e->cgroup->path);
	json_put_text(put, object, "pod", e->cgroup->pod ? e->cgroup->pod->name : NULL);
	json_put_text(put, object, "knob", knob_file(e->knob));
	json_view_value(view, object, "had", e->knob, now);
	json_view_value(view, object, "want", e->knob, &e->want);
	json_put_text(put, object, "effect", names_effect(e->effect));
	json_put_bool(put, object, "missing", now->state == KNOB_MISSING);
	json_put_bool(put, object, "differs",
		      known && !knob_equal(e->knob, &e->want, now, page_bytes));
	json_put_text(put, object, "needs_mode", names_mode(mode_needed(e->knob, e->effect)));
	json_put_bool(put, object, "allowed", mode >= mode_needed(e->knob, e->effect));
	json_view_reason(view, object, &e->reason);
}

static void change_object(struct json_view *view, cJSON *array, const struct change *c)
{
	struct json_put *put = &view->put;
	cJSON *object = json_put_object(put, array, NULL);

	json_put_text(put, object, "cgroup", c->cgroup->path);
	json_put_text(put, object, "knob", knob_file(c->knob));
	json_put_text(put, object, "kind", words_change(c->kind));
	json_view_value(view, object, "had", c->knob, &c->had);
	json_view_value(view, object, "want", c->knob, &c->want);
	json_view_value(view, object, "got", c->knob, &c->got);
	json_put_text(put, object, "effect", names_effect(c->effect));
	json_put_bool(put, object, "done", c->done);
	json_put_text(put, object, "refusal",
		      c->refusal != REFUSAL_NONE ? names_refusal(c->refusal) : NULL);
	json_put_i64(put, object, "errno", -(int64_t)c->error);
	json_view_reason(view, object, &c->reason);
}

void json_plan_section(struct json_view *view, cJSON *doc)
{
	const struct snapshot *s = view->snapshot;
	cJSON *plan = json_put_array(&view->put, doc, "plan");
	cJSON *changes = json_put_array(&view->put, doc, "changes");

	for (size_t i = 0; s->plan && i < s->plan->n_entries; i++)
		entry_object(view, plan, &s->plan->entries[i]);
	for (size_t i = 0; s->changes && i < s->changes->n; i++) {
		if (json_view_alive(view, s->changes->list[i].cgroup))
			change_object(view, changes, &s->changes->list[i]);
	}
}
