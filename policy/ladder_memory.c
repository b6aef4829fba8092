// SPDX-License-Identifier: LGPL-2.1-or-later
// The memory ladder, by ladder.c. Two things make it climb: an online pod waits for memory (not for a bound of
// its own), and the room above the line (room.h) is used up as fast as it falls now. The first comes late on a node
// without swap: what is left is then file pages that are in use. The second is early.
//
//            room 600 MiB, falls by 25 MiB/s: empty in 24 s ── < 30 s ─▶ squeeze: the pods that grow may
//                                                              take 600 MiB ÷ 30 s together from here on
//            room 180 MiB, still 20 MiB/s:    empty in  9 s ── < 10 s ─▶ reclaim: offline pods give back
//            room  95 MiB, still 20 MiB/s:    empty in  5 s ──  < 5 s ─▶ freeze: those that grow stand still for a
//                                                              moment, where nobody else is hurt by it (freeze.h)
//            still someone waits, or the room still falls, 20 s ──▶ evict: somebody goes (evict.h), if the policy says so
//
// Two rules tell how long somebody may wait: memory.some and memory.full (nothing of the pod runs meanwhile). Who waits
// past one of them asks for the steps of that rule alone; the room takes the steps of both.
//
// Down again once nobody waits, the room lasts, and no held pod stands at its bound.
#include "policy/ladder_memory.h"

#include "policy/decide.h"
#include "policy/efficacy.h"
#include "policy/freeze.h"
#include "policy/growth_line.h"
#include "policy/ladder.h"
#include "policy/memory_bounds.h"
#include "policy/memory_growth.h"
#include "policy/room.h"
#include "policy/wait.h"
#include "policy/who.h"

#define HOLD_EMPTY_US ROOM_SOON_US
#define RECLAIM_EMPTY_US 10000000u
#define FREEZE_EMPTY_US 5000000u
#define TENSE_EMPTY_US 60000000u
#define SECOND_US 1000000u

/* Who waits past the threshold is slowed by what was squeezed a moment ago, too: a second tells. */
#define RECLAIM_DWELL_US 1000000u
#define SQUEEZE_CALM_US 10000000u
#define RECLAIM_CALM_US 5000000u
/* What is reclaimed has to have a chance first, and whoever runs again is looked at at once. */
#define FREEZE_DWELL_US 2000000u
#define FREEZE_CALM_US 1000000u
/* An eviction takes seconds to give anything back, and cannot be undone: what is gentler has had its time. */
#define EVICT_DWELL_US 5000000u
#define EVICT_CALM_US 5000000u

/* Slower is the coming and going of any node: near the line it would be a cause each second. */
#define FALL_BYTES_PER_S ((uint64_t)1 << 20)
/* Less than this in all offline pods together: nothing to be had from them. */
#define USEFUL_BYTES ((uint64_t)32 << 20)

static const struct ladder_rung rungs[] = {
	{.rung = RUNG_SQUEEZE, .calm_us = SQUEEZE_CALM_US},
	{.rung = RUNG_RECLAIM, .dwell_us = RECLAIM_DWELL_US, .calm_us = RECLAIM_CALM_US},
	{.rung = RUNG_FREEZE, .dwell_us = FREEZE_DWELL_US, .calm_us = FREEZE_CALM_US, .brief = true},
	{.rung = RUNG_EVICT, .dwell_us = EVICT_DWELL_US, .calm_us = EVICT_CALM_US, .last = true},
};
#define N_RUNGS (sizeof(rungs) / sizeof(rungs[0]))

/* The online pod that waits longest past the threshold of a rule; NULL: there is none. */
struct wait {
	const struct pressure_rule *rule;
	const struct pod *waiter;
	uint64_t permille;
	uint64_t of_us;
	uint32_t usual_permille;
};

/* What one step looks at. */
struct view {
	bool holdable;	/* some offline pod may be held */
	bool freezable; /* some offline pod is frozen, or may be and grows */
	uint64_t offline_bytes;
	bool measured; /* room is valid */
	struct room room;
	/* Past the threshold of memory.some, and of memory.full. */
	struct wait waits[2];
	const struct wait *worst; /* of them the one whose rule goes further; NULL: nobody waits */
	uint32_t asked;		  /* 1 << enum rung, of the rules past which somebody waits */
};

static void see_offline(struct view *v, const struct wait_look *look)
{
	for (size_t i = 0; i < look->model->n_pods; i++) {
		const struct pod *pod = look->model->pods[i];
		struct memory_growth growth;

		if (!memory_growth_may_hold(plan_assignment(look->plan, pod)))
			continue;
		v->holdable = true;
		if (memory_growth_on(look->samples, pod, v->room.nodes, look->now_us, &growth))
			v->offline_bytes += growth.there_bytes;
	}
}

static uint32_t rungs_of(uint32_t steps)
{
	return ((steps & (1u << ACTION_SQUEEZE_MEMORY)) ? 1u << RUNG_SQUEEZE : 0) |
	       ((steps & (1u << ACTION_RECLAIM)) ? 1u << RUNG_RECLAIM : 0) |
	       ((steps & (1u << ACTION_FREEZE)) ? 1u << RUNG_FREEZE : 0) |
	       ((steps & (1u << ACTION_EVICT)) ? 1u << RUNG_EVICT : 0);
}

static void see_waiters(struct view *v, const struct wait_look *look,
			const struct efficacy *efficacy)
{
	for (size_t i = 0; i < 2; i++) {
		struct wait *w = &v->waits[i];
		struct wait_look by = *look;

		by.rule = w->rule;
		w->waiter = w->rule->on ? efficacy_waiter(efficacy, &by, &w->permille, &w->of_us)
					: NULL;
		if (!w->waiter)
			continue;
		w->usual_permille = wait_usual_permille(&by, w->waiter);
		if (!v->worst || rungs_of(w->rule->steps) > v->asked)
			v->worst = w;
		v->asked |= rungs_of(w->rule->steps);
	}
}

/* Some held pod stands at its bound: without it, it would grow on. */
static bool takes_something(const struct wait_look *look)
{
	for (size_t i = 0; i < look->model->n_pods; i++)
		if (growth_line_takes(look->plan, look->model->pods[i], look->now_us))
			return true;
	return false;
}

static bool is_in_force(const struct wait_look *look)
{
	for (size_t i = 0; i < look->model->n_cgroups; i++)
		if (growth_line_held(look->model, look->model->cgroups[i]) > 0)
			return true;
	return false;
}

static struct reason blame(const struct view *v, bool soon_empty, uint64_t limit_us)
{
	struct reason r = {.level = LEVEL_NONE, .rule = -1};

	r.nodes = v->room.nodes;
	if (soon_empty) {
		r.code = REASON_MEMORY_EMPTY;
		r.observed = v->room.fall_bytes_per_s;
		r.limit = limit_us;
		r.for_us = v->room.time_to_empty_us;
		r.extra = v->room.room_bytes > 0 ? (uint64_t)v->room.room_bytes : 0;
		return r;
	}
	r.code = REASON_MEMORY_WAITS;
	if (!v->worst)
		return r;
	r.observed = v->worst->permille;
	r.limit = v->worst->rule->threshold_permille;
	r.for_us = v->worst->of_us;
	r.extra = v->worst->rule->full;
	r.usual_permille = v->worst->usual_permille;
	who_set(&r, v->worst->waiter->name);
	return r;
}

/* A node that merely rests below the line is no storm. */
static bool empties_within(const struct view *v, uint64_t us)
{
	return v->measured && v->room.fall_bytes_per_s >= FALL_BYTES_PER_S &&
	       v->room.time_to_empty_us < us;
}

static uint32_t allowed_rungs(const struct view *v, const struct wait_look *look)
{
	uint32_t allowed = rungs_of(policy_memory_steps(look->policy));

	if (!v->holdable)
		return 0;
	if (!model_can(look->model, CAPABILITY_MEMORY_RECLAIM))
		allowed &= ~(1u << RUNG_RECLAIM);
	if (!v->freezable)
		allowed &= ~(1u << RUNG_FREEZE);
	return allowed;
}

/* Nothing falls while they stand still. It is enough once what is there would last for a while at the rate at which
 * it fell before. */
static bool may_run_again(const struct ladder *ladder, const struct view *v)
{
	const struct reason *r = &ladder->reason;
	uint64_t room = v->measured && v->room.room_bytes > 0 ? (uint64_t)v->room.room_bytes : 0;

	return r->code != REASON_MEMORY_EMPTY ||
	       room / (RECLAIM_EMPTY_US / SECOND_US) >= r->observed;
}

/* What the time to empty is held against: the furthest step that is due and may be taken. */
static uint64_t empty_limit_us(const struct ladder_signal *s)
{
	if (s->at_once == RUNG_FREEZE && (s->allowed & (1u << RUNG_FREEZE)))
		return FREEZE_EMPTY_US;
	return s->at_once >= RUNG_RECLAIM ? RECLAIM_EMPTY_US : HOLD_EMPTY_US;
}

static struct ladder_signal signal_of(const struct ladder *ladder, const struct view *v,
				      const struct wait_look *look)
{
	bool reclaim = empties_within(v, RECLAIM_EMPTY_US), hold = empties_within(v, HOLD_EMPTY_US);
	bool freeze = empties_within(v, FREEZE_EMPTY_US);
	struct ladder_signal s = {
		.allowed = allowed_rungs(v, look),
		/* One that asks for less than there is already does not keep it up. */
		.pressure = v->worst && v->asked >> ladder->rung != 0,
		.unasked = v->worst ? ~v->asked : 0,
		.falls = hold,
		.useful = v->offline_bytes >= USEFUL_BYTES,
		.at_once = freeze    ? RUNG_FREEZE
			   : reclaim ? RUNG_RECLAIM
			   : hold    ? RUNG_SQUEEZE
				     : RUNG_CALM,
	};

	if (ladder->rung == RUNG_FREEZE)
		s.spent = may_run_again(ladder, v);
	else if (ladder->rung == RUNG_RECLAIM || ladder->rung == RUNG_EVICT)
		s.spent = !hold;
	else if (ladder->rung == RUNG_SQUEEZE)
		s.spent = !empties_within(v, TENSE_EMPTY_US) && !takes_something(look);
	s.in_force = ladder->rung >= RUNG_RECLAIM || is_in_force(look);
	if (v->worst || hold)
		s.reason = blame(v, hold, empty_limit_us(&s));
	return s;
}

/* How long what is gentler has to have been tried: by the rules that ask for it now, or by any of them for the room. */
static uint64_t evict_dwell_us(const struct view *v)
{
	uint64_t least_us = UINT64_MAX;

	for (size_t i = 0; i < 2; i++) {
		const struct pressure_rule *rule = v->waits[i].rule;

		if (rule->on && (rule->steps & (1u << ACTION_EVICT)) &&
		    (v->waits[i].waiter || !(v->asked & (1u << RUNG_EVICT))) &&
		    rule->evict_after_us < least_us)
			least_us = rule->evict_after_us;
	}
	return least_us != UINT64_MAX && least_us > EVICT_DWELL_US ? least_us : EVICT_DWELL_US;
}

/* What is judged is judged by the sign by which it began. */
static const struct pressure_rule *judged_by(const struct view *v, const struct efficacy *e)
{
	const struct pressure_rule *some = v->waits[0].rule, *full = v->waits[1].rule;

	if (e->n_trial > 0 && efficacy_is_full(e) && full->on)
		return full;
	if (e->n_trial > 0 && !efficacy_is_full(e) && some->on)
		return some;
	if (v->worst)
		return v->worst->rule;
	return some->on || !full->on ? some : full;
}

static void look_at(struct view *v, const struct wait_look *look, const struct ladder *ladder)
{
	const struct policy *policy = look->policy;

	*v = (struct view){
		.waits = {{.rule = &policy->pressure_memory}, {.rule = &policy->pressure_full}},
	};
	if (policy_memory_steps(policy) == 0 || !model_can(look->model, CAPABILITY_MEMORY))
		return;
	v->measured = room_look(look->model, look->samples, look->plan, look->now_us, &v->room);
	see_offline(v, look);
	v->freezable = freeze_has_somebody(look->model, look->plan);
	if (v->holdable)
		see_waiters(v, look, &ladder->efficacy);
	/* Who waits does so for memory of the nodes that it is bound to. */
	if (v->worst && v->measured && !empties_within(v, HOLD_EMPTY_US))
		v->measured = room_of(look->model, look->samples,
				      memory_bounds_of(look->model, v->worst->waiter), look->now_us,
				      &v->room);
}

uint64_t ladder_memory_step(struct ladder *ladder, const struct model *model,
			    const struct samples *samples, const struct policy *policy,
			    const struct plan *plan, int64_t now_us)
{
	struct ladder_rung mine[N_RUNGS] = {rungs[0], rungs[1], rungs[2], rungs[3]};
	const struct ladder_table table = {mine, N_RUNGS};
	struct wait_look look = {
		.model = model,
		.samples = samples,
		.policy = policy,
		.plan = plan,
		.resource = RESOURCE_MEMORY,
		.now_us = now_us,
	};
	struct ladder_signal signal;
	enum rung before;
	struct view v;

	look_at(&v, &look, ladder);
	look.rule = judged_by(&v, &ladder->efficacy);
	mine[N_RUNGS - 1].dwell_us = evict_dwell_us(&v);
	signal = signal_of(ladder, &v, &look);
	before = ladder_step(ladder, &table, &signal, &look);
	if (before == RUNG_FREEZE && ladder->rung < before && !v.freezable)
		ladder->reason =
			(struct reason){.code = REASON_FREEZE_ALL, .level = LEVEL_NONE, .rule = -1};
	/* That of a freeze stays: it says how fast memory went before. */
	else if (before == ladder->rung && ladder->rung != RUNG_CALM &&
		 ladder->rung != RUNG_FREEZE && (v.worst || signal.at_once != RUNG_CALM))
		ladder->reason = signal.reason;
	/* The room that falls keeps the rung, as a pod that waits does. */
	if (ladder->rung != RUNG_CALM &&
	    (ladder->rung == RUNG_EVICT ? signal.falls : signal.at_once >= ladder->rung))
		ladder->pressure_us = now_us;
	return v.room.nodes;
}

bool ladder_memory_is_tense(const struct ladder *ladder, const struct model *model,
			    const struct samples *samples, const struct policy *policy,
			    const struct plan *plan, int64_t now_us)
{
	struct room room;

	if (policy_memory_steps(policy) == 0 && !policy->pressure_kill.on)
		return false;
	if (ladder->rung != RUNG_CALM)
		return true;
	return room_look(model, samples, plan, now_us, &room) &&
	       room.fall_bytes_per_s >= FALL_BYTES_PER_S && room.time_to_empty_us < TENSE_EMPTY_US;
}

int64_t ladder_memory_stands_us(const struct ladder *ladder, int64_t now_us)
{
	const struct ladder_table table = {rungs, N_RUNGS};

	return ladder_stands_us(ladder, &table, now_us);
}
