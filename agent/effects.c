// SPDX-License-Identifier: LGPL-2.1-or-later
// See effects.h.
#include "agent/effects.h"

#include <string.h>

#include "agent/base/history_numbers.h"
#include "agent/base/messages.h"
#include "agent/state.h"

/* Later, the second look says nothing of the step any more: nobody looked in time. */
#define LATE_US 3000000

static const struct pressure_rule *rule_of(const struct state *s, enum resource resource)
{
	if (resource == RESOURCE_CPU)
		return &s->policy->pressure_cpu;
	if (resource == RESOURCE_IO)
		return &s->policy->pressure_io;
	return s->policy->pressure_memory.on || !s->policy->pressure_full.on
		       ? &s->policy->pressure_memory
		       : &s->policy->pressure_full;
}

static void look_now(const struct state *s, enum resource resource, struct step_look *ret_look)
{
	const struct wait_look look = {
		.model = discover_model(s->discover),
		.samples = observe_samples(s->observe),
		.policy = s->policy,
		.plan = &s->plan,
		.rule = rule_of(s, resource),
		.resource = resource,
		.now_us = s->status.pass_us,
	};

	step_look(&look, ret_look);
}

static void put(struct history_record *r, enum resource resource, const struct step_look *l,
		const char *const keys[3])
{
	history_number_if(r, keys[0], l->stall_known, l->stall_permille);
	if (resource != RESOURCE_MEMORY)
		return;
	if (l->room_known)
		history_number(r, keys[1], l->room_bytes);
	else
		history_number_unknown(r, keys[1]);
	history_number_if(r, keys[2], l->fall_known, l->fall_bytes_per_s);
}

static void put_before(struct history_record *r, enum resource resource, const struct step_look *l)
{
	static const char *const keys[] = {"stall_before_permille", "room_before_bytes",
					   "fall_before_bytes_per_s"};

	history_number_if(r, "window_us", true, l->window_us);
	put(r, resource, l, keys);
}

static void put_after(struct history_record *r, enum resource resource, const struct step_look *l)
{
	static const char *const keys[] = {"stall_after_permille", "room_after_bytes",
					   "fall_after_bytes_per_s"};

	put(r, resource, l, keys);
}

void effects_begin(struct state *s, enum resource resource, struct history_record *r)
{
	struct effects *all = &s->effects;
	struct step_look before;
	struct effects_step *e;

	look_now(s, resource, &before);
	put_before(r, resource, &before);
	all->steps++;
	if (all->n == EFFECTS_MAX)
		return;
	e = &all->list[all->n++];
	*e = (struct effects_step){
		.at_us = s->status.pass_us,
		.resource = resource,
		.before = before,
		.steps = all->steps,
		.would = r->would,
		.level = r->level,
	};
	HISTORY_SET(e->pod, "%s", r->pod);
	HISTORY_SET(e->what, "%s", r->what);
	HISTORY_SET(e->knob, "%s", r->knob);
	/* Of a kill it is not known yet what becomes of it. */
	HISTORY_SET(e->from, "%s", *r->knob ? "" : r->from);
	HISTORY_SET(e->to, "%s", *r->knob ? "" : r->to);
}

static void tell(struct state *s, const struct effects_step *e)
{
	int64_t past_us = s->status.pass_us - e->at_us;
	struct history_record r = HISTORY_RECORD(HISTORY_EFFECT);
	struct step_look after = {.window_us = e->before.window_us};
	char text[STEP_LOOK_TEXT_SIZE];

	if (past_us <= STEP_LOOK_AFTER_US + LATE_US)
		look_now(s, e->resource, &after);
	r.would = e->would;
	r.level = e->level;
	HISTORY_SET(r.pod, "%s", e->pod);
	HISTORY_SET(r.what, "%s", e->what);
	HISTORY_SET(r.knob, "%s", e->knob);
	HISTORY_SET(r.from, "%s", e->from);
	HISTORY_SET(r.to, "%s", e->to);
	HISTORY_SET(r.why, "after 10 s, %s",
		    step_look_text(&e->before, &after, e->resource, text, sizeof(text)));
	history_number(&r, "step_us", e->at_us);
	put_before(&r, e->resource, &e->before);
	put_after(&r, e->resource, &after);
	history_number_if(&r, "after_us", true, (uint64_t)past_us);
	history_number_if(&r, "steps_between", true, s->effects.steps - e->steps);
	messages_tell(s->history, &r);
}

void effects_pass(struct state *s)
{
	struct effects *all = &s->effects;
	uint32_t n = 0;

	while (n < all->n && s->status.pass_us - all->list[n].at_us >= STEP_LOOK_AFTER_US)
		tell(s, &all->list[n++]);
	if (n == 0)
		return;
	all->n -= n;
	memmove(all->list, all->list + n, all->n * sizeof(all->list[0]));
}
