// SPDX-License-Identifier: LGPL-2.1-or-later
// The modes inside the "status" section: what is in force, whole and per resource, what decided,
// and what every source says.
#include "agent/serve/json_view.h"

#include "policy/mode.h"
#include "policy/names.h"

static void force_object(struct json_view *view, cJSON *modes, enum resource resource)
{
	const struct status *s = view->snapshot->status;
	enum mode_source from = s->modes.by_from[resource];
	struct json_put *put = &view->put;
	cJSON *object = json_put_object(put, modes, names_mode_of(resource));

	json_put_text(put, object, "mode", names_mode(s->modes.by[resource]));
	json_put_text(put, object, "source", from >= 0 ? names_mode_source(from) : NULL);
	json_put_text(put, object, "why", mode_why(&s->mode_says, &s->modes, resource));
}

static void say_object(struct json_view *view, cJSON *array, enum mode_source source,
		       const char *scope, const struct mode_say *say)
{
	struct json_put *put = &view->put;
	cJSON *object;

	if (!say->given)
		return;
	object = json_put_object(put, array, NULL);
	json_put_text(put, object, "source", names_mode_source(source));
	json_put_text(put, object, "scope", scope);
	json_put_text(put, object, "mode", names_mode(say->mode));
	json_put_text(put, object, "why", say->why);
}

/* What the source allows of everything; one that says nothing allows all. */
static const char *allowed_by(const struct status *s, enum mode_source source)
{
	const struct mode_say *say = &s->mode_says.all[source];

	return names_mode(say->given ? say->mode : MODE_FULL);
}

void json_mode_section(struct json_view *view, cJSON *status)
{
	const struct status *s = view->snapshot->status;
	struct json_put *put = &view->put;
	cJSON *modes, *sources;

	json_put_text(put, status, "mode", names_mode(s->modes.all));
	json_put_text(put, status, "mode_policy", allowed_by(s, MODE_SOURCE_POLICY));
	json_put_text(put, status, "mode_option", allowed_by(s, MODE_SOURCE_OPTION));
	json_put_text(put, status, "mode_why",
		      mode_why(&s->mode_says, &s->modes, RESOURCE_INVALID));
	json_put_text(put, status, "mode_source",
		      s->modes.all_from >= 0 ? names_mode_source(s->modes.all_from) : NULL);
	if (s->pause_until_us > 0)
		json_put_i64(put, status, "pause_until_us", s->pause_until_us);
	else
		json_put_null(put, status, "pause_until_us");
	modes = json_put_object(put, status, "modes");
	for (int r = 0; r < RESOURCE_MODES; r++)
		force_object(view, modes, (enum resource)r);
	sources = json_put_array(put, status, "mode_sources");
	for (int i = 0; i < MODE_SOURCE_COUNT; i++) {
		say_object(view, sources, (enum mode_source)i, "all", &s->mode_says.all[i]);
		for (int r = 0; r < RESOURCE_MODES; r++)
			say_object(view, sources, (enum mode_source)i,
				   names_mode_of((enum resource)r), &s->mode_says.by[i][r]);
	}
}
