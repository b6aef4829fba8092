// SPDX-License-Identifier: LGPL-2.1-or-later
// The CPU ladder, by ladder.c. Calm: no quota anywhere, offline work gets what online work leaves. Squeeze:
// all offline work together gets a quota. Evict: that was not enough.
//
// Example, 4 CPUs, target 65 %: "web" waits 12 % of 2 s (threshold 5 %) while online work uses 1.2
// CPUs, everything else 0.2 and offline work 2.6. Quota = 4 × 0.65 − 1.2 − 0.2 = 1.2 CPUs, at once.
// While web still waits the quota only falls. Once it does not, the quota grows by 0.2 CPUs a
// second, for the first 10 s not past the target; then past it, until offline work leaves a sixth
// of it unused or it covers the node. That is calm again: a hold that limits nothing is lifted.
// A new wait cuts at once. A hold that helps nobody is undone (efficacy.c).
//
// Evict, where the policy says so: 20 s of that were no help, or left nothing but the floor to take, and what offline
// work still has there is what whoever waits lacks (evict_cpu.h); then somebody goes (evict_choose.h). The quota stays.
//
// All of it is worked out for the CPUs on which offline work may run (cpu_place.h), where cpusets of others or
// own cores leave it fewer than the node has: 2 of 64, target 65 %, is 1.3 CPUs, less what others use there.
// Nobody measures that, so use is taken as spread evenly over the CPUs where it may be. Who cannot run there
// does not count, nor do its waits.
//
// No profile asks for it. From 6.6 on the scheduler lets what it has just picked finish its slice before it looks
// at who woke, till the next tick at worst (RUN_TO_PARITY). Offline work that runs on and on has used its slice up
// and yields at once; what a quota stops and starts is picked anew each period, on each CPU, and online work waits
// for it then. An online probe (0.5 ms of work each 3.7 ms) and an nginx under wrk beside a BestEffort class that
// would like 2 CPUs, weights 79:2; make bench-cpu's placement, 2 emulated CPUs, two rounds, 2026-11-26:
//
//                          6.1                          6.12                         7.3
//                          probe p50, p99    offline    probe p50, p99    offline    probe p50, p99    offline
//                          ms                % of CPU   ms                % of CPU   ms                % of CPU
//   the weight alone       1.2-2.0 1.4-2.3   150-167    1.1-1.8 1.3-2.0   154-171    1.0-1.2 2.2-2.5   180
//   and 16 ms per 20 ms    0.8-1.3 1.8-2.1    86        1.1-1.2 5.4-5.5    85        0.9     5.7        86
//   and 80 ms per 100 ms   1.1-1.2 1.9-2.0    86        1.1-1.4 4.5-4.6    85        0.9     4.2        86
//   and 4 ms per 5 ms                                   1.1-1.2 4.2-4.7    85
//   16 ms per 20 ms, 79:79                              0.8-1.1 4.5-5.0    85
//   on CPU 0 only          1.9     2.1       107        1.7-1.8 1.9        108        1.4     1.6-1.7   108
//   cpu.idle               1.7     1.9-2.0   150        1.5-1.6 1.9-2.0   155        1.2-1.3 2.6-2.8   171-175
//
// Mean waits fall, which is what PSI and so efficacy.c see; the tail rises. Where online work is busy, offline work
// at 50:1 gets less than the quota would give it, and the quota does nothing (6.12, online 1.4 CPUs: p99 3.0 and
// 3.2-3.3). The demo's nginx on 6.12, quota and no quota: p50 0.4 and 0.7 ms, p99 4.4 and 2.5, offline 51 and 108 %.
#include "policy/ladder_cpu.h"

#include "policy/cpu_floor.h"
#include "policy/cpu_place.h"
#include "policy/cpu_room.h"
#include "policy/cpu_use.h"
#include "policy/decide.h"
#include "policy/efficacy.h"
#include "policy/evict_cpu.h"
#include "policy/knob.h"
#include "policy/ladder.h"
#include "policy/wait.h"
#include "policy/who.h"

#define PERMILLE 1000u
#define CPU_MILLI 1000u

/* 5 % of the node a second: from a floor of 2 % to the whole node in 20 s, so that a mistake
 * costs batch work seconds, and slow against the 1 s between samples. */
#define GROW_PERMILLE_PER_S 50u
#define SPENT_GROWN_S 2u
/* Peace for this long before the target is passed or the hold is lifted. Longer than the usual
 * burst of requests, and five windows of the default rule. */
#define CALM_AFTER_US 10000000
/* An eviction cannot be undone: the hold has had the time in which it is judged. */
#define EVICT_DWELL_US 20000000
#define EVICT_CALM_US 5000000u
/* A growth step counts at most this much time, so that a suspend does not lift a hold at once. */
#define GROW_STEP_MAX_US 5000000
/* Offline use × 6/5 below the quota: it no longer limits. */
#define SLACK_NUM 6u
#define SLACK_DEN 5u

static const struct ladder_rung rungs[] = {
	{.rung = RUNG_SQUEEZE, .calm_us = CALM_AFTER_US},
	{.rung = RUNG_EVICT, .dwell_us = EVICT_DWELL_US, .calm_us = EVICT_CALM_US, .last = true},
};
#define N_RUNGS (sizeof(rungs) / sizeof(rungs[0]))

/* What one step looks at. */
struct view {
	bool holdable; /* some offline pod may meet a quota */
	uint32_t target_permille;
	struct cpu_places places;
	struct cpu_set room; /* where they may run, if places.bounded */
	uint64_t node_milli;
	uint64_t capacity_milli; /* of the room */
	uint64_t floor_milli;
	uint64_t offline_milli;	  /* use of the pods that a quota would meet */
	bool measured;		  /* bound_milli is valid */
	uint64_t bound_milli;	  /* what the target leaves for them, at least the floor */
	const struct pod *waiter; /* the online pod that waits longest past the threshold, or NULL */
	uint64_t waited_permille;
	uint64_t waited_of_us;
	uint32_t usual_permille;
	bool helps; /* somebody's going would help whoever waits */
};

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Where those run that a quota would meet. */
static void see_room(struct view *v, const struct model *model, const struct policy *policy,
		     const struct plan *plan)
{
	v->node_milli = v->capacity_milli = model->node.n_cpus * CPU_MILLI;
	if (!v->holdable)
		return;
	v->places = cpu_place_look(model, NULL);
	if (!v->places.bounded)
		return;
	v->room = cpu_room_look(&v->places, model, policy, plan);
	v->capacity_milli = cpu_set_count(&v->room) * CPU_MILLI;
}

/* Several offline levels: the lowest target and the highest floor of those that have pods. */
static void see_levels(struct view *v, const struct model *model, const struct policy *policy,
		       const struct plan *plan)
{
	uint64_t floor_permille = 0;

	v->target_permille = PERMILLE;
	for (size_t i = 0; i < model->n_pods; i++) {
		const struct assignment *a = plan_assignment(plan, model->pods[i]);
		const struct level_cpu *cpu;

		if (!cpu_room_may_hold(policy, a))
			continue;
		cpu = &policy->levels[a->level].cpu;
		v->holdable = true;
		if (cpu->squeeze_target_permille < v->target_permille)
			v->target_permille = cpu->squeeze_target_permille;
		floor_permille = max_u64(floor_permille, cpu->squeeze_floor_permille);
	}
	see_room(v, model, policy, plan);
	v->floor_milli = cpu_floor_milli(&model->node, v->capacity_milli, floor_permille);
}

/* Quota = capacity × target − what all others use there; system use is what no pod accounts for. */
static void see_use(struct view *v, const struct wait_look *look)
{
	uint64_t window_us = look->policy->pressure_cpu.window_us, pods = 0, others = 0, busy;
	const struct model *model = look->model;
	uint64_t target = v->capacity_milli * v->target_permille / PERMILLE;

	for (size_t i = 0; i < model->n_pods; i++) {
		const struct pod *pod = model->pods[i];
		uint64_t milli;

		if (cpu_room_is_nested(pod) ||
		    cpu_use_pod_milli(look->samples, pod, window_us, look->now_us, &milli) < 0)
			continue;
		pods += milli;
		if (cpu_room_may_hold(look->policy, plan_assignment(look->plan, pod)))
			v->offline_milli += milli;
		else
			others += cpu_room_part(&v->places, &v->room, milli, pod);
	}
	if (cpu_use_node_milli(look->samples, window_us, look->now_us, &busy) < 0)
		return;
	if (busy > pods)
		others += cpu_room_part(&v->places, &v->room, busy - pods, NULL);
	v->measured = true;
	v->bound_milli = max_u64(target > others ? target - others : 0, v->floor_milli);
}

static void see_waiter(struct view *v, const struct wait_look *look,
		       const struct efficacy *efficacy)
{
	v->waiter = efficacy_waiter(efficacy, look, &v->waited_permille, &v->waited_of_us);
	if (v->waiter)
		v->usual_permille = wait_usual_permille(look, v->waiter);
}

/* Who waited; the quota is added by note_quota(). */
static struct reason blame(const struct view *v, uint32_t threshold_permille)
{
	struct reason r = {
		.code = REASON_SQUEEZE,
		.level = LEVEL_NONE,
		.rule = -1,
		.observed = v->waited_permille,
		.limit = threshold_permille,
		.for_us = v->waited_of_us,
		.usual_permille = v->usual_permille,
	};

	who_set(&r, v->waiter->name);
	return r;
}

static void note_quota(struct ladder *ladder, const struct view *v)
{
	bool at_floor = ladder->quota_cpu_milli <= v->floor_milli;

	ladder->reason.code = at_floor ? REASON_SQUEEZE_FLOOR : REASON_SQUEEZE;
	ladder->reason.extra = cpu_use_permille(ladder->quota_cpu_milli, v->node_milli);
}

static void grow(struct ladder *ladder, const struct view *v, uint64_t limit_milli, int64_t now_us)
{
	int64_t span_us = now_us - ladder->grown_us;
	uint64_t more;

	if (span_us > GROW_STEP_MAX_US)
		span_us = GROW_STEP_MAX_US;
	if (span_us <= 0)
		return;
	more = v->capacity_milli * GROW_PERMILLE_PER_S / PERMILLE * (uint64_t)span_us / 1000000;
	if (more == 0)
		return; /* too short to be a thousandth of a CPU: let it add up */
	ladder->grown_us = now_us;
	if (ladder->quota_cpu_milli < limit_milli)
		ladder->quota_cpu_milli = min_u64(ladder->quota_cpu_milli + more, limit_milli);
}

/* Whether offline work leaves a sixth of the quota unused. Its use is a mean over the window, so it is
 * held against what the quota was at the window's start: one that has just grown is never used up. */
static bool limits_nothing(const struct ladder *ladder, const struct view *v,
			   const struct policy *policy)
{
	uint64_t span_us = policy->pressure_cpu.window_us + 1000000;
	uint64_t grown = v->capacity_milli * GROW_PERMILLE_PER_S / PERMILLE * span_us / 1000000;

	return ladder->quota_cpu_milli > grown &&
	       ladder->quota_cpu_milli - grown >= v->offline_milli * SLACK_NUM / SLACK_DEN;
}

/* The quota of this look: down at once, up by and by. */
static void move_quota(struct ladder *ladder, const struct view *v, bool peace, int64_t now_us)
{
	/* Nothing has grown since a wait of this very moment. */
	if (v->waiter)
		ladder->grown_us = now_us;
	grow(ladder, v, v->measured && !peace ? v->bound_milli : v->capacity_milli, now_us);
	if (v->measured && !peace)
		ladder->quota_cpu_milli = min_u64(ladder->quota_cpu_milli, v->bound_milli);
	ladder->quota_cpu_milli = max_u64(ladder->quota_cpu_milli, v->floor_milli);
}

/* Nothing was any help: the quota neither. Otherwise that stays, for what it is there for. */
static void leave_evict(struct ladder *ladder, const struct reason *stood)
{
	if (ladder->reason.code == REASON_INEFFECTIVE)
		ladder->rung = RUNG_CALM;
	else
		ladder->reason = *stood;
}

static void begin_quota(struct ladder *ladder, const struct view *v, int64_t now_us)
{
	ladder->quota_cpu_milli = v->bound_milli;
	ladder->grown_us = now_us;
}

static void end_quota(struct ladder *ladder)
{
	ladder->quota_cpu_milli = 0;
	ladder->spent_us = 0;
}

/* Some offline work has a quota of colod's, and nobody wrote over it. */
static bool is_in_force(const struct model *model)
{
	for (size_t i = 0; i < model->n_cgroups; i++)
		if (knob_hold_stands(KNOB_CPU_MAX, &model->cgroups[i]->knobs[KNOB_CPU_MAX],
				     model->node.page_bytes))
			return true;
	return false;
}

/* Who waits does not do so in each look: what the quota has grown by in between, from the floor on, is taken back in the next, and was no
 * help. A quota that is not in force has not been at its floor. */
static void see_spent(struct ladder *ladder, const struct view *v, const struct model *model,
		      int64_t now_us)
{
	uint64_t grown = ladder->spent_us == 0 ? 0
					       : v->capacity_milli * GROW_PERMILLE_PER_S /
							 PERMILLE * SPENT_GROWN_S;

	if (ladder->rung == RUNG_CALM || ladder->quota_cpu_milli > v->floor_milli + grown ||
	    !is_in_force(model))
		ladder->spent_us = 0;
	else if (ladder->spent_us == 0)
		ladder->spent_us = now_us;
}

/* The hold has left nothing to take for so long as it is judged, or it was no help: one is gone that whoever waits lacks, or
 * nobody. */
static bool has_failed(const struct ladder *ladder, const struct wait_look *look)
{
	return (ladder->spent_us != 0 && look->now_us - ladder->spent_us >= EVICT_DWELL_US) ||
	       efficacy_has_failed(&ladder->efficacy, look, is_in_force(look->model));
}

static uint32_t allowed_rungs(const struct ladder *ladder, const struct view *v,
			      const struct wait_look *look)
{
	uint32_t allowed = 1u << RUNG_SQUEEZE;

	if (!v->holdable || v->capacity_milli == 0)
		return 0;
	if ((look->rule->steps & (1u << ACTION_EVICT)) &&
	    (ladder->rung == RUNG_EVICT ||
	     (ladder->rung == RUNG_SQUEEZE && v->helps && has_failed(ladder, look))))
		allowed |= 1u << RUNG_EVICT;
	return allowed;
}

/* Only where it may come to an eviction: it is looked at each pod's use once more. */
static void see_help(struct view *v, const struct ladder *ladder, const struct wait_look *look)
{
	struct wait_look bare = *look;
	struct evict_cpu cpu;

	if (!v->waiter || ladder->rung != RUNG_SQUEEZE ||
	    !(look->rule->steps & (1u << ACTION_EVICT)))
		return;
	bare.places = NULL;
	bare.room = NULL;
	evict_cpu_look(&bare, &ladder->efficacy, &cpu);
	v->helps = evict_cpu_is_needed(&cpu);
}

static struct ladder_signal signal_of(const struct ladder *ladder, const struct view *v,
				      const struct wait_look *look, bool peace)
{
	bool calm = ladder->rung == RUNG_CALM;
	struct ladder_signal s = {
		.allowed = allowed_rungs(ladder, v, look),
		.pressure = v->waiter != NULL,
		.useful = calm ? v->measured && v->offline_milli > v->floor_milli : true,
		.spent = ladder->rung == RUNG_EVICT ||
			 (!calm && peace &&
			  (ladder->quota_cpu_milli >= v->capacity_milli ||
			   limits_nothing(ladder, v, look->policy))),
		.in_force = !calm && is_in_force(look->model),
	};

	if (v->waiter)
		s.reason = blame(v, look->rule->threshold_permille);
	return s;
}

void ladder_cpu_step(struct ladder *ladder, const struct model *model,
		     const struct samples *samples, const struct policy *policy,
		     const struct plan *plan, int64_t now_us)
{
	uint64_t after_us = policy->pressure_cpu.evict_after_us;
	struct ladder_rung mine[N_RUNGS] = {rungs[0], rungs[1]};
	const struct ladder_table table = {mine, N_RUNGS};
	struct view v = {0};
	const struct wait_look look = {
		.places = &v.places,
		.room = &v.room,
		.model = model,
		.samples = samples,
		.policy = policy,
		.plan = plan,
		.resource = RESOURCE_CPU,
		.rule = &policy->pressure_cpu,
		.now_us = now_us,
	};
	struct ladder_signal signal;
	struct reason stood;
	enum rung before;
	bool peace;

	if (after_us > EVICT_DWELL_US)
		mine[N_RUNGS - 1].dwell_us = after_us;
	if (policy->pressure_cpu.on && model_can(model, CAPABILITY_CPU_MAX))
		see_levels(&v, model, policy, plan);
	if (v.holdable && v.capacity_milli > 0) {
		see_use(&v, &look);
		see_waiter(&v, &look, &ladder->efficacy);
	}
	peace = !v.waiter && now_us - ladder->pressure_us >= CALM_AFTER_US;
	if (ladder->rung != RUNG_CALM && v.holdable)
		move_quota(ladder, &v, peace, now_us);
	see_spent(ladder, &v, model, now_us);
	see_help(&v, ladder, &look);
	signal = signal_of(ladder, &v, &look, peace);
	stood = ladder->reason;
	before = ladder_step(ladder, &table, &signal, &look);
	if (before == RUNG_EVICT && ladder->rung == RUNG_SQUEEZE)
		leave_evict(ladder, &stood);
	if (ladder->rung == RUNG_CALM)
		end_quota(ladder);
	else if (before == RUNG_CALM)
		begin_quota(ladder, &v, now_us);
	else if (before == ladder->rung && v.waiter)
		ladder->reason = signal.reason;
	if (ladder->rung != RUNG_CALM)
		note_quota(ladder, &v);
}

int64_t ladder_cpu_stands_us(const struct ladder *ladder, int64_t now_us)
{
	const struct ladder_table table = {rungs, N_RUNGS};

	return ladder_stands_us(ladder, &table, now_us);
}

uint64_t ladder_cpu_floor_milli(const struct model *model, const struct policy *policy,
				const struct plan *plan)
{
	struct view v = {0};

	see_levels(&v, model, policy, plan);
	return v.holdable ? v.floor_milli : 0;
}
