// SPDX-License-Identifier: LGPL-2.1-or-later
// What the status section says of holds: how many stand, since when, and who ends them when the agent
// cannot.
#include "agent/serve/json_view.h"

#include "agent/serve/words.h"

void json_hold_section(struct json_view *view, cJSON *status)
{
	const struct model *model = view->snapshot->model;
	const struct status *s = view->snapshot->status;
	struct json_put *put = &view->put;
	int64_t since_us = INT64_MAX;
	uint64_t n = 0;

	for (size_t i = 0; model && i < model->n_cgroups; i++) {
		for (int k = 0; k < KNOB_COUNT; k++) {
			const struct knob_state *knob = &model->cgroups[i]->knobs[k];

			if (!knob->owned || !knob->held)
				continue;
			n++;
			if (knob->held_since_us < since_us)
				since_us = knob->held_since_us;
		}
	}
	json_put_u64(put, status, "holds", n);
	if (n > 0)
		json_put_i64(put, status, "holds_since_us", since_us);
	else
		json_put_null(put, status, "holds_since_us");
	json_put_text(put, status, "guard", words_guard(s->guard));
	if (s->guard == GUARD_BY_PROCESS)
		json_put_u64(put, status, "guard_pid", s->guard_pid);
	else
		json_put_null(put, status, "guard_pid");
	if (s->guard != GUARD_BY_NOBODY)
		json_put_i64(put, status, "guard_bound_us", s->guard_bound_us);
	else
		json_put_null(put, status, "guard_bound_us");
}
