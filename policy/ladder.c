// SPDX-License-Identifier: LGPL-2.1-or-later
// The CPU ladder. Calm: no quota anywhere, offline work gets what online work leaves. Squeeze:
// all offline work together gets a quota.
//
// Example, 4 CPUs, target 65 %: "web" waits 12 % of 2 s (threshold 5 %) while online work uses 1.2
// CPUs, everything else 0.2 and offline work 2.6. Quota = 4 × 0.65 − 1.2 − 0.2 = 1.2 CPUs, at once.
// While web still waits the quota only falls. Once it does not, the quota grows by 0.2 CPUs a
// second, for the first 10 s not past the target; then past it, until offline work leaves a sixth
// of it unused or it covers the node. That is calm again: a hold that limits nothing is lifted.
// A new wait cuts at once. A hold that helps nobody is undone (efficacy.c).
#include "policy/ladder.h"

#include "policy/cpu_use.h"
#include "policy/decide.h"
#include "policy/efficacy.h"
#include "policy/release.h"
#include "policy/wait.h"
#include "policy/who.h"

#define PERMILLE 1000u
#define CPU_MILLI 1000u

/* 5 % of the node a second: from a floor of 2 % to the whole node in 20 s, so that a mistake
 * costs batch work seconds, and slow against the 1 s between samples. */
#define GROW_PERMILLE_PER_S 50u
/* Peace for this long before the target is passed or the hold is lifted. Longer than the usual
 * burst of requests, and five windows of the default rule. */
#define CALM_AFTER_US 10000000
/* A growth step counts at most this much time, so that a suspend does not lift a hold at once. */
#define GROW_STEP_MAX_US 5000000
/* Offline use × 6/5 below the quota: it no longer limits. */
#define SLACK_NUM 6u
#define SLACK_DEN 5u

/* Since 6.18 a throttled task stops on its way back to user space. Before, the whole run queue
 * stops, kernel locks and all, and small quotas stall online work: the floor is higher there. */
#define PER_TASK_THROTTLE_MAJOR 6
#define PER_TASK_THROTTLE_MINOR 18

/* What one step looks at. */
struct view {
	bool holdable; /* some offline pod may meet a quota */
	uint32_t target_permille;
	uint64_t capacity_milli;
	uint64_t floor_milli;
	uint64_t offline_milli;	  /* use of the pods that a quota would meet */
	bool measured;		  /* bound_milli is valid */
	uint64_t bound_milli;	  /* what the target leaves for them, at least the floor */
	const struct pod *waiter; /* the online pod that waits longest past the threshold, or NULL */
	uint64_t waited_permille;
	uint64_t waited_of_us;
};

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static bool may_squeeze(const struct policy *policy, const struct assignment *a)
{
	return a->state == ASSIGNMENT_LEVEL && a->role == ROLE_OFFLINE && a->may_hold &&
	       policy->levels[a->level].cpu.squeeze;
}

/* A pod inside another pod's cgroup is part of that one's use. */
static bool is_nested(const struct pod *pod)
{
	for (const struct cgroup *up = pod->cgroup->parent; up; up = up->parent)
		if (up->pod && up->pod->cgroup == up)
			return true;
	return false;
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

		if (!may_squeeze(policy, a))
			continue;
		cpu = &policy->levels[a->level].cpu;
		v->holdable = true;
		if (cpu->squeeze_target_permille < v->target_permille)
			v->target_permille = cpu->squeeze_target_permille;
		floor_permille = max_u64(floor_permille, cpu->squeeze_floor_permille);
	}
	v->capacity_milli = model->node.n_cpus * CPU_MILLI;
	v->floor_milli = v->capacity_milli * floor_permille / PERMILLE;
	if (!release_at_least(model->node.kernel, PER_TASK_THROTTLE_MAJOR,
			      PER_TASK_THROTTLE_MINOR)) {
		uint64_t quarter = min_u64(CPU_MILLI, v->capacity_milli / 4);

		v->floor_milli = max_u64(v->floor_milli, max_u64(v->capacity_milli / 10, quarter));
	}
	v->floor_milli = min_u64(v->floor_milli, v->capacity_milli);
}

/* Quota = capacity × target − what all others use; system use is what no pod accounts for. */
static void see_use(struct view *v, const struct wait_look *look)
{
	uint64_t window_us = look->policy->pressure_cpu.window_us, pods = 0, others = 0, busy;
	const struct model *model = look->model;
	uint64_t target = v->capacity_milli * v->target_permille / PERMILLE;

	for (size_t i = 0; i < model->n_pods; i++) {
		const struct pod *pod = model->pods[i];
		uint64_t milli;

		if (is_nested(pod) ||
		    cpu_use_pod_milli(look->samples, pod, window_us, look->now_us, &milli) < 0)
			continue;
		pods += milli;
		if (may_squeeze(look->policy, plan_assignment(look->plan, pod)))
			v->offline_milli += milli;
		else
			others += milli;
	}
	if (cpu_use_node_milli(look->samples, window_us, look->now_us, &busy) < 0)
		return;
	if (busy > pods)
		others += busy - pods;
	v->measured = true;
	v->bound_milli = max_u64(target > others ? target - others : 0, v->floor_milli);
}

static void see_waiter(struct view *v, const struct wait_look *look,
		       const struct efficacy *efficacy)
{
	const struct model *model = look->model;

	for (size_t i = 0; i < model->n_pods; i++) {
		uint64_t permille, span_us;

		if (efficacy_rests(efficacy, model->pods[i], look->now_us, NULL) ||
		    !wait_over_threshold(look, model->pods[i], &permille, &span_us) ||
		    (v->waiter && permille <= v->waited_permille))
			continue;
		v->waiter = model->pods[i];
		v->waited_permille = permille;
		v->waited_of_us = span_us;
	}
}

/* Who waited, and what that made of the quota. */
static void blame(struct ladder_cpu *ladder, const struct view *v, uint32_t threshold_permille)
{
	struct reason *r = &ladder->reason;

	*r = (struct reason){
		.level = LEVEL_NONE,
		.rule = -1,
		.observed = v->waited_permille,
		.limit = threshold_permille,
		.for_us = v->waited_of_us,
	};
	who_set(r, v->waiter->name);
}

static void note_quota(struct ladder_cpu *ladder, const struct view *v)
{
	bool at_floor = ladder->quota_cpu_milli <= v->floor_milli;

	ladder->reason.code = at_floor ? REASON_SQUEEZE_FLOOR : REASON_SQUEEZE;
	ladder->reason.extra = cpu_use_permille(ladder->quota_cpu_milli, v->capacity_milli);
}

static void to_calm(struct ladder_cpu *ladder, const struct reason *reason, int64_t now_us)
{
	ladder->rung = RUNG_CALM;
	ladder->since_us = now_us;
	ladder->quota_cpu_milli = 0;
	ladder->steps++;
	ladder->reason = *reason;
	efficacy_end(&ladder->efficacy);
}

static void release(struct ladder_cpu *ladder, int64_t now_us)
{
	int64_t calm_us = now_us > ladder->pressure_us ? now_us - ladder->pressure_us : 0;
	struct reason reason = {
		.code = REASON_RELEASED,
		.level = LEVEL_NONE,
		.rule = -1,
		.for_us = (uint64_t)calm_us,
	};

	to_calm(ladder, &reason, now_us);
}

static void step_calm(struct ladder_cpu *ladder, const struct view *v, const struct wait_look *look)
{
	int64_t now_us = look->now_us;

	if (v->waiter)
		ladder->pressure_us = now_us;
	if (!v->waiter || !v->measured || v->offline_milli <= v->floor_milli)
		return;
	ladder->rung = RUNG_SQUEEZE;
	ladder->since_us = now_us;
	ladder->grown_us = now_us;
	ladder->steps++;
	ladder->quota_cpu_milli = v->bound_milli;
	blame(ladder, v, look->policy->pressure_cpu.threshold_permille);
	note_quota(ladder, v);
	efficacy_begin(&ladder->efficacy, look);
}

static void grow(struct ladder_cpu *ladder, const struct view *v, uint64_t limit_milli,
		 int64_t now_us)
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
static bool limits_nothing(const struct ladder_cpu *ladder, const struct view *v,
			   const struct policy *policy)
{
	uint64_t span_us = policy->pressure_cpu.window_us + 1000000;
	uint64_t grown = v->capacity_milli * GROW_PERMILLE_PER_S / PERMILLE * span_us / 1000000;

	return ladder->quota_cpu_milli > grown &&
	       ladder->quota_cpu_milli - grown >= v->offline_milli * SLACK_NUM / SLACK_DEN;
}

static void step_squeeze(struct ladder_cpu *ladder, const struct view *v,
			 const struct wait_look *look)
{
	const struct policy *policy = look->policy;
	int64_t now_us = look->now_us;
	struct reason useless;
	bool peace;

	if (efficacy_is_useless(&ladder->efficacy, look, &useless)) {
		to_calm(ladder, &useless, now_us);
		return;
	}
	if (v->waiter) {
		ladder->pressure_us = now_us;
		ladder->grown_us = now_us;
		blame(ladder, v, policy->pressure_cpu.threshold_permille);
	}
	peace = now_us - ladder->pressure_us >= CALM_AFTER_US;
	/* Nothing has grown since a wait of this very moment. */
	grow(ladder, v, v->measured && !peace ? v->bound_milli : v->capacity_milli, now_us);
	if (v->measured && !peace)
		ladder->quota_cpu_milli = min_u64(ladder->quota_cpu_milli, v->bound_milli);
	ladder->quota_cpu_milli = max_u64(ladder->quota_cpu_milli, v->floor_milli);
	if (peace &&
	    (ladder->quota_cpu_milli >= v->capacity_milli || limits_nothing(ladder, v, policy)))
		release(ladder, now_us);
	else
		note_quota(ladder, v);
}

void ladder_cpu_step(struct ladder_cpu *ladder, const struct model *model,
		     const struct samples *samples, const struct policy *policy,
		     const struct plan *plan, int64_t now_us)
{
	const struct wait_look look = {
		.model = model,
		.samples = samples,
		.policy = policy,
		.plan = plan,
		.now_us = now_us,
	};
	struct view v = {0};

	efficacy_expire(&ladder->efficacy, &look);
	if (policy->pressure_cpu.on && model_can(model, CAPABILITY_CPU_MAX))
		see_levels(&v, model, policy, plan);
	if (!v.holdable || v.capacity_milli == 0) {
		if (ladder->rung != RUNG_CALM)
			release(ladder, now_us);
		return;
	}
	see_use(&v, &look);
	see_waiter(&v, &look, &ladder->efficacy);
	if (ladder->rung == RUNG_CALM)
		step_calm(ladder, &v, &look);
	else
		step_squeeze(ladder, &v, &look);
}

void ladder_cpu_reset(struct ladder_cpu *ladder, int64_t now_us, uint64_t gap_us)
{
	bool held = ladder->rung != RUNG_CALM;

	*ladder = (struct ladder_cpu){
		.rung = RUNG_CALM,
		.since_us = now_us,
		.steps = ladder->steps + held,
		.reason = {.code = REASON_GAP, .level = LEVEL_NONE, .rule = -1, .for_us = gap_us},
	};
}
