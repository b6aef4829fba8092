// SPDX-License-Identifier: LGPL-2.1-or-later
// See orders.h.
#include "agent/orders.h"

#include <stdio.h>
#include <string.h>

#include "agent/base/clock.h"
#include "agent/base/history_numbers.h"
#include "agent/base/messages.h"
#include "policy/decide.h"
#include "policy/freeze.h"
#include "policy/manual.h"
#include "policy/names.h"
#include "policy/reason_text.h"

#define SECOND_US 1000000

void orders_start(struct state *s)
{
	discover_model(s->discover)->manual = &s->manual;
}

/* "level P4", "squeeze". */
static const char *name_of(enum manual_kind kind, enum level level, char buf[static 16])
{
	if (kind == MANUAL_LEVEL)
		(void)snprintf(buf, 16, "level %s", names_level(level));
	else
		(void)snprintf(buf, 16, "%s", manual_kind_name(kind));
	return buf;
}

static const struct pod *pod_of(const struct state *s, const struct manual_order *o)
{
	return model_pod(discover_model(s->discover), o->serial);
}

/* `pod` NULL: it is gone, and only its order knows of it. */
static void record(struct state *s, const struct manual_order *o, const struct pod *pod,
		   const char *from, const char *to, const char *why,
		   const struct history_caller *caller)
{
	struct history_record r = HISTORY_RECORD(HISTORY_ORDER);
	char name[16];

	history_set_path(&r, pod && pod->cgroup ? pod->cgroup->path : "");
	if (pod)
		HISTORY_SET(r.pod, "%s", pod->name);
	if (pod && plan_assignment(&s->plan, pod)->state == ASSIGNMENT_LEVEL)
		r.level = plan_assignment(&s->plan, pod)->level;
	HISTORY_SET(r.knob, "%s", name_of(o->kind, o->level, name));
	HISTORY_SET(r.from, "%s", from);
	HISTORY_SET(r.to, "%s", to);
	HISTORY_SET(r.why, "%s", why);
	if (caller)
		r.caller = *caller;
	messages_tell(s->history, &r);
}

struct ending {
	struct state *state;
	const struct history_caller *caller; /* NULL: nobody asked for it */
};

static void on_end(void *context, const struct manual_order *o, enum manual_no why)
{
	const struct ending *e = context;
	char text[HISTORY_WHY_SIZE];

	(void)snprintf(text, sizeof(text), "%s; it was ordered by %s", manual_text(why), o->who);
	record(e->state, o, pod_of(e->state, o), "in force", "ended", text, e->caller);
}

/* A program names itself: nothing of that but letters and digits gets into sentences. */
void orders_who(const struct history_caller *c, char buf[static MANUAL_WHO_SIZE])
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	char comm[HISTORY_COMM_SIZE];
	size_t n = 0;

	for (; n < sizeof(comm) - 1 && c->comm[n]; n++)
		comm[n] = strchr(plain, c->comm[n]) ? c->comm[n] : '?';
	comm[n] = '\0';
	if (!c->known)
		(void)snprintf(buf, MANUAL_WHO_SIZE, "somebody");
	else
		(void)snprintf(buf, MANUAL_WHO_SIZE, "uid %u (%s%spid %d)", c->uid, comm,
			       n > 0 ? ", " : "", c->pid);
}

static size_t place_of(const struct model *m, const struct pod *pod)
{
	size_t i = 0;

	while (i < m->n_pods && m->pods[i] != pod)
		i++;
	return i;
}

/* A freeze lasts no longer than the pod may stand still, whatever was asked. */
static enum manual_no bound_freeze(const struct state *s, struct manual_order *o,
				   const struct pod *pod, struct reason *ret_reason)
{
	const struct decide_input in = {
		.model = discover_model(s->discover),
		.samples = observe_samples(s->observe),
		.policy = s->policy,
		.ladders = &s->ladders,
		.now_us = o->since_us,
	};
	size_t at = place_of(in.model, pod);
	uint64_t most_us;

	if (at >= in.model->n_pods || !s->plan.tree)
		return MANUAL_NO_FREEZE;
	discover_ask_knob(s->discover, pod->cgroup, KNOB_CGROUP_FREEZE);
	most_us = freeze_would(&in, &s->plan, at, ret_reason);
	if (most_us <= FREEZE_PASS_US)
		return MANUAL_NO_FREEZE;
	most_us -= FREEZE_PASS_US;
	if ((uint64_t)(o->until_us - o->since_us) > most_us)
		o->until_us = o->since_us + (int64_t)most_us;
	return MANUAL_YES;
}

static enum manual_no refuse(const struct state *s, enum manual_no why, const struct reason *reason,
			     struct manual_answer *answer)
{
	if (why == MANUAL_NO_FREEZE && reason->code != REASON_NONE)
		(void)reason_text(reason, s->policy, answer->text, sizeof(answer->text));
	else
		(void)snprintf(answer->text, sizeof(answer->text), "%s", manual_text(why));
	return why;
}

enum manual_no orders_give(struct state *s, const struct manual_ask *ask, int64_t now_us,
			   const struct history_caller *caller, struct manual_answer *ret_answer)
{
	const struct manual_view view = {
		.manual = &s->manual, .policy = s->policy, .modes = &s->status.modes};
	const struct ending ending = {.state = s, .caller = caller};
	uint64_t seconds = ask->seconds ? ask->seconds : MANUAL_DEFAULT_S;
	struct reason reason = {.code = REASON_NONE};
	struct manual_order o = {
		.slot = ask->pod->slot,
		.serial = ask->pod->serial,
		.kind = ask->kind,
		.level = ask->kind == MANUAL_LEVEL ? ask->level : LEVEL_NONE,
		.since_us = now_us,
		.wall_us = (uint64_t)clock_wall_us(),
	};
	enum manual_no why;

	*ret_answer = (struct manual_answer){0};
	if (!s->policy)
		return refuse(s, MANUAL_NO_RULE, &reason, ret_answer);
	if (seconds > MANUAL_MOST_S)
		seconds = MANUAL_MOST_S;
	o.until_us = now_us + (int64_t)seconds * SECOND_US;
	orders_who(caller, o.who);
	why = manual_judge(&view, ask->pod, o.kind, o.level);
	if (why == MANUAL_YES && o.kind == MANUAL_FREEZE)
		why = bound_freeze(s, &o, ask->pod, &reason);
	if (why == MANUAL_YES && !manual_add(&s->manual, &o, on_end, (void *)&ending))
		why = MANUAL_NO_ROOM;
	if (why != MANUAL_YES)
		return refuse(s, why, &reason, ret_answer);
	reason = manual_reason(&o);
	(void)reason_text(&reason, s->policy, ret_answer->text, sizeof(ret_answer->text));
	ret_answer->until_wall_us = o.wall_us + (uint64_t)(o.until_us - o.since_us);
	record(s, &o, ask->pod, "", "in force", ret_answer->text, caller);
	return MANUAL_YES;
}

size_t orders_release(struct state *s, const struct pod *pod, const struct history_caller *caller)
{
	struct ending ending = {.state = s, .caller = caller};

	return manual_release(&s->manual, pod, on_end, &ending);
}

void orders_pass(struct state *s, int64_t now_us)
{
	struct ending ending = {.state = s};

	if (s->manual.n > 0 && s->policy)
		manual_look(&s->manual, discover_model(s->discover), s->policy, &s->status.modes,
			    now_us, on_end, &ending);
}
