// SPDX-License-Identifier: LGPL-2.1-or-later
// See bus_plan.h.
#include "agent/serve/bus_plan.h"

#include "agent/base/cleanup.h"
#include "agent/base/sys.h"
#include "agent/serve/bus_text.h"
#include "policy/knob.h"
#include "policy/names.h"
#include "policy/reason_text.h"

static const struct snapshot *snapshot_of(const struct bus *bus)
{
	const struct bus_ops *ops = bus_ops_of(bus);

	return ops->snapshot(ops->context);
}

static void unref_message(sd_bus_message **message)
{
	(void)sd_bus_message_unref(*message);
}
#define _cleanup_message_ _cleanup_(unref_message)

static int append_entry(sd_bus_message *reply, const struct snapshot *s, const struct plan_entry *e)
{
	char had[KNOB_TEXT_SIZE], want[KNOB_TEXT_SIZE], reason[REASON_TEXT_SIZE];
	const char *const text[] = {
		e->cgroup->path,
		knob_file(e->knob),
		knob_format(e->knob, &e->cgroup->knobs[e->knob].now, had, sizeof(had)),
		knob_format(e->knob, &e->want, want, sizeof(want)),
		names_effect(e->effect),
		reason_text(&e->reason, s->policy, reason, sizeof(reason)),
	};
	int r = sd_bus_message_open_container(reply, 'r', "ssssss");

	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]) && r >= 0; i++)
		r = bus_text_append(reply, text[i]);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

int bus_plan(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	const struct snapshot *s = snapshot_of(userdata);
	_cleanup_message_ sd_bus_message *reply = NULL;
	int r = sd_bus_message_new_method_return(call, &reply);

	(void)error;
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "(ssssss)");
	for (size_t i = 0; s->plan && i < s->plan->n_entries && r >= 0; i++)
		r = append_entry(reply, s, &s->plan->entries[i]);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	if (r >= 0)
		r = sys_bus(sd_bus_send(NULL, reply, NULL));
	return r < 0 ? r : 1;
}
