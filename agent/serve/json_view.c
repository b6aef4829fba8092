// SPDX-License-Identifier: LGPL-2.1-or-later
// See json_view.h.
#include "agent/serve/json_view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/knob.h"
#include "policy/names.h"
#include "policy/reason_text.h"

static int compare_key(const struct cgroup *a, enum knob a_knob, const struct cgroup *b,
		       enum knob b_knob)
{
	if (a != b)
		return (uintptr_t)a < (uintptr_t)b ? -1 : 1;
	return (a_knob > b_knob) - (a_knob < b_knob);
}

static int compare_entries(const void *a, const void *b)
{
	const struct plan_entry *x = *(const struct plan_entry *const *)a;
	const struct plan_entry *y = *(const struct plan_entry *const *)b;

	return compare_key(x->cgroup, x->knob, y->cgroup, y->knob);
}

static int compare_cgroups(const void *a, const void *b)
{
	const struct cgroup *x = *(const struct cgroup *const *)a;
	const struct cgroup *y = *(const struct cgroup *const *)b;

	return ((uintptr_t)x > (uintptr_t)y) - ((uintptr_t)x < (uintptr_t)y);
}

static int index_cgroups(struct json_view *view, const struct model *model)
{
	size_t n = model ? model->n_cgroups : 0;

	if (n == 0)
		return 0;
	view->alive = calloc(n, sizeof(*view->alive));
	if (!view->alive)
		return -ENOMEM;
	memcpy(view->alive, model->cgroups, n * sizeof(*view->alive));
	view->n_alive = n;
	qsort(view->alive, n, sizeof(*view->alive), compare_cgroups);
	return 0;
}

static int index_plan(struct json_view *view, const struct plan *plan)
{
	size_t n = plan ? plan->n_entries : 0;

	if (n == 0)
		return 0;
	view->entries = calloc(n, sizeof(*view->entries));
	if (!view->entries)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		view->entries[i] = &plan->entries[i];
	view->n_entries = n;
	qsort(view->entries, n, sizeof(*view->entries), compare_entries);
	return 0;
}

int json_view_init(struct json_view *view, const struct snapshot *snapshot)
{
	int r;

	*view = (struct json_view){.snapshot = snapshot};
	r = index_cgroups(view, snapshot->model);
	if (r >= 0)
		r = index_plan(view, snapshot->plan);
	if (r < 0)
		json_view_done(view);
	return r;
}

void json_view_done(struct json_view *view)
{
	free(view->entries);
	free(view->alive);
	*view = (struct json_view){.snapshot = view->snapshot, .put = view->put};
}

bool json_view_alive(const struct json_view *view, const struct cgroup *cgroup)
{
	return bsearch(&cgroup, view->alive, view->n_alive, sizeof(*view->alive),
		       compare_cgroups) != NULL;
}

const struct plan_entry *json_view_find(const struct json_view *view, const struct cgroup *cgroup,
					enum knob knob)
{
	size_t low = 0, high = view->n_entries;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct plan_entry *e = view->entries[middle];
		int order = compare_key(e->cgroup, e->knob, cgroup, knob);

		if (order == 0)
			return e;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

bool json_view_concerns(const struct json_view *view, const struct cgroup *cgroup)
{
	for (int k = 0; k < KNOB_COUNT; k++) {
		if (cgroup->knobs[k].owned || json_view_find(view, cgroup, (enum knob)k))
			return true;
	}
	return false;
}

void json_view_value(struct json_view *view, cJSON *object, const char *key, enum knob knob,
		     const struct knob_value *value)
{
	char text[KNOB_TEXT_SIZE];

	if (value && value->state == KNOB_KNOWN)
		json_put_text(&view->put, object, key,
			      knob_format(knob, value, text, sizeof(text)));
	else
		json_put_null(&view->put, object, key);
}

void json_view_reason(struct json_view *view, cJSON *object, const struct reason *reason)
{
	char text[REASON_TEXT_SIZE];

	json_put_text(&view->put, object, "reason",
		      reason_text(reason, view->snapshot->policy, text, sizeof(text)));
}

static void knob_object(struct json_view *view, cJSON *array, const struct cgroup *cgroup,
			enum knob knob, const struct plan_entry *entry)
{
	const struct knob_state *state = &cgroup->knobs[knob];
	struct json_put *put = &view->put;
	cJSON *object = json_put_object(put, array, NULL);

	json_put_text(put, object, "knob", knob_file(knob));
	json_view_value(view, object, "now", knob, &state->now);
	json_view_value(view, object, "want", knob, entry ? &entry->want : NULL);
	json_view_value(view, object, "original", knob, state->owned ? &state->original : NULL);
	json_put_bool(put, object, "missing", state->now.state == KNOB_MISSING);
	json_put_bool(put, object, "owned", state->owned);
	json_put_bool(put, object, "held", state->owned && state->held);
	if (state->owned && state->held)
		json_put_i64(put, object, "held_since_us", state->held_since_us);
	else
		json_put_null(put, object, "held_since_us");
	json_put_u64(put, object, "rewrites", state->owned ? state->rewrites : 0);
	json_put_bool(put, object, "contested", state->owned && state->contested);
	json_put_text(put, object, "effect", entry ? names_effect(entry->effect) : NULL);
	if (entry)
		json_view_reason(view, object, &entry->reason);
	else
		json_put_null(put, object, "reason");
}

void json_view_knobs(struct json_view *view, cJSON *object, const struct cgroup *cgroup)
{
	cJSON *array = json_put_array(&view->put, object, "knobs");

	for (int k = 0; k < KNOB_COUNT; k++) {
		const struct knob_state *state = &cgroup->knobs[k];
		const struct plan_entry *entry = json_view_find(view, cgroup, (enum knob)k);

		if (entry || state->owned ||
		    (state->now.state == KNOB_KNOWN && !knob_is_io_max((enum knob)k)))
			knob_object(view, array, cgroup, (enum knob)k, entry);
	}
}
