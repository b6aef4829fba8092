// SPDX-License-Identifier: LGPL-2.1-or-later
// See bus_incident.h.
#include "agent/serve/bus_incident.h"

#include <errno.h>
#include <inttypes.h>

#include "agent/base/cleanup.h"
#include "agent/base/sys.h"
#include "agent/serve/bus_text.h"
#include "policy/incident.h"
#include "policy/incident_mark.h"
#include "policy/names.h"

static void unref_message(sd_bus_message **message)
{
	(void)sd_bus_message_unref(*message);
}

static int reply(sd_bus_message *call, const struct bus *bus, uint64_t id)
{
	const struct bus_ops *ops = bus_ops_of(bus);
	_cleanup_close_ int fd = -EBADF;
	int r = ops->incident ? ops->incident(ops->context, id, &fd) : -ENOENT;

	return r < 0 ? r : sys_bus(sd_bus_reply_method_return(call, "h", fd));
}

int bus_incident_list(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	(void)error;
	return reply(call, userdata, 0);
}

int bus_incident_get(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	uint64_t id;
	int r = sd_bus_message_read(call, "t", &id);

	if (r >= 0)
		r = id > 0 ? reply(call, userdata, id) : -ENOENT;
	if (r != -ENOENT)
		return r;
	return sd_bus_error_setf(error, BUS_ERROR_NO_SUCH_INCIDENT,
				 "there is no incident %" PRIu64 ", or not any more", id);
}

/* --- signals ------------------------------------------------------------------------------------- */

static void emit(sd_bus *sdbus, const char *member, const struct incident *i, const char *last)
{
	_cleanup_(unref_message) sd_bus_message *signal = NULL;
	const char *const texts[] = {i->pods[0].name, names_resource(i->resource), last};
	int r = sd_bus_message_new_signal(sdbus, &signal, BUS_PATH, BUS_MANAGER_INTERFACE, member);

	if (r >= 0)
		r = sd_bus_message_append(signal, "t", i->id);
	for (size_t n = 0; n < sizeof(texts) / sizeof(texts[0]) && r >= 0; n++)
		r = bus_text_append(signal, texts[n]);
	if (r >= 0)
		(void)sys_bus(sd_bus_send(sdbus, signal, NULL));
}

/* `sdbus` NULL: nothing is said. */
static void tell(struct bus_incident *told, sd_bus *sdbus, const struct snapshot *s)
{
	uint64_t opened = told->opened;
	char done[128];

	for (int n = 0; s->incidents && n < INCIDENTS_OPEN; n++) {
		const struct incident *i = s->incidents->list[n];

		if (!i)
			continue;
		if (i->id > told->opened && sdbus)
			emit(sdbus, "IncidentOpened", i, incident_cause_name(i->cause));
		if (i->id > opened)
			opened = i->id;
		if (!i->closed || told->closed[n] == i->id)
			continue;
		if (sdbus)
			emit(sdbus, "IncidentClosed", i, incident_mark_done(i, done, sizeof(done)));
		told->closed[n] = i->id;
	}
	told->opened = opened;
}

void bus_incident_begin(struct bus_incident *told, const struct snapshot *s)
{
	tell(told, NULL, s);
}

void bus_incident_signal(struct bus_incident *told, sd_bus *sdbus, const struct snapshot *s)
{
	tell(told, sdbus, s);
}
