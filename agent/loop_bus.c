// SPDX-License-Identifier: LGPL-2.1-or-later
// The loop's side of D-Bus: what callers ask for, and a bus that comes and goes.
#include "agent/loop_state.h"

#include <errno.h>
#include <string.h>

#include "agent/account.h"
#include "agent/apply/units.h"
#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/sys.h"
#include "agent/control.h"
#include "agent/evictor.h"
#include "agent/incident_store.h"
#include "agent/mode_sources.h"
#include "agent/orders.h"
#include "agent/serve/bus.h"
#include "agent/tick.h"
#include "agent/what_if.h"
#include "policy/manual.h"

#define BUS_RETRY_US 10000000
#define BUS_CALL_US 1000000

static const struct snapshot *loop_snapshot(void *context)
{
	struct loop *loop = context;

	loop->snapshot = state_snapshot(loop->state);
	return &loop->snapshot;
}

int loop_reload(void *context, const struct history_caller *caller)
{
	struct loop *loop = context;
	int r = state_load_policy(loop->state);

	account_policy(loop->state, r, caller);
	tick(loop->state, loop_now_us(loop));
	return r;
}

/* What was asked for is done by a pass of its own before the caller hears of it; one more, outside
 * this call, tells everybody else. */
static void loop_asked(struct loop *loop, const struct history_caller *caller)
{
	mode_sources_update(loop->state);
	account_modes(loop->state, caller);
	tick(loop->state, loop_now_us(loop));
	(void)sd_event_source_set_time_relative(loop->timer, 0);
}

static int loop_set_mode(void *context, enum resource resource, enum mode mode,
			 const struct history_caller *caller)
{
	struct loop *loop = context;
	int r = control_set_mode(loop->state, resource, mode, caller);

	loop_asked(loop, caller);
	return r;
}

static int loop_pause(void *context, uint64_t seconds, const struct history_caller *caller)
{
	struct loop *loop = context;
	int r = control_pause(loop->state, seconds, loop_now_us(loop), caller);

	loop_asked(loop, caller);
	return r;
}

static int loop_resume(void *context, const struct history_caller *caller)
{
	struct loop *loop = context;
	int r = control_resume(loop->state, caller);

	loop_asked(loop, caller);
	return r;
}

static int loop_order(void *context, const struct manual_ask *ask,
		      const struct history_caller *caller, struct manual_answer *ret_answer)
{
	struct loop *loop = context;

	if (orders_give(loop->state, ask, loop_now_us(loop), caller, ret_answer) != MANUAL_YES)
		return -EPERM;
	loop_asked(loop, caller);
	return 0;
}

static int loop_evict(void *context, const struct pod *pod, const struct history_caller *caller,
		      struct manual_answer *ret_answer)
{
	struct loop *loop = context;
	int r = evictor_order(loop->state, pod, caller, ret_answer);

	if (r == 0)
		loop_asked(loop, caller);
	return r;
}

static int loop_evicted(void *context, uint64_t serial, struct manual_answer *ret_answer)
{
	const struct loop *loop = context;

	return evictor_ordered(loop->state, serial, ret_answer);
}

static int loop_release(void *context, const struct pod *pod, const struct history_caller *caller)
{
	struct loop *loop = context;
	size_t n = orders_release(loop->state, pod, caller);

	loop_asked(loop, caller);
	return (int)n;
}

static int loop_what_if(void *context, const struct policy_source *sources, size_t n_sources,
			what_if_fn fn, void *fn_context)
{
	struct loop *loop = context;

	return what_if(loop->state, sources, n_sources, loop_now_us(loop), fn, fn_context);
}

static int loop_incident(void *context, uint64_t id, int *ret_fd, struct file_open **ret_open)
{
	const struct loop *loop = context;
	const struct state *s = loop->state;

	if (id == 0)
		return incident_store_list(s->incident_store, &s->incidents, clock_wall_us(),
					   ret_fd);
	return incident_store_get(s->incident_store, &s->incidents, id, ret_fd, ret_open);
}

void loop_bus_close(struct loop *loop)
{
	if (loop->state) {
		units_set_bus(apply_units(loop->state->apply), NULL);
		evictor_use_bus(loop->state, NULL);
	}
	bus_free(loop->bus);
	loop->bus = NULL;
	loop->sdbus = sd_bus_flush_close_unref(loop->sdbus);
}

static int bus_open(struct loop *loop)
{
	struct bus_ops ops = {
		.context = loop,
		.snapshot = loop_snapshot,
		.reload = loop_reload,
		.set_mode = loop_set_mode,
		.pause = loop_pause,
		.resume = loop_resume,
		.order = loop_order,
		.release = loop_release,
		.evict = loop_evict,
		.evicted = loop_evicted,
		.what_if = loop_what_if,
		.incident = loop_incident,
	};
	int r = sys_bus(sd_bus_open_system(&loop->sdbus));

	if (r < 0)
		return r;
	/* What a handler asks the daemon about its caller must not hold up the loop for long. */
	(void)sd_bus_set_method_call_timeout(loop->sdbus, BUS_CALL_US);
	r = sd_bus_attach_event(loop->sdbus, loop->event, SD_EVENT_PRIORITY_NORMAL);
	if (r < 0)
		return r;
	r = bus_new(loop->sdbus, &ops, &loop->bus);
	if (r < 0)
		return r;
	units_set_bus(apply_units(loop->state->apply), loop->sdbus);
	evictor_use_bus(loop->state, loop->sdbus);
	return r;
}

/* A bus that is not there yet, or went away, costs the queries and nothing else. */
void loop_bus_keep(struct loop *loop, int64_t now_us)
{
	int r;

	if (loop->bus && sd_bus_is_open(loop->sdbus) > 0)
		return;
	/* Not model_can(): the bus may come up long after the agent started. */
	if (discover_model(loop->state->discover)->switched_off & (1u << CAPABILITY_BUS))
		return;
	if (loop->bus_tried_us && now_us - loop->bus_tried_us < BUS_RETRY_US)
		return;
	loop->bus_tried_us = now_us;
	loop_bus_close(loop);
	r = bus_open(loop);
	if (r >= 0) {
		if (loop->bus_said)
			log_info("loop.bus", "the system bus is back");
		loop->bus_said = false;
		return;
	}
	loop_bus_close(loop);
	if (!loop->bus_said)
		log_warning(
			"loop.bus",
			"no service on the system bus (%s): coloctl cannot ask, everything else "
			"works; trying again every 10 s",
			strerror(-r));
	loop->bus_said = true;
}
