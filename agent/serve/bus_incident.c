// SPDX-License-Identifier: LGPL-2.1-or-later
// See bus_incident.h.
#include "agent/serve/bus_incident.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <systemd/sd-event.h>

#include "agent/base/cleanup.h"
#include "agent/base/file_open.h"
#include "agent/base/sys.h"
#include "agent/serve/bus_text.h"
#include "policy/incident.h"
#include "policy/incident_event.h"
#include "policy/names.h"

static void unref_message(sd_bus_message **message)
{
	(void)sd_bus_message_unref(*message);
}

/* Who waits until a thread has opened the file of an incident. */
struct bus_incident_wait {
	struct bus_incident *of;
	sd_bus_message *call;
	sd_event_source *source;
	struct file_open *open;
	uint64_t id;
};

static void wait_free(struct bus_incident_wait *w)
{
	for (int n = 0; n < BUS_INCIDENT_WAITS; n++)
		if (w->of->waits[n] == w)
			w->of->waits[n] = NULL;
	(void)sd_event_source_disable_unref(w->source);
	(void)sd_bus_message_unref(w->call);
	file_open_free(w->open);
	free(w);
}

void bus_incident_done(struct bus_incident *told)
{
	for (int n = 0; n < BUS_INCIDENT_WAITS; n++)
		if (told->waits[n])
			wait_free(told->waits[n]);
}

static int no_such(sd_bus_error *error, uint64_t id)
{
	return sd_bus_error_setf(error, BUS_ERROR_NO_SUCH_INCIDENT,
				 "there is no incident %" PRIu64 ", or not any more", id);
}

/* What the thread has opened, or why not. */
static int answer(sd_bus_message *call, struct file_open *open, uint64_t id)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_close_ int fd = -EBADF;
	int r = file_open_take(open, &fd);

	if (r == -ENOENT)
		(void)no_such(&error, id);
	if (r == -ENOENT)
		return sys_bus(sd_bus_reply_method_error(call, &error));
	return r < 0 ? sys_bus(sd_bus_reply_method_errno(call, r, NULL))
		     : sys_bus(sd_bus_reply_method_return(call, "h", fd));
}

static int on_opened(sd_event_source *source, int fd, uint32_t revents, void *context)
{
	struct bus_incident_wait *w = context;

	(void)source;
	(void)fd;
	(void)revents;
	(void)answer(w->call, w->open, w->id);
	wait_free(w);
	return 0;
}

static struct bus_incident_wait **place(struct bus_incident *told)
{
	for (int n = 0; n < BUS_INCIDENT_WAITS; n++)
		if (!told->waits[n])
			return &told->waits[n];
	return NULL;
}

/* Takes `open` over; *to is free. */
static int wait_for(sd_bus_message *call, struct bus_incident *told, struct bus_incident_wait **to,
		    struct file_open *open, uint64_t id)
{
	sd_event *event = sd_bus_get_event(sd_bus_message_get_bus(call));
	struct bus_incident_wait *w = calloc(1, sizeof(*w));
	int r;

	if (!event) {
		r = answer(call, open, id);
		file_open_free(open);
		free(w);
		return r;
	}
	if (!w) {
		file_open_free(open);
		return -ENOMEM;
	}
	*w = (struct bus_incident_wait){.of = told, .open = open, .id = id};
	w->call = sd_bus_message_ref(call);
	*to = w;
	r = sd_event_add_io(event, &w->source, file_open_fd(open), EPOLLIN, on_opened, w);
	if (r < 0)
		wait_free(w);
	return r < 0 ? r : 1;
}

static int reply(sd_bus_message *call, struct bus *bus, uint64_t id)
{
	const struct bus_ops *ops = bus_ops_of(bus);
	struct bus_incident_wait **to = place(bus_incident_of(bus));
	struct file_open *open = NULL;
	_cleanup_close_ int fd = -EBADF;
	int r;

	/* Before a thread is started that nobody could wait for: a disk that hangs would collect them. */
	if (id > 0 && !to)
		return -EBUSY;
	r = ops->incident ? ops->incident(ops->context, id, &fd, &open) : -ENOENT;
	if (r < 0)
		return r;
	if (open)
		return wait_for(call, bus_incident_of(bus), to, open, id);
	return sys_bus(sd_bus_reply_method_return(call, "h", fd));
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
	if (r == -EBUSY)
		return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
					"too many wait for a disk that does not answer");
	return r == -ENOENT ? no_such(error, id) : r;
}

/* --- signals ------------------------------------------------------------------------------------- */

static void emit(sd_bus *sdbus, const struct incident_event *e)
{
	_cleanup_(unref_message) sd_bus_message *signal = NULL;
	const char *const texts[] = {e->pod, names_resource(e->resource),
				     e->closed ? e->done : incident_cause_name(e->cause)};
	int r = sd_bus_message_new_signal(sdbus, &signal, BUS_PATH, BUS_MANAGER_INTERFACE,
					  e->closed ? "IncidentClosed" : "IncidentOpened");

	if (r >= 0)
		r = sd_bus_message_append(signal, "t", e->id);
	for (size_t n = 0; n < sizeof(texts) / sizeof(texts[0]) && r >= 0; n++)
		r = bus_text_append(signal, texts[n]);
	if (r >= 0)
		(void)sys_bus(sd_bus_send(sdbus, signal, NULL));
}

void bus_incident_begin(struct bus_incident *told, const struct snapshot *s)
{
	told->told = s->incidents ? s->incidents->n_events : 0;
}

/* By the events, not by what is in memory: one that is over may be on disk, and gone from there, before it is told. */
void bus_incident_signal(struct bus_incident *told, sd_bus *sdbus, const struct snapshot *s)
{
	const struct incident_event *e;

	while (s->incidents && (e = incident_event_next(s->incidents, &told->told)))
		emit(sdbus, e);
}
