// SPDX-License-Identifier: LGPL-2.1-or-later
// The "orders" section: what people ordered for single pods, the oldest first.
#include "agent/serve/json_view.h"

#include "colod/manual.h"
#include "policy/manual.h"
#include "policy/names.h"

static void one_order(struct json_view *view, cJSON *array, const struct manual_order *o)
{
	const struct pod *pod = model_pod(view->snapshot->model, o->serial);
	struct reason reason = manual_reason(o);
	struct json_put *put = &view->put;
	cJSON *object = json_put_object(put, array, NULL);

	json_put_text(put, object, "pod", pod ? pod->name : NULL);
	json_put_text(put, object, "cgroup", pod && pod->cgroup ? pod->cgroup->path : NULL);
	json_put_text(put, object, "order", manual_kind_name(o->kind));
	json_put_text(put, object, "level", o->kind == MANUAL_LEVEL ? names_level(o->level) : NULL);
	json_put_i64(put, object, "since_us", o->since_us);
	json_put_i64(put, object, "until_us", o->until_us);
	json_put_text(put, object, "by", o->who);
	json_view_reason(view, object, &reason);
}

void json_orders_section(struct json_view *view, cJSON *doc)
{
	const struct model *m = view->snapshot->model;
	const struct manual *manual = m ? m->manual : NULL;
	cJSON *array = json_put_array(&view->put, doc, "orders");

	for (size_t i = 0; manual && i < manual->n; i++)
		one_order(view, array, &manual->orders[i]);
}
