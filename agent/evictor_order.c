// SPDX-License-Identifier: LGPL-2.1-or-later
// Evictions that somebody orders: held against the never-rules when they come and once more in the pass that asks, which
// knows the newest; and what became of them, for whoever waits. See evictor_state.h and policy/evict_order.h.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/base/messages.h"
#include "agent/evict_record.h"
#include "agent/evictor_state.h"
#include "agent/orders.h"

#define SECOND_US 1000000u

static enum evict_order_no judge(const struct state *s, struct evict_order *o)
{
	const struct evictor *e = s->evictor;
	const struct evict_order_input in = {
		.model = discover_model(s->discover),
		.policy = s->policy,
		.plan = &s->plan,
		.modes = &s->status.modes,
	};

	o->kubernetes = e->api.evict != NULL;
	o->pending = evict_find(&e->evict, o->serial) != NULL;
	o->room = evict_has_room(&e->evict);
	return evict_order_judge(&in, o);
}

static int refuse(struct manual_answer *answer, const char *text)
{
	(void)snprintf(answer->text, sizeof(answer->text), "%s", text);
	return -EPERM;
}

int evictor_order(struct state *s, const struct pod *pod, const struct history_caller *caller,
		  struct manual_answer *ret_answer)
{
	struct evict_order o = {.slot = pod->slot, .serial = pod->serial};
	struct evictor *e = s->evictor;

	*ret_answer = (struct manual_answer){0};
	if (!e || !s->policy)
		return refuse(ret_answer,
			      "this colod has no policy, or cannot evict: journalctl -u "
			      "colod says why");
	orders_who(caller, o.who);
	o.no = judge(s, &o);
	if (o.no == EVICT_ORDER_YES && e->order_given)
		o.no = EVICT_ORDER_NO_ROOM;
	if (o.no != EVICT_ORDER_YES)
		return refuse(ret_answer, evict_order_text(o.no));
	e->order = o;
	e->order_given = true;
	e->order_caller = *caller;
	for (size_t i = 0; i < EVICTOR_OUTCOMES; i++)
		if (e->outcomes[i].serial == o.serial)
			e->outcomes[i].serial = 0;
	return 0;
}

static void put_outcome(struct evictor *e, uint64_t serial, int result, const char *text)
{
	struct evictor_outcome *o = &e->outcomes[e->next_outcome++ % EVICTOR_OUTCOMES];

	*o = (struct evictor_outcome){.serial = serial, .result = result};
	(void)snprintf(o->text, sizeof(o->text), "%s", text);
}

int evictor_ordered(const struct state *s, uint64_t serial, struct manual_answer *ret_answer)
{
	const struct evictor *e = s->evictor;

	*ret_answer = (struct manual_answer){0};
	for (size_t i = 0; e && i < EVICTOR_OUTCOMES; i++) {
		if (serial == 0 || e->outcomes[i].serial != serial)
			continue;
		(void)snprintf(ret_answer->text, sizeof(ret_answer->text), "%s",
			       e->outcomes[i].text);
		return e->outcomes[i].result;
	}
	return -EAGAIN;
}

/* --- in the pass --------------------------------------------------------------------------------- */

bool evictor_order_decide(struct state *s)
{
	struct evictor *e = s->evictor;

	e->order_looked = e->order_given;
	if (e->order_given)
		e->order.no = judge(s, &e->order);
	e->order_given = false;
	return e->order_looked && e->order.no == EVICT_ORDER_YES;
}

const struct evict_order *evictor_order_look(const struct state *s)
{
	return s->evictor && s->evictor->order_looked ? &s->evictor->order : NULL;
}

static enum evict_order_no ask(struct state *s, const struct pod *pod)
{
	struct evictor *e = s->evictor;
	struct evict before = e->evict;
	struct history_record record;
	struct evictor_name *name;

	evict_record_ordered(s, pod, e->order.who, &e->order_caller, &record);
	name = evictor_name_it(s, pod, &record);
	if (!name)
		return EVICT_ORDER_NO_ROOM;
	memcpy(name->who, e->order.who, sizeof(name->who));
	evict_order_asked(&e->evict, pod, observe_samples(s->observe), s->status.pass_us);
	if (evictor_kept_save(s) < 0) {
		e->evict = before;
		name->serial = 0;
		return EVICT_ORDER_NO_RECORD;
	}
	evictor_ask(s, pod);
	return EVICT_ORDER_YES;
}

void evictor_order_run(struct state *s)
{
	struct evictor *e = s->evictor;
	const struct pod *pod;
	uint64_t again;

	if (e->order_looked && e->order.no == EVICT_ORDER_YES) {
		pod = evict_order_pod(discover_model(s->discover), &e->order);
		e->order.no = pod ? ask(s, pod) : EVICT_ORDER_GONE;
	}
	if (e->order_looked && e->order.no != EVICT_ORDER_YES)
		put_outcome(e, e->order.serial, -EPERM, evict_order_text(e->order.no));
	e->order_looked = false;
	again = evict_order_again(&e->evict, s->status.pass_us);
	if (again != 0 && s->status.modes.by[RESOURCE_MEMORY] == MODE_FULL)
		evictor_ask_again(s, again);
}

/* --- what became of it --------------------------------------------------------------------------- */

void evictor_order_answered(struct state *s, const struct evictor_name *name,
			    const struct evict_done *done)
{
	struct evictor *e = s->evictor;
	const struct evict_pending *p = evict_find(&e->evict, done->token);
	char text[MANUAL_TEXT_SIZE];

	if (done->answer == EVICT_ANSWER_ACCEPTED)
		(void)snprintf(text, sizeof(text),
			       "%s was asked to go, which was accepted: it has %" PRIu64
			       " s to end",
			       name->record.pod, s->policy->evict.grace_us / SECOND_US);
	else if (done->answer == EVICT_ANSWER_GONE)
		(void)snprintf(text, sizeof(text), "%s is gone", name->record.pod);
	else if (!p)
		(void)snprintf(text, sizeof(text), "%.200s stays: %s%s%s", name->record.pod,
			       evict_text_answer(done->answer), *done->why ? ": " : "", done->why);
	else
		return; /* it is asked once more */
	put_outcome(e, done->token,
		    done->answer == EVICT_ANSWER_ACCEPTED || done->answer == EVICT_ANSWER_GONE
			    ? 0
			    : -EPERM,
		    text);
}

void evictor_order_over(struct state *s, const struct evictor_name *name,
			const struct evict_over *over)
{
	struct manual_answer known;
	char text[MANUAL_TEXT_SIZE];

	if (evictor_ordered(s, over->pending.serial, &known) != -EAGAIN)
		return;
	(void)snprintf(text, sizeof(text), "%s %s", name->record.pod,
		       over->end == EVICT_END_GONE
			       ? "is gone"
			       : "stays: it was asked in vain, no whole answer came");
	put_outcome(s->evictor, over->pending.serial, over->end == EVICT_END_GONE ? 0 : -EPERM,
		    text);
}
