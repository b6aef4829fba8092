// SPDX-License-Identifier: LGPL-2.1-or-later
// See bus_evict.h. A caller that is gone meanwhile is answered all the same: the bus drops that, and the eviction stands.
#include "agent/serve/bus_evict.h"

#include <errno.h>

#include "agent/base/clock.h"
#include "agent/base/sys.h"
#include "agent/serve/bus_polkit.h"
#include "agent/serve/bus_text.h"
#include "agent/serve/bus_why.h"

#define LATER                                                                                       \
	"coloctl history --kind evict has what comes of it, and it is asked again by itself where " \
	"that is safe"

static void answer(struct bus_evict_waiting *w, int result, const char *text)
{
	const sd_bus_error error = SD_BUS_ERROR_MAKE_CONST(
		result == -EPERM ? BUS_ERROR_REFUSED : BUS_ERROR_NOTHING_YET, text);

	if (result == 0)
		(void)sys_bus(sd_bus_reply_method_return(w->call, "s", text));
	else
		(void)sys_bus(sd_bus_reply_method_error(w->call, &error));
	(void)sd_bus_message_unref(w->call);
	*w = (struct bus_evict_waiting){0};
}

static struct bus_evict_waiting *place(struct bus_evict *e)
{
	for (size_t i = 0; i < BUS_EVICT_MAX; i++)
		if (!e->waiting[i].call)
			return &e->waiting[i];
	return NULL;
}

/* It is asked to go, and the answer comes later. */
static int wait_for(struct bus *bus, sd_bus_message *call, uint64_t serial, sd_bus_error *error)
{
	struct bus_evict_waiting *w = place(bus_evict_of(bus));
	int64_t now_us = clock_now_us();

	if (!w)
		return sd_bus_error_set(error, BUS_ERROR_NOTHING_YET,
					"the pod is asked to go, and too many wait for an answer "
					"already: " LATER);
	*w = (struct bus_evict_waiting){sd_bus_message_ref(call), serial,
					now_us + BUS_EVICT_WAIT_US};
	bus_evict_look(bus_evict_of(bus), bus_ops_of(bus), now_us);
	return 1;
}

int bus_evict(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	const struct bus_polkit_ask may = {call, BUS_ACTION_EVICT, bus_evict, userdata};
	const struct bus_ops *ops = bus_ops_of(userdata);
	struct manual_answer refusal = {.text = ""};
	struct history_caller caller;
	const struct pod *pod;
	const char *word;
	uint64_t serial;
	int r = sd_bus_message_read(call, "s", &word);

	if (r >= 0)
		r = bus_why_find(ops->snapshot(ops->context), word, &pod, error);
	if (r < 0)
		return r;
	r = bus_polkit_may(bus_polkit_of(userdata), &may, &caller, error);
	if (r <= 0)
		return bus_polkit_later(r);
	/* The pass that asks may find that the pod is gone. */
	serial = pod->serial;
	r = ops->evict(ops->context, pod, &caller, &refusal);
	if (r == -EPERM)
		return sd_bus_error_set(error, BUS_ERROR_REFUSED, refusal.text);
	return r < 0 ? r : wait_for(userdata, call, serial, error);
}

void bus_evict_look(struct bus_evict *e, const struct bus_ops *ops, int64_t now_us)
{
	struct manual_answer known;

	for (size_t i = 0; i < BUS_EVICT_MAX; i++) {
		struct bus_evict_waiting *w = &e->waiting[i];
		int r = w->call ? ops->evicted(ops->context, w->serial, &known) : -EAGAIN;

		if (r != -EAGAIN)
			answer(w, r, known.text);
		else if (w->call && now_us >= w->until_us)
			answer(w, r,
			       "the pod is asked to go, and nobody has answered in 10 s: " LATER);
	}
}

void bus_evict_done(struct bus_evict *e)
{
	for (size_t i = 0; i < BUS_EVICT_MAX; i++)
		if (e->waiting[i].call)
			answer(&e->waiting[i], -EAGAIN,
			       "the pod is asked to go, and colod ends before the answer came");
}
