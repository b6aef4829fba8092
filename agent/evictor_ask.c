// SPDX-License-Identifier: LGPL-2.1-or-later
// The ways to evict: a Kubernetes pod through its API, a unit through systemd, whatever nobody owns by a kill. See
// evictor_state.h.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/apply/unit_stop.h"
#include "agent/evictor_state.h"
#include "agent/killer.h"
#include "policy/decide.h"

#define SECOND_US 1000000u

void evictor_ask_answered(struct evictor *e, uint64_t serial, enum evict_answer answer,
			  const char *why)
{
	struct evict_done *done;

	if (e->n_done == EVICT_PENDING)
		return;
	done = &e->done[e->n_done++];
	*done = (struct evict_done){.token = serial, .answer = answer};
	(void)snprintf(done->why, sizeof(done->why), "%s", why);
}

static bool fits(char *to, size_t size, const char *from)
{
	if (!from || strlen(from) >= size)
		return false;
	memcpy(to, from, strlen(from) + 1);
	return true;
}

static void ask_kubernetes(struct state *s, const struct pod *pod)
{
	struct evictor *e = s->evictor;
	struct evict_call call = {
		.token = pod->serial,
		.grace_s = (uint32_t)(s->policy->evict.grace_us / SECOND_US),
	};
	int r = -EINVAL;

	if (pod->facts && fits(call.namespace, sizeof(call.namespace), pod->facts->ns) &&
	    fits(call.name, sizeof(call.name), pod->facts->name) &&
	    fits(call.uid, sizeof(call.uid), pod->uid))
		r = e->api.evict(e->api.context, &call);
	if (r == 0)
		evictor_name_of(e, pod->serial)->call = call;
	if (r == -EINVAL)
		evictor_ask_answered(e, pod->serial, EVICT_ANSWER_REFUSED,
				     "no pod of a cluster can be called so");
	else if (r < 0)
		evictor_ask_answered(e, pod->serial, EVICT_ANSWER_BUSY,
				     "too many questions wait for the API server");
}

static int on_stopped(sd_bus_message *reply, void *context, sd_bus_error *error)
{
	struct evictor *e = context;
	char why[EVICT_WHY_SIZE];
	enum evict_answer answer = unit_stop_answer(reply, why);

	(void)error;
	e->stopping = sd_bus_slot_unref(e->stopping);
	evictor_ask_answered(e, e->stopping_serial, answer, why);
	return 0;
}

static void ask_kill(struct state *s, const struct pod *pod)
{
	int r = killer_evict(s, pod);

	if (r == -ENOENT)
		evictor_ask_answered(s->evictor, pod->serial, EVICT_ANSWER_GONE, "");
	else if (r < 0)
		evictor_ask_answered(s->evictor, pod->serial, EVICT_ANSWER_BUSY,
				     "too many kills are under way");
}

/* Never a kill in its stead: the unit's own stop logic is what was promised. */
static void ask_systemd(struct evictor *e, const struct pod *pod)
{
	if (e->bus && !e->stopping &&
	    unit_stop(e->bus, pod->cgroup->path, on_stopped, e, &e->stopping) == 0)
		e->stopping_serial = pod->serial;
	else
		evictor_ask_answered(e, pod->serial, EVICT_ANSWER_BUSY,
				     e->stopping ? "systemd is asked to stop another unit"
						 : "systemd cannot be asked: the bus is away");
}

void evictor_ask(struct state *s, const struct pod *pod)
{
	struct evictor *e = s->evictor;

	if (evict_choose_way(s->policy, pod, e->api.evict != NULL) == EVICT_KUBERNETES) {
		ask_kubernetes(s, pod);
		return;
	}
	if (pod->kind == POD_UNIT && unit_stop_fits(pod->cgroup->path))
		ask_systemd(e, pod);
	else
		ask_kill(s, pod);
}

void evictor_ask_again(struct state *s, uint64_t serial)
{
	struct evictor *e = s->evictor;
	const struct pod *pod = model_pod(discover_model(s->discover), serial);
	const struct assignment *a = pod ? plan_assignment(&s->plan, pod) : NULL;

	/* It may be somebody else's by now to judge, or not known yet after a start. */
	if (!a || a->state != ASSIGNMENT_LEVEL || a->role != ROLE_OFFLINE || !a->may_hold)
		return;
	evict_asked_again(&e->evict, serial, s->status.pass_us);
	if (evictor_kept_save(s) == 0)
		evictor_ask(s, pod);
}

void evictor_killed(struct state *s, const struct kill_done *done)
{
	enum evict_answer answer = EVICT_ANSWER_ACCEPTED;

	if (!s->evictor)
		return;
	if (done->result == -ENOENT)
		answer = EVICT_ANSWER_GONE;
	else if (done->result < 0)
		answer = EVICT_ANSWER_REFUSED;
	evictor_ask_answered(s->evictor, done->token, answer,
			     done->why		? done->why
			     : done->result < 0 ? strerror(-done->result)
						: "");
}

void evictor_use_bus(struct state *s, sd_bus *bus)
{
	struct evictor *e = s->evictor;

	if (!e)
		return;
	e->bus = bus;
	if (bus || !e->stopping)
		return;
	e->stopping = sd_bus_slot_unref(e->stopping);
	evictor_ask_answered(e, e->stopping_serial, EVICT_ANSWER_UNKNOWN, "the bus went away");
}
