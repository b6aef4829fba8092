// SPDX-License-Identifier: LGPL-2.1-or-later
// See evictor.h.
#include "agent/evictor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/clock.h"
#include "agent/base/history.h"
#include "agent/base/log.h"
#include "agent/base/messages.h"
#include "agent/effects.h"
#include "agent/evict_kube.h"
#include "agent/evict_record.h"
#include "agent/evictor_state.h"
#include "agent/kill_record.h"
#include "policy/decide.h"
#include "policy/evict_cpu.h"
#include "policy/evict_io.h"

/* Who would have gone, or why nobody does, is said once in so long. */
#define SAY_AGAIN_US 60000000

int evictor_new(struct state *s)
{
	struct evictor *e = calloc(1, sizeof(*e));

	if (!e)
		return -ENOMEM;
	e->said_us = -SAY_AGAIN_US;
	s->evictor = e;
	return 0;
}

void evictor_stop(struct state *s)
{
	if (!s->evictor)
		return;
	evictor_use_bus(s, NULL);
	evictor_taint_off(s);
}

void evictor_free(struct state *s, struct evictor *e)
{
	if (!e)
		return;
	evictor_taint_stop(s);
	if (e->api.free)
		e->api.free(e->api.context);
	sd_bus_slot_unref(e->stopping);
	victim_stats_done(&e->stats);
	free(e);
}

void evictor_use_api(struct state *s, const struct evictor_api *api)
{
	struct evictor *e = s->evictor;

	if (e->api.free)
		e->api.free(e->api.context);
	e->api = api ? *api : (struct evictor_api){0};
	e->taint_us = 0;
	/* What the last one was asked is not answered any more. */
	for (size_t i = 0; i < EVICT_PENDING; i++)
		if (e->evict.pending[i].stage == EVICT_STAGE_ASKED)
			e->evict.pending[i].until_us = s->status.pass_us;
}

struct evictor_name *evictor_name_of(struct evictor *e, uint64_t serial)
{
	for (size_t i = 0; i < EVICT_PENDING; i++)
		if (e->names[i].serial == serial)
			return &e->names[i];
	return NULL;
}

struct evictor_name *evictor_name_it(struct state *s, const struct pod *pod,
				     const struct history_record *record)
{
	struct evictor_name *name = evictor_name_of(s->evictor, 0);
	const struct cgroup *cgroup = pod->cgroup;

	if (!name || strlen(cgroup->path) >= sizeof(name->path))
		return NULL;
	*name = (struct evictor_name){
		.serial = pod->serial,
		.inode = cgroup->inode,
		.record = *record,
	};
	memcpy(name->path, cgroup->path, strlen(cgroup->path) + 1);
	return name;
}

/* Those whose ladder may say so: what is short of memory comes first, that of it does not wait. */
static const enum resource resources[] = {RESOURCE_MEMORY, RESOURCE_CPU, RESOURCE_IO};
#define N_RESOURCES (sizeof(resources) / sizeof(resources[0]))

static bool is_full(const struct state *s, enum resource resource)
{
	return s->status.modes.by[resource] == MODE_FULL;
}

/* --- what became of those that were asked -------------------------------------------------------- */

/* Who owns the pod looks at the cluster, not at the node. */
static void tell_cluster(struct evictor *e, const struct evictor_name *name)
{
	struct kube_event event = {
		.warning = true,
		.reason = "EvictedByColod",
		.wall_us = clock_wall_us(),
	};

	if (!e->api.event || name->call.name[0] == '\0')
		return;
	(void)snprintf(event.message, sizeof(event.message), "evicted %s/%s: %.180s",
		       name->call.namespace, name->call.name, name->record.why);
	(void)e->api.event(e->api.context, &event);
	memcpy(event.namespace, name->call.namespace, sizeof(event.namespace));
	memcpy(event.name, name->call.name, sizeof(event.name));
	memcpy(event.uid, name->call.uid, sizeof(event.uid));
	(void)e->api.event(e->api.context, &event);
}

static void answered(struct state *s, const struct evict_done *done)
{
	struct evictor *e = s->evictor;
	struct evictor_name *name = evictor_name_of(e, done->token);
	const struct evict_pending *pending = evict_find(&e->evict, done->token);
	enum resource resource = pending ? evict_resource(pending) : RESOURCE_MEMORY;
	struct history_record record;

	if (done->token == 0 || !evict_answered(&e->evict, done, s->policy, s->status.pass_us))
		return;
	e->changed = true;
	s->status.evict.evictions += done->answer == EVICT_ANSWER_ACCEPTED;
	if (!name)
		return;
	record = name->record;
	evict_record_answer(&record, done, name->who);
	if (name->who[0] != '\0')
		evictor_order_answered(s, name, done);
	else if (done->answer == EVICT_ANSWER_ACCEPTED)
		effects_begin(s, resource, &record);
	messages_tell(s->history, &record);
	if (done->answer == EVICT_ANSWER_ACCEPTED)
		tell_cluster(e, name);
	if (!evict_find(&e->evict, done->token))
		name->serial = 0;
}

static void take_answers(struct state *s)
{
	struct evictor *e = s->evictor;
	struct evict_done done;

	while (e->api.next && e->api.next(e->api.context, &done))
		answered(s, &done);
	for (size_t i = 0; i < e->n_done; i++)
		answered(s, &e->done[i]);
	e->n_done = 0;
}

static void take_over(struct state *s)
{
	struct evictor *e = s->evictor;
	struct evict_over over[EVICT_PENDING];
	bool doubted[N_RESOURCES];
	size_t n;

	for (size_t i = 0; i < N_RESOURCES; i++)
		doubted[i] = evict_doubts(&e->evict, resources[i]);
	n = evict_pass(&e->evict, discover_model(s->discover), observe_samples(s->observe),
		       s->policy, s->status.pass_us, over);

	for (size_t i = 0; i < n; i++) {
		struct evictor_name *name = evictor_name_of(e, over[i].pending.serial);

		e->changed = true;
		if (!name)
			continue;
		if (name->who[0] != '\0')
			evictor_order_over(s, name, &over[i]);
		evict_record_over(&name->record, &over[i], s->status.pass_us);
		messages_tell(s->history, &name->record);
		name->serial = 0;
	}
	for (size_t i = 0; i < N_RESOURCES; i++)
		if (!doubted[i] && evict_doubts(&e->evict, resources[i]))
			log_err("evict.doubt",
				"three evictions in a row freed less than a quarter of what was "
				"expected of them: %s is only protected from here on. See coloctl "
				"history, then: coloctl mode full",
				resources[i] == RESOURCE_MEMORY ? "memory"
				: resources[i] == RESOURCE_CPU	? "the CPU"
								: "IO");
}

/* --- whom next ----------------------------------------------------------------------------------- */

static struct evict_input input(const struct state *s, enum resource resource)
{
	const struct evictor *e = s->evictor;

	return (struct evict_input){
		.evict = &e->evict,
		.resource = resource,
		.ladder = &s->ladders.of[resource],
		.model = discover_model(s->discover),
		.samples = observe_samples(s->observe),
		.policy = s->policy,
		.plan = &s->plan,
		.memory = e->stats.list,
		.n_memory = e->stats.n,
		/* Whom it would be is of interest where nobody may be asked, too. */
		.kubernetes = e->api.evict != NULL || !is_full(s, resource),
		.now_us = s->status.pass_us,
		.holds = &s->ladders.io,
	};
}

static bool may_say(const struct state *s)
{
	return s->status.pass_us - s->evictor->said_us >= SAY_AGAIN_US;
}

static void say_nobody(struct state *s, bool full)
{
	struct evictor *e = s->evictor;
	const struct victim_list *l = &e->look.list;

	e->said_us = s->status.pass_us;
	kill_record_candidates(s, l, !full);
	log_warning("evict.nobody", "%s and no pod may be evicted for it%s%s%s%s",
		    e->look.resource == RESOURCE_MEMORY ? "memory is short"
		    : e->look.resource == RESOURCE_CPU	? "an online pod waits for CPU"
							: "an online pod waits for a disk",
		    l->n_left > 0 ? ": the largest offline one, " : "",
		    l->n_left > 0 ? l->left[0].pod->name : "", l->n_left > 0 ? ", " : "",
		    l->n_left > 0 ? victim_out_text(l->left[0].why) : "");
}

/* Whoever cannot be read for a moment, or has just gone, may be the one that would have gone: nobody else goes for it before the
 * next look. Who cannot be read then either is left out, as not measured. */
static bool has_measured(struct evictor *e)
{
	bool all = e->look.list.n_out[VICTIM_NOT_MEASURED] == 0, enough = all || e->unmeasured;

	e->unmeasured = !all;
	return enough;
}

static void look_for(struct state *s, enum resource resource)
{
	struct evictor *e = s->evictor;
	struct evict_input in = input(s, resource);
	bool full = is_full(s, resource);
	struct evict_look look;
	struct evict_cpu cpu;
	struct evict_io io;

	evict_choose_look(&in, &cpu, &io);
	evict_choose_see(&e->evict, &in);
	if (e->chosen)
		return;
	(void)evict_choose_due(&in, &look);
	if (in.ladder->rung == RUNG_EVICT || resource == RESOURCE_MEMORY)
		e->look = look;
	if (look.why != EVICT_NOW || (!full && !may_say(s)))
		return;
	if (resource == RESOURCE_MEMORY)
		victim_stats_measure(s, &e->stats, look.need_nodes, true);
	evict_choose(&in, &e->look);
	if (!has_measured(e) && look.again == 0) {
		e->look.why = EVICT_NOT_MEASURED;
		return;
	}
	e->looked = true;
	e->record = (struct record_evict){
		.before = e->evict,
		.resource = resource,
		.kubernetes = in.kubernetes,
		.memory = e->stats.list,
		.n_memory = e->stats.n,
		.look = e->look,
	};
	e->chosen = e->look.why == EVICT_NOW;
	if (e->look.why == EVICT_NOT_NOBODY && may_say(s))
		say_nobody(s, full);
}

static void look(struct state *s)
{
	s->evictor->chosen = s->evictor->looked = false;
	for (size_t i = 0; i < N_RESOURCES; i++)
		look_for(s, resources[i]);
}

void evictor_see_returned(struct state *s)
{
	const struct model *model = discover_model(s->discover);
	uint64_t serials[MODEL_RETURNED];
	uint32_t n = 0;

	if (!s->evictor)
		return;
	for (size_t i = 0; i < model->n_pods && n < MODEL_RETURNED; i++)
		if (evict_has_returned(&s->evictor->evict, model->pods[i], s->status.pass_us, NULL))
			serials[n++] = model->pods[i]->serial;
	discover_set_returned(s->discover, serials, n);
}

static uint32_t in_hour(const struct evict *e, int64_t now_us)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < e->n_times; i++)
		n += e->times_us[i] > now_us - EVICT_HOUR_US;
	return n;
}

static void show(struct state *s)
{
	const struct evictor *e = s->evictor;
	struct status_evict *status = &s->status.evict;

	status->on = ((policy_memory_steps(s->policy) | s->policy->pressure_cpu.steps |
		       s->policy->pressure_io.steps) &
		      (1u << ACTION_EVICT)) != 0;
	status->why = evict_choose_text(e->look.resource, e->look.why);
	status->until_us = e->look.until_us == INT64_MAX ? 0 : e->look.until_us;
	status->in_hour = in_hour(&e->evict, s->status.pass_us);
	status->pending = 0;
	for (size_t i = 0; i < EVICT_PENDING; i++)
		status->pending += e->evict.pending[i].stage != EVICT_STAGE_NONE;
	status->off = e->evict.off_answer != EVICT_ANSWER_NONE
			      ? evict_text_answer(e->evict.off_answer)
			      : NULL;
	status->doubt = false;
	for (size_t i = 0; i < N_RESOURCES; i++)
		status->doubt |= evict_doubts(&e->evict, resources[i]);
	status->taint_up = e->taint_up;
	status->cool_until_us = e->evict.taint_until_us;
}

void evictor_decide(struct state *s)
{
	struct evictor *e = s->evictor;

	if (!e)
		return;
	if (strcmp(e->digest, s->status.policy_digest) != 0) {
		memcpy(e->digest, s->status.policy_digest, sizeof(e->digest));
		evict_kube_policy(s);
	}
	evictor_kept_take_over(s);
	victim_stats_reserve(&e->stats, discover_model(s->discover)->n_slots);
	take_answers(s);
	take_over(s);
	if (evictor_order_decide(s))
		e->chosen = e->looked = false;
	else
		look(s);
	show(s);
}

const struct record_evict *evictor_look(const struct state *s)
{
	return s->evictor && s->evictor->looked ? &s->evictor->record : NULL;
}

/* --- asking -------------------------------------------------------------------------------------- */

/* Where it cannot be written down nobody is asked: the agent after this one would not know. */
static void ask(struct state *s, const struct victim *v, const struct history_record *record)
{
	struct evictor *e = s->evictor;
	struct evict before = e->evict;

	if (!evictor_name_it(s, v->pod, record))
		return;
	evict_asked(&e->evict, v, s->status.pass_us);
	if (evictor_kept_save(s) < 0) {
		e->evict = before;
		evictor_name_of(e, v->pod->serial)->serial = 0;
		return;
	}
	evictor_ask(s, v->pod);
	kill_record_candidates(s, &e->look.list, false);
}

static void run(struct state *s)
{
	struct evictor *e = s->evictor;
	const struct victim *v = &e->look.list.list[e->look.at];
	struct history_record record;
	enum resource resource = e->look.resource;
	bool full = is_full(s, resource);

	if (e->look.again != 0) {
		if (full)
			evictor_ask_again(s, e->look.again);
		return;
	}
	evict_record_begin(s, &e->look, v,
			   evict_choose_way(s->policy, v->pod, input(s, resource).kubernetes),
			   &record);
	if (full) {
		ask(s, v, &record);
		return;
	}
	e->said_us = s->status.pass_us;
	record.would = true;
	kill_record_candidates(s, &e->look.list, true);
	effects_begin(s, resource, &record);
	messages_tell(s->history, &record);
}

void evictor_run(struct state *s)
{
	struct evictor *e = s->evictor;

	if (!e)
		return;
	evictor_order_run(s);
	if (e->chosen)
		run(s);
	e->chosen = false; /* its pods are of this pass alone */
	evictor_taint_pass(s);
	if (e->changed)
		(void)evictor_kept_save(s);
}

bool evictor_may_delete(const struct state *s, const struct pod *pod)
{
	const struct evictor *e = s->evictor;

	return e && e->api.evict && pod->kind == POD_KUBERNETES && pod->facts &&
	       !pod->facts->deleting &&
	       evict_choose_way(s->policy, pod, true) == EVICT_KUBERNETES &&
	       e->evict.off_until_us <= s->status.pass_us &&
	       !evict_budget_keeps(&e->evict, pod->serial, s->status.pass_us);
}

int evictor_delete(struct state *s, const struct victim *v, const struct history_record *record)
{
	struct evictor *e = s->evictor;
	struct history_record asked = *record;

	asked.kind = HISTORY_EVICT;
	HISTORY_SET(asked.knob, "evict");
	if (evict_find(&e->evict, v->pod->serial))
		return 0;
	if (!evictor_name_it(s, v->pod, &asked))
		return -EBUSY;
	evict_asked(&e->evict, v, s->status.pass_us);
	e->changed = true; /* written later: memory is short now, and the emergency does not wait */
	evictor_ask(s, v->pod);
	return 0;
}

enum evictor_deletion evictor_deletion(const struct state *s, uint64_t serial)
{
	const struct evict_pending *p = s->evictor ? evict_find(&s->evictor->evict, serial) : NULL;

	if (!p)
		return EVICTOR_DELETION_REFUSED;
	return p->stage == EVICT_STAGE_DYING ? EVICTOR_DELETION_TAKEN_UP : EVICTOR_DELETION_ASKED;
}

bool evictor_doubts(const struct state *s, enum resource resource)
{
	return s->evictor && evict_doubts(&s->evictor->evict, resource);
}

void evictor_trust(struct state *s, enum resource resource)
{
	if (s->evictor)
		evict_trust(&s->evictor->evict, resource);
}

bool evictor_budget_keeps(const struct state *s, uint64_t serial)
{
	return s->evictor && evict_budget_keeps(&s->evictor->evict, serial, s->status.pass_us);
}
