// SPDX-License-Identifier: LGPL-2.1-or-later
// See account.h.
#include "agent/account.h"

#include <string.h>

#include "agent/base/history_numbers.h"
#include "agent/base/messages.h"
#include "agent/effects.h"
#include "policy/decide.h"
#include "policy/diff.h"
#include "policy/knob.h"
#include "policy/mode.h"
#include "policy/names.h"
#include "policy/reason_text.h"

static void set_value(char *field, enum knob knob, const struct knob_value *value)
{
	char text[KNOB_TEXT_SIZE];

	history_set(field, HISTORY_VALUE_SIZE, "%s", knob_format(knob, value, text, sizeof(text)));
}

/* `policy` and `plan` may be NULL: then the rule and the level are not known. */
static void fill(struct history_record *r, const struct apply_event *e, const struct policy *policy,
		 const struct plan *plan)
{
	const struct pod *pod = e->cgroup ? e->cgroup->pod : NULL;
	char why[REASON_TEXT_SIZE];

	r->effect = e->effect;
	history_set_path(r, e->path);
	HISTORY_SET(r->knob, "%s", knob_file(e->knob));
	set_value(r->from, e->knob, e->from);
	if (e->to)
		set_value(r->to, e->knob, e->to);
	HISTORY_SET(r->why, "%s",
		    e->reason ? reason_text(e->reason, policy, why, sizeof(why)) : e->why);
	if (!pod)
		return;
	HISTORY_SET(r->pod, "%s", pod->name);
	if (plan && plan_assignment(plan, pod)->state == ASSIGNMENT_LEVEL)
		r->level = plan_assignment(plan, pod)->level;
}

void account_event(void *context, const struct apply_event *event)
{
	struct state *s = context;
	struct history_record r = HISTORY_RECORD(event->kind);

	fill(&r, event, s->policy, &s->plan);
	messages_tell(s->history, &r);
}

void account_event_alone(void *context, const struct apply_event *event)
{
	struct history_record r = HISTORY_RECORD(event->kind);

	fill(&r, event, NULL, NULL);
	messages_tell(context, &r);
}

void account_controller(struct state *s, const struct pod *pod, enum knob knob)
{
	struct history_record r = HISTORY_RECORD(HISTORY_WRITE);
	const char *name = knob_file(knob);

	HISTORY_SET(r.pod, "%s", pod->name);
	history_set_path(&r, pod->cgroup->parent ? pod->cgroup->parent->path : "");
	HISTORY_SET(r.knob, "cgroup.subtree_control");
	HISTORY_SET(r.to, "+%.*s", (int)strcspn(name, "."), name);
	HISTORY_SET(r.why,
		    "a rule names its child %s. It stays enabled when colod stops, because others "
		    "may have set values by then",
		    pod->cgroup->name);
	messages_tell(s->history, &r);
}

/* Never 0. */
static uint32_t would_key(const struct state *s, const struct change *c)
{
	uint64_t key = c->want.value * 0x9e3779b97f4a7c15u ^ c->want.period_us;

	if (c->effect == EFFECT_HOLD)
		key = s->ladders.of[knob_resource(c->knob)].steps * 0x9e3779b97f4a7c15u;
	return (uint32_t)(key >> 32 ^ key) | 1;
}

static void would(void *context, const struct change *c)
{
	struct state *s = context;
	struct knob_state *state = &c->cgroup->knobs[c->knob];
	const struct apply_event event = {
		.kind = HISTORY_WRITE,
		.path = c->cgroup->path,
		.cgroup = c->cgroup,
		.knob = c->knob,
		.effect = c->effect,
		.from = &c->had,
		.to = &c->want,
		.reason = &c->reason,
	};
	struct history_record r = HISTORY_RECORD(HISTORY_WRITE);

	if (state->would == would_key(s, c))
		return;
	state->would = would_key(s, c);
	r.would = true;
	fill(&r, &event, s->policy, &s->plan);
	messages_tell(s->history, &r);
}

void account_withheld(struct state *s)
{
	if (s->changes.n_withheld > 0)
		diff_withheld(discover_model(s->discover), &s->plan, &s->status.modes, would, s);
}

void account_property(void *context, const char *unit, const char *what, bool undone, int error)
{
	struct state *s = context;
	struct history_record r = HISTORY_RECORD(HISTORY_PROPERTY);

	history_set_path(&r, unit);
	if (error < 0)
		HISTORY_SET(
			r.why,
			"systemd did not take %s (%s). The values are in the cgroup's files; what "
			"systemd writes over them is put back when it happens",
			what, strerror(-error));
	else
		HISTORY_SET(r.why, "systemd was told %s%s", what,
			    undone ? ", as it was before" : "");
	messages_tell(s->history, &r);
}

/* What decided, as reason.h has it for its code. */
static void put_reason(struct history_record *r, const struct reason *reason)
{
	history_number_if(r, "observed", true, reason->observed);
	history_number_if(r, "limit", true, reason->limit);
	history_number_if(r, "for_us", true, reason->for_us);
	history_number_if(r, "extra", true, reason->extra);
}

void account_rungs(struct state *s, const struct ladders *before)
{
	char why[REASON_TEXT_SIZE];

	for (int i = 0; i < RESOURCE_COUNT; i++) {
		const struct ladder *ladder = &s->ladders.of[i];
		struct history_record r = HISTORY_RECORD(HISTORY_RUNG);

		if (ladder->rung == before->of[i].rung)
			continue;
		r.would = s->status.modes.by[i] < mode_of_rung(ladder->rung > before->of[i].rung
								       ? ladder->rung
								       : before->of[i].rung);
		HISTORY_SET(r.what, "%s", names_resource((enum resource)i));
		HISTORY_SET(r.from, "%s", names_rung(before->of[i].rung));
		HISTORY_SET(r.to, "%s", names_rung(ladder->rung));
		HISTORY_SET(r.why, "%s", reason_text(&ladder->reason, s->policy, why, sizeof(why)));
		put_reason(&r, &ladder->reason);
		effects_begin(s, (enum resource)i, &r);
		messages_tell(s->history, &r);
	}
}

static void account_mode(struct state *s, enum resource resource, enum mode from, enum mode to,
			 const struct history_caller *caller)
{
	struct history_record r = HISTORY_RECORD(HISTORY_MODE);

	HISTORY_SET(r.what, "%s", resource == RESOURCE_INVALID ? "mode" : names_mode_of(resource));
	HISTORY_SET(r.from, "%s", names_mode(from));
	HISTORY_SET(r.to, "%s", names_mode(to));
	HISTORY_SET(r.why, "%s", mode_why(&s->status.mode_says, &s->status.modes, resource));
	if (caller)
		r.caller = *caller;
	messages_tell(s->history, &r);
}

void account_modes(struct state *s, const struct history_caller *caller)
{
	const struct modes was = s->accounted_modes, *now = &s->status.modes;
	bool first = !s->modes_accounted;

	s->accounted_modes = *now;
	s->modes_accounted = true;
	if (first)
		return;
	if (was.all != now->all)
		account_mode(s, RESOURCE_INVALID, was.all, now->all, caller);
	for (int i = 0; i < RESOURCE_MODES; i++) {
		/* What changes with the whole is said with the whole. */
		if (was.by[i] != now->by[i] && (was.by[i] != was.all || now->by[i] != now->all))
			account_mode(s, (enum resource)i, was.by[i], now->by[i], caller);
	}
}

void account_policy(struct state *s, int result, const struct history_caller *caller)
{
	struct history_record r = HISTORY_RECORD(HISTORY_POLICY);

	HISTORY_SET(r.what, "%s", s->policy->origin);
	HISTORY_SET(r.to, "%s", result < 0 ? "rejected" : s->policy_waits ? "waiting" : "loaded");
	if (result < 0 || s->policy_waits)
		HISTORY_SET(r.why, "%s", s->status.policy_state);
	else
		HISTORY_SET(r.why, "mode %s (%s)", names_mode(s->status.modes.all),
			    mode_why(&s->status.mode_says, &s->status.modes, RESOURCE_INVALID));
	if (caller)
		r.caller = *caller;
	messages_tell(s->history, &r);
}

void account_agent(struct state *s, const char *what, const char *to, const char *why)
{
	struct history_record r = HISTORY_RECORD(HISTORY_AGENT);

	HISTORY_SET(r.what, "%s", what);
	HISTORY_SET(r.to, "%s", to);
	HISTORY_SET(r.why, "%s", why);
	messages_tell(s->history, &r);
}
