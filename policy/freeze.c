// SPDX-License-Identifier: LGPL-2.1-or-later
// See freeze.h. A frozen process holds whatever it held: files, locks, memory that others map, the connection that
// a probe waits on. So only pods of which all that is known may be frozen, and none for so long that somebody
// takes it for dead; not even were this process to die meanwhile and the thaw to come late:
//
//   liveness probe every 10 s, 3 failures, 1 s timeout: silent for 21 s before it is restarted
//   thawed at the latest 7 s after a colod that hangs had its last look
//   at most min(5 s, 21 ÷ 2, 21 − 7) = 5 s
//
// "Not known" is never "no": then the pod is not frozen, and its plan_freeze says what is missing.
#include "policy/freeze.h"

#include <string.h>

#include "policy/decide_tree.h"
#include "policy/manual.h"
#include "policy/memory_growth.h"
#include "policy/room.h"
#include "policy/who.h"

#define HOG_PART 2u
/* And all of them together have to be the cause of so much of the fall. */
#define CAUSE_PART 4u

static bool is_asked(const struct decide_input *in, const struct assignment *a)
{
	return (policy_memory_steps(in->policy) & (1u << ACTION_FREEZE)) &&
	       a->state == ASSIGNMENT_LEVEL && a->role == ROLE_OFFLINE;
}

/* What the kubelet says of the pod, as far as it forbids. */
static enum reason_code judge_facts(const struct pod *pod, const struct assignment *a,
				    const char **ret_who)
{
	const struct pod_facts *facts = pod->facts;

	if (pod->kind != POD_KUBERNETES || pod->facts_state != FACT_KNOWN || !facts)
		return REASON_FREEZE_FACTS;
	if (facts->deleting)
		return REASON_FREEZE_ENDING;
	if (!a->may_hold || !facts->freeze.known)
		return REASON_FREEZE_FACTS;
	*ret_who = facts->freeze.runtime_class;
	if (*ret_who)
		return REASON_FREEZE_CLASS;
	if (facts->freeze.host_ipc)
		return REASON_FREEZE_IPC;
	*ret_who = facts->freeze.shared_volume;
	return *ret_who ? REASON_FREEZE_VOLUME : REASON_NONE;
}

/* What stands in the way in its cgroup. */
static enum reason_code judge_cgroup(const struct plan *plan, size_t i, const struct pod *pod)
{
	const struct decide_node *node = decide_tree_pod(plan->tree, i);
	const struct knob_value *base;

	if (!node || node->blocked || node->online > 0 || node->offline > 1 ||
	    node->waiting + node->unmatched > 0 ||
	    !decide_tree_has(pod->cgroup, KNOB_CGROUP_FREEZE))
		return REASON_FREEZE_INNER;
	base = decide_tree_base(pod->cgroup, KNOB_CGROUP_FREEZE);
	return base->state == KNOB_KNOWN && base->value == 0 ? REASON_NONE : REASON_FREEZE_OTHER;
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* For how long at a time; 0: so long cannot be told, or it is not worth it. */
static uint64_t most_us(const struct freeze_guard *guard, uint64_t probe_us)
{
	uint64_t most = guard->most_us;

	if (probe_us != UINT64_MAX) {
		most = min_u64(most, probe_us / 2);
		most = min_u64(most, probe_us > guard->late_us ? probe_us - guard->late_us : 0);
	}
	return most < FREEZE_LEAST_US ? 0 : most;
}

/* What the rules allow at a time; of two the one that says less. */
static uint64_t rules_most_us(const struct policy *policy)
{
	const struct pressure_rule *const rules[] = {&policy->pressure_memory,
						     &policy->pressure_full};
	uint64_t most = UINT64_MAX;

	for (size_t i = 0; i < 2; i++)
		if (rules[i]->on && (rules[i]->steps & (1u << ACTION_FREEZE)) &&
		    rules[i]->freeze_us > 0)
			most = min_u64(most, rules[i]->freeze_us);
	return most;
}

/* REASON_NONE where it may be; then f->most_us says for how long. */
static enum reason_code judge(const struct decide_input *in, const struct plan *plan, size_t i,
			      struct plan_freeze *f, struct reason *reason)
{
	const struct pod *pod = in->model->pods[i];
	const struct freeze_guard *guard = &in->model->freeze;
	const char *who = NULL;
	enum reason_code code = judge_facts(pod, plan_assignment(plan, pod), &who);

	if (who)
		who_set(reason, who);
	if (code == REASON_NONE)
		code = judge_cgroup(plan, i, pod);
	if (code != REASON_NONE)
		return code;
	if (!model_can(in->model, CAPABILITY_HOLD_GUARD) || guard->most_us == 0)
		return REASON_FREEZE_GUARD;
	if (in->now_us < guard->from_us) {
		reason->for_us = FREEZE_REST_US;
		return REASON_FREEZE_START;
	}
	f->most_us = most_us(guard, pod->facts->freeze.probe_us);
	if (f->most_us > 0)
		return REASON_NONE;
	reason->observed = pod->facts->freeze.probe_us;
	reason->limit = guard->late_us + FREEZE_LEAST_US;
	return REASON_FREEZE_PROBE;
}

void freeze_end(struct plan_freeze *f, enum reason_code code, int64_t now_us)
{
	f->reason = (struct reason){
		.code = code,
		.level = LEVEL_NONE,
		.rule = -1,
		.observed = (uint64_t)(now_us - f->since_us),
		.limit = f->most_us,
		.for_us = FREEZE_REST_US,
	};
	f->state = FREEZE_RESTS;
	f->was_us = f->reason.observed;
	f->since_us = 0;
	f->ended_us = now_us;
	f->stood = false;
	f->ordered = false;
}

bool freeze_stands(const struct cgroup *cgroup)
{
	const struct knob_state *s = &cgroup->knobs[KNOB_CGROUP_FREEZE];

	return s->owned && s->held && s->now.state == KNOB_KNOWN && s->now.value == 1;
}

/* It is frozen, and nothing forbids it. */
static void look_at_frozen(struct plan_freeze *f, const struct pod *pod, int64_t now_us)
{
	const struct knob_state *s = &pod->cgroup->knobs[KNOB_CGROUP_FREEZE];
	bool stands = freeze_stands(pod->cgroup);

	f->state = FREEZE_DUE;
	if (f->stood && !stands)
		freeze_end(f, s->owned ? REASON_FREEZE_OTHER : REASON_FREEZE_ENDS, now_us);
	else if (now_us - f->since_us + FREEZE_PASS_US > (int64_t)f->most_us)
		freeze_end(f, REASON_FREEZE_OVER, now_us);
	else
		f->stood |= stands;
}

static bool is_resting(const struct plan_freeze *f, int64_t now_us)
{
	return f->ended_us > 0 && now_us - f->ended_us < FREEZE_REST_US;
}

static uint64_t span_us(const struct manual_order *order, int64_t since_us)
{
	return order->until_us > since_us ? (uint64_t)(order->until_us - since_us) : 0;
}

static void begin_ordered(struct plan_freeze *f, const struct manual_order *order,
			  const struct assignment *a, int64_t now_us)
{
	f->reason = manual_reason(order);
	f->reason.level = a->level;
	f->reason.rule = a->rule;
	f->state = FREEZE_DUE;
	f->since_us = now_us;
	f->ordered = true;
	f->stood = false;
}

/* Nothing may have it frozen now. */
static void keep_from(struct plan_freeze *f, enum freeze_state state, const struct reason *reason,
		      int64_t now_us)
{
	if (f->since_us > 0)
		freeze_end(f, REASON_FREEZE_ENDS, now_us);
	f->state = state;
	f->reason = *reason;
}

static void look_at(const struct decide_input *in, struct plan *plan, const struct room *room,
		    size_t i, struct plan_freeze *f)
{
	const struct pod *pod = in->model->pods[i];
	const struct assignment *a = plan_assignment(plan, pod);
	const struct manual_order *order = manual_find(in->model->manual, pod, MANUAL_FREEZE);
	const struct manual_order *thaw = manual_find(in->model->manual, pod, MANUAL_THAW);
	bool asked = is_asked(in, a) || (order && a->role == ROLE_OFFLINE);
	struct reason reason = {.level = LEVEL_NONE, .rule = -1};
	struct memory_growth growth;

	f->most_us = 0;
	f->growth_bytes_per_s = 0;
	f->grows = false;
	if (thaw)
		reason = manual_reason(thaw);
	else if (asked)
		reason.code = judge(in, plan, i, f, &reason);
	/* A person who orders one says for how long. */
	if (!order)
		f->most_us = min_u64(f->most_us, rules_most_us(in->policy));
	if (asked) {
		reason.level = a->level;
		reason.rule = a->rule;
	}
	if (!asked || reason.code != REASON_NONE) {
		keep_from(f, thaw || asked ? FREEZE_REFUSED : FREEZE_NOT_ASKED, &reason,
			  in->now_us);
		return;
	}
	if (f->since_us > 0 && f->ordered && !order) {
		freeze_end(f, REASON_FREEZE_ENDS, in->now_us);
		return;
	}
	if (f->since_us > 0) {
		look_at_frozen(f, pod, in->now_us);
		if (f->ordered)
			f->most_us = min_u64(f->most_us, span_us(order, f->since_us));
		return;
	}
	if (is_resting(f, in->now_us) && f->state == FREEZE_RESTS)
		return;
	reason.code = REASON_FREEZE_MAY;
	reason.for_us = f->most_us;
	f->state = is_resting(f, in->now_us) ? FREEZE_RESTS : FREEZE_MAY;
	f->reason = reason;
	if (order && f->state == FREEZE_MAY) {
		f->most_us = min_u64(f->most_us, span_us(order, in->now_us));
		begin_ordered(f, order, a, in->now_us);
		return;
	}
	if (f->state == FREEZE_MAY &&
	    memory_growth_on(in->samples, pod, room->nodes, in->now_us, &growth) &&
	    memory_growth_matters(&growth))
		f->growth_bytes_per_s = growth.bytes_per_s;
}

/* Who takes less than half of what those that grow take on average is no hog beside them; and where others take
 * nearly all of what is lost, to stop these would help nobody. */
static void find_hogs(const struct decide_input *in, struct plan *plan, const struct room *room)
{
	uint64_t sum = 0, n = 0;

	for (size_t i = 0; i < in->model->n_pods; i++) {
		uint64_t growth = plan_freeze(plan, in->model->pods[i])->growth_bytes_per_s;

		sum += growth;
		n += growth > 0;
	}
	if (n == 0 || sum < room->fall_bytes_per_s / CAUSE_PART)
		return;
	for (size_t i = 0; i < in->model->n_pods; i++) {
		struct plan_freeze *f = &plan->freezes[in->model->pods[i]->slot];

		f->grows = f->growth_bytes_per_s >= sum / n / HOG_PART && f->growth_bytes_per_s > 0;
	}
}

int freeze_look(const struct decide_input *in, struct plan *plan)
{
	int r = plan_reserve_freezes(plan, in->model);
	struct room room = {0};

	(void)room_look(in->model, in->samples, plan, in->now_us, &room);
	for (size_t i = 0; r == 0 && i < in->model->n_pods; i++)
		look_at(in, plan, &room, i, &plan->freezes[in->model->pods[i]->slot]);
	if (r == 0)
		find_hogs(in, plan, &room);
	return r;
}

uint64_t freeze_would(const struct decide_input *in, const struct plan *plan, size_t pod,
		      struct reason *ret_reason)
{
	const struct plan_freeze *f = plan_freeze(plan, in->model->pods[pod]);
	struct reason reason = {.level = LEVEL_NONE, .rule = -1};
	struct plan_freeze would = {0};

	if (is_resting(f, in->now_us)) {
		reason.code = REASON_FREEZE_ENDS;
		reason.observed = f->was_us;
		reason.for_us = FREEZE_REST_US;
	} else {
		reason.code = judge(in, plan, pod, &would, &reason);
	}
	*ret_reason = reason;
	return reason.code == REASON_NONE ? would.most_us : 0;
}

/* By the ladder. */
static bool is_due(const struct plan_freeze *f)
{
	return f->state == FREEZE_DUE && !f->ordered;
}

bool freeze_has_somebody(const struct model *model, const struct plan *plan)
{
	for (size_t i = 0; i < model->n_pods; i++) {
		const struct plan_freeze *f = plan_freeze(plan, model->pods[i]);

		if (is_due(f) || (f->state == FREEZE_MAY && f->grows))
			return true;
	}
	return false;
}

int64_t freeze_newest_us(const struct model *model, const struct plan *plan)
{
	int64_t newest_us = 0;

	for (size_t i = 0; i < model->n_pods; i++) {
		const struct plan_freeze *f = plan_freeze(plan, model->pods[i]);

		if (is_due(f) && f->since_us > newest_us)
			newest_us = f->since_us;
	}
	return newest_us;
}

int64_t freeze_until_us(const struct model *model, const struct plan *plan)
{
	int64_t until_us = 0;

	for (size_t i = 0; i < model->n_pods; i++) {
		const struct plan_freeze *f = plan_freeze(plan, model->pods[i]);
		int64_t end_us = f->since_us + (int64_t)f->most_us;

		if (is_due(f) && f->since_us > 0 && end_us > until_us)
			until_us = end_us;
	}
	return until_us;
}
