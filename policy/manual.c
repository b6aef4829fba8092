// SPDX-License-Identifier: LGPL-2.1-or-later
// See manual.h. Example: at 12:03 root orders `squeeze default/job` for 10 min in mode squeeze. At 12:05 somebody
// pauses colod: the order ends, and resume at 12:06 does not bring it back. Were the pod's facts to become unknown,
// or its rule to say online, it would end as well.
#include "policy/manual.h"

#include <stdio.h>
#include <string.h>

#include "policy/assign.h"
#include "policy/mode.h"
#include "policy/names.h"

static const char *const kinds[MANUAL_KIND_COUNT] = {
	[MANUAL_LEVEL] = "level",
	[MANUAL_SQUEEZE] = "squeeze",
	[MANUAL_FREEZE] = "freeze",
	[MANUAL_THAW] = "thaw",
};

static const char *const texts[MANUAL_NO_COUNT] = {
	[MANUAL_YES] = "nothing is in its way",
	[MANUAL_OVER] = "its time is over",
	[MANUAL_RELEASED] = "somebody released the pod",
	[MANUAL_REPLACED] = "a newer order takes its place",
	[MANUAL_GONE] = "the pod is gone",
	[MANUAL_NO_MODE] = "the mode in force does not allow it: coloctl mode says what lowers it",
	[MANUAL_NO_FACTS] = "what this pod is, is not known: coloctl why POD says what is missing",
	[MANUAL_NO_RULE] =
		"no rule of the policy matches this pod, and such a pod is never touched",
	[MANUAL_NO_LEVEL] = "the policy does not define this level",
	[MANUAL_NO_NEVER] =
		"system pods, static pods and the units that the node needs are never offline",
	[MANUAL_NO_ONLINE] = "this pod is online, and only offline pods are ever held or frozen",
	[MANUAL_NO_ENDING] = "this pod is being deleted",
	[MANUAL_NO_HOLD] =
		"the policy has neither cpu.squeeze nor memory.growth for its level, or the "
		"mode allows neither",
	[MANUAL_NO_FREEZE] = "this pod may not be frozen now",
	[MANUAL_NO_THAWED] =
		"somebody ordered that this pod is not to be frozen: coloctl release POD "
		"ends that",
	[MANUAL_NO_ROOM] =
		"as many orders as there may be are in force: coloctl orders lists them, "
		"coloctl release POD ends them",
};

const char *manual_text(enum manual_no why)
{
	return (unsigned)why < MANUAL_NO_COUNT ? texts[why] : "?";
}

const char *manual_kind_name(enum manual_kind kind)
{
	return (unsigned)kind < MANUAL_KIND_COUNT ? kinds[kind] : "?";
}

static bool is_of(const struct manual_order *o, const struct pod *pod)
{
	return o->slot == pod->slot && o->serial == pod->serial;
}

const struct manual_order *manual_find(const struct manual *manual, const struct pod *pod,
				       enum manual_kind kind)
{
	for (size_t i = 0; manual && i < manual->n; i++)
		if (manual->orders[i].kind == kind && is_of(&manual->orders[i], pod))
			return &manual->orders[i];
	return NULL;
}

void manual_assign(const struct manual *manual, const struct policy *policy, const struct pod *pod,
		   struct assignment *ret_assignment)
{
	const struct manual_order *o = manual_find(manual, pod, MANUAL_LEVEL);

	assign_pod(policy, pod, ret_assignment);
	if (o && ret_assignment->state == ASSIGNMENT_LEVEL && policy->levels[o->level].defined)
		(void)assign_level(policy, pod, o->level, ret_assignment);
}

static enum mode highest(const struct modes *modes, enum manual_kind kind)
{
	enum mode cpu = modes->by[RESOURCE_CPU], memory = modes->by[RESOURCE_MEMORY];

	if (kind == MANUAL_FREEZE)
		return memory;
	if (kind == MANUAL_SQUEEZE)
		return cpu > memory ? cpu : memory;
	return mode_highest(modes);
}

static bool mode_allows(const struct modes *modes, enum manual_kind kind)
{
	static const enum mode needed[MANUAL_KIND_COUNT] = {
		[MANUAL_LEVEL] = MODE_PROTECT,
		[MANUAL_SQUEEZE] = MODE_SQUEEZE,
		[MANUAL_FREEZE] = MODE_FULL,
		[MANUAL_THAW] = MODE_OFF,
	};

	return highest(modes, kind) >= needed[kind];
}

static enum manual_no judge_level(const struct policy *policy, const struct pod *pod,
				  enum level level, struct assignment *a)
{
	if (level < 0 || level >= LEVEL_COUNT || !policy->levels[level].defined)
		return MANUAL_NO_LEVEL;
	if (assign_level(policy, pod, level, a))
		return MANUAL_YES;
	return pod->kind == POD_KUBERNETES && pod->facts_state == FACT_UNKNOWN ? MANUAL_NO_FACTS
									       : MANUAL_NO_NEVER;
}

static bool has_bound(const struct manual_view *view, enum level level)
{
	const struct level_policy *l = &view->policy->levels[level];

	return (l->cpu.squeeze && view->modes->by[RESOURCE_CPU] >= MODE_SQUEEZE) ||
	       (l->memory.growth_bytes_per_s > 0 &&
		view->modes->by[RESOURCE_MEMORY] >= MODE_SQUEEZE);
}

static enum manual_no judge_hold(const struct manual_view *view, const struct pod *pod,
				 enum manual_kind kind)
{
	struct assignment a;

	manual_assign(view->manual, view->policy, pod, &a);
	if (a.role != ROLE_OFFLINE)
		return MANUAL_NO_ONLINE;
	if (pod->facts && pod->facts->deleting)
		return MANUAL_NO_ENDING;
	if (!a.may_hold)
		return MANUAL_NO_FACTS;
	if (kind == MANUAL_FREEZE)
		return manual_find(view->manual, pod, MANUAL_THAW) ? MANUAL_NO_THAWED : MANUAL_YES;
	return has_bound(view, a.level) ? MANUAL_YES : MANUAL_NO_HOLD;
}

enum manual_no manual_judge(const struct manual_view *view, const struct pod *pod,
			    enum manual_kind kind, enum level level)
{
	struct assignment a;

	if (kind == MANUAL_THAW)
		return MANUAL_YES;
	assign_pod(view->policy, pod, &a);
	if (a.state == ASSIGNMENT_WAITING)
		return MANUAL_NO_FACTS;
	if (a.state != ASSIGNMENT_LEVEL)
		return MANUAL_NO_RULE;
	if (!mode_allows(view->modes, kind))
		return MANUAL_NO_MODE;
	if (kind == MANUAL_LEVEL)
		return judge_level(view->policy, pod, level, &a);
	return judge_hold(view, pod, kind);
}

static void take(struct manual *manual, size_t at, enum manual_no why, manual_end_fn fn,
		 void *context)
{
	struct manual_order order = manual->orders[at];

	manual->n--;
	memmove(&manual->orders[at], &manual->orders[at + 1],
		(manual->n - at) * sizeof(manual->orders[0]));
	if (fn)
		fn(context, &order, why);
}

/* A freeze and a thaw of one pod are each other's end. */
static bool excludes(const struct manual_order *a, const struct manual_order *b)
{
	return a->slot == b->slot && a->serial == b->serial &&
	       (a->kind == b->kind || (a->kind == MANUAL_THAW && b->kind == MANUAL_FREEZE));
}

bool manual_add(struct manual *manual, const struct manual_order *order, manual_end_fn fn,
		void *context)
{
	for (size_t i = manual->n; i-- > 0;)
		if (excludes(order, &manual->orders[i]))
			take(manual, i, MANUAL_REPLACED, fn, context);
	if (manual->n == MANUAL_MAX)
		return false;
	manual->orders[manual->n++] = *order;
	return true;
}

static const struct pod *pod_of(const struct model *model, const struct manual_order *o)
{
	for (size_t i = 0; i < model->n_pods; i++)
		if (is_of(o, model->pods[i]))
			return model->pods[i];
	return NULL;
}

static enum manual_no look_at(const struct manual *manual, const struct manual_order *o,
			      const struct model *model, const struct policy *policy,
			      const struct modes *modes, int64_t now_us)
{
	const struct manual_view view = {.manual = manual, .policy = policy, .modes = modes};
	const struct pod *pod = pod_of(model, o);

	if (!pod)
		return MANUAL_GONE;
	if (now_us >= o->until_us)
		return MANUAL_OVER;
	return manual_judge(&view, pod, o->kind, o->level);
}

void manual_look(struct manual *manual, const struct model *model, const struct policy *policy,
		 const struct modes *modes, int64_t now_us, manual_end_fn fn, void *context)
{
	/* From the oldest on: a level that ends may end a hold that was ordered after it. */
	for (size_t i = 0; i < manual->n;) {
		enum manual_no why =
			look_at(manual, &manual->orders[i], model, policy, modes, now_us);

		if (why == MANUAL_YES) {
			i++;
			continue;
		}
		take(manual, i, why, fn, context);
		i = 0;
	}
}

size_t manual_release(struct manual *manual, const struct pod *pod, manual_end_fn fn, void *context)
{
	size_t before = manual->n;

	for (size_t i = manual->n; i-- > 0;)
		if (is_of(&manual->orders[i], pod))
			take(manual, i, MANUAL_RELEASED, fn, context);
	return before - manual->n;
}

int64_t manual_next_us(const struct manual *manual)
{
	int64_t next_us = INT64_MAX;

	for (size_t i = 0; i < manual->n; i++)
		if (manual->orders[i].until_us < next_us)
			next_us = manual->orders[i].until_us;
	return next_us;
}

struct reason manual_reason(const struct manual_order *o)
{
	struct reason r = {
		.code = REASON_MANUAL,
		.level = o->level,
		.rule = -1,
		.observed = o->wall_us,
		.for_us = (uint64_t)o->until_us -
			  (uint64_t)o->since_us, /* a record may say anything */
		.extra = (uint64_t)o->kind,
	};

	(void)snprintf(r.who, sizeof(r.who), "%s", o->who);
	return r;
}
