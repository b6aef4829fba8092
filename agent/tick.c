// SPDX-License-Identifier: LGPL-2.1-or-later
// The whole pass on one page: discover → observe → decide → apply. Level-triggered: every pass
// works out the whole wanted state and writes only the difference, so that a pass that was missed,
// cut short or run twice does no harm. Serving comes after it, from the snapshot.
#include "agent/tick.h"

#include <errno.h>
#include <string.h>

#include "agent/account.h"
#include "agent/account_facts.h"
#include "agent/account_losses.h"
#include "agent/apply/units.h"
#include "agent/base/log.h"
#include "agent/baseline_store.h"
#include "agent/calibrator.h"
#include "agent/controllers.h"
#include "agent/effects.h"
#include "agent/evictor.h"
#include "agent/incidents.h"
#include "agent/killer.h"
#include "agent/lend_store.h"
#include "agent/life.h"
#include "agent/mode_sources.h"
#include "agent/net.h"
#include "agent/orders.h"
#include "agent/reclaimer.h"
#include "agent/slis.h"
#include "agent/tasks.h"
#include "agent/workers.h"
#include "policy/culprit_trial.h"
#include "policy/culprit_watch.h"
#include "policy/decide.h"
#include "policy/diff.h"
#include "policy/efficacy.h"
#include "policy/floor.h"
#include "policy/ladder_io.h"
#include "policy/ladder_memory.h"
#include "policy/memory_bounds.h"
#include "policy/score.h"
#include "policy/seconds.h"

/* Passes may come in bursts (a deployment starts many pods); samples closer than this would push
 * the 10 s window of the score out of the ring (64 samples). */
#define SAMPLE_SPACING_US 200000
/* What the kernel has just told is worth a look of its own; the ring is thinned (ring.h). */
#define TRIGGER_SPACING_US 50000
/* After it told that somebody waits for memory: how fast it gets short is known after a second. */
#define WOKEN_US 2000000
/* ... and not again at once: a pod that is slowed down by a bound of its own makes its trigger, or the node's, fire each
 * second for as long as it lives. */
#define WOKEN_REST_US 10000000

static bool has_cgroup(const struct model *model, const struct cgroup *cgroup)
{
	for (size_t i = 0; i < model->n_cgroups; i++)
		if (model->cgroups[i] == cgroup)
			return true;
	return false;
}

/* What was done to a cgroup that is gone cannot be shown any more: its name goes with it. */
static void forget_gone(struct changes *changes, const struct model *model)
{
	size_t kept = 0;

	for (size_t i = 0; i < changes->n; i++)
		if (has_cgroup(model, changes->list[i].cgroup))
			changes->list[kept++] = changes->list[i];
	changes->n = kept;
}

static void discover_stage(struct state *s, int64_t now_us)
{
	int r = discover_update(s->discover, now_us);

	if (r < 0)
		log_warning("tick.discover",
			    "cannot read the cgroup tree: %s. Nothing changes until it can be read",
			    strerror(-r));
	if (r > 0) {
		forget_gone(&s->last_changes, discover_model(s->discover));
		apply_adopt(s->apply, discover_model(s->discover));
		(void)discover_derive(s->discover);
	}
}

static void observe_stage(struct state *s, int64_t now_us)
{
	int64_t spacing_us = s->triggered ? TRIGGER_SPACING_US : SAMPLE_SPACING_US;

	s->triggered = false;
	if (s->sampled_us > 0 && now_us - s->sampled_us < spacing_us)
		return;
	s->sampled_us = now_us;
	if (observe_sample(s->observe, discover_model(s->discover), now_us) < 0)
		log_warning("tick.observe", "no memory for a sample: acting on older ones");
}

/* Into memory only, and before apply changes the knobs of the model. */
static void record_stage(struct state *s, int64_t now_us, const struct ladders *before,
			 const struct floor_cpu *floor_before)
{
	const struct record_pass pass = {
		.now_us = now_us,
		.modes = &s->status.modes,
		.model = discover_model(s->discover),
		.samples = observe_samples(s->observe),
		.policy = s->policy,
		.ladders_before = before,
		.ladders_after = &s->ladders,
		.floor_before = floor_before,
		.floor_after = &s->floor_cpu,
		.plan = &s->plan,
		.scores = &s->scores,
		.changes = &s->changes,
		.kill = killer_look(s),
		.evict = evictor_look(s),
		.order = evictor_order_look(s),
		.net = net_record(s),
		.slis = &s->slis,
	};

	record_pass(s->record, &pass);
}

static int score_stage(struct state *s, int64_t now_us)
{
	const struct score_look look = {
		.model = discover_model(s->discover),
		.samples = observe_samples(s->observe),
		.plan = &s->plan,
		.baselines = baseline_store_get(s->baseline_store),
	};

	baseline_store_feed(s, now_us);
	return score(&look, &s->scores);
}

/* What the holds that were judged in this pass prove. */
static void trial_stage(struct state *s, const struct ladders *before, int64_t now_us)
{
	for (int i = RESOURCE_CPU; s->policy && i <= RESOURCE_MEMORY; i++) {
		const struct efficacy *e = &before->of[i].efficacy;
		const struct policy *p = s->policy;
		const struct culprit_trial_look look = {
			.wait = {.model = discover_model(s->discover),
				 .samples = observe_samples(s->observe),
				 .policy = p,
				 .plan = &s->plan,
				 .rule = i == RESOURCE_CPU     ? &p->pressure_cpu
					 : efficacy_is_full(e) ? &p->pressure_full
							       : &p->pressure_memory,
				 .resource = (enum resource)i,
				 .now_us = now_us},
			.before = e,
			.after = &s->ladders.of[i].efficacy,
			.seconds = &s->seconds,
			.scores = &s->scores,
		};

		culprit_trial_step(&s->culprit_trials, &look);
	}
}

/* For people. Without memory for its minute nobody is named for a pod. */
static void culprit_stage(struct state *s, int64_t now_us)
{
	const struct culprit_watch_look look = {
		.model = discover_model(s->discover),
		.seconds = &s->seconds,
		.plan = &s->plan,
		.scores = &s->scores,
		.now_us = now_us,
	};

	(void)seconds_feed(&s->seconds, look.model, observe_samples(s->observe), net_shown(s),
			   now_us);
	culprit_watch_step(&s->culprits, &look);
}

/* For the samples to come. */
static void look_at_nodes(struct state *s, int64_t now_us)
{
	const struct decide_input in = {
		.model = discover_model(s->discover),
		.samples = observe_samples(s->observe),
		.policy = s->policy,
		.ladders = &s->ladders,
		.now_us = now_us,
	};

	observe_nodes(s->observe, in.model, &s->plan, memory_bounds_short(&in, &s->plan));
}

/* The same. In mode off nothing is asked of the kernel that costs pods time. */
static void look_at_cpi(struct state *s)
{
	bool on = s->status.modes.by[RESOURCE_CPU] != MODE_OFF;

	observe_cpi(s->observe, discover_model(s->discover), &s->plan, on ? s->policy : NULL);
}

/* What the next pass needs to know. */
static void look_at_disks(struct state *s, int64_t now_us)
{
	const struct model *model = discover_model(s->discover);
	const struct knob_disks disks = ladder_io_disks(&s->ladders);

	s->disks_asked = discover_ask_disks(s->discover, &disks);
	if (s->status.modes.by[RESOURCE_IO] > MODE_OFF &&
	    (incidents_want_disks(s) ||
	     ladder_io_wants_disks(&s->ladders, model, observe_samples(s->observe), s->policy,
				   &s->plan)))
		observe_want_pod_disks(s->observe, now_us);
}

static int decide_stage(struct state *s, int64_t now_us)
{
	const struct model *model = discover_model(s->discover);
	const struct samples *samples = observe_samples(s->observe);
	struct ladders before = s->ladders;
	struct floor_cpu floor_before = s->floor_cpu;
	int r;

	calibrator_look(s, now_us);
	r = decide(model, samples, s->policy, now_us, &s->ladders, &s->plan);
	if (r < 0)
		return r;
	net_decide(s, now_us);
	look_at_disks(s, now_us);
	floor_step(&s->floor_cpu, model, samples, &s->plan, now_us);
	account_facts(s);
	account_rungs(s, &before);
	effects_pass(s);
	r = score_stage(s, now_us);
	if (r < 0)
		return r;
	slis_pass(s);
	trial_stage(s, &before, now_us);
	r = diff(model, &s->plan, &s->status.modes, false, &s->changes);
	evictor_decide(s);
	killer_decide(s);
	if (r == 0)
		record_stage(s, now_us, &before, &floor_before);
	calibrator_check(s, now_us);
	look_at_nodes(s, now_us);
	look_at_cpi(s);
	/* Decided and recorded is by what these were before. */
	evictor_see_returned(s);
	observe_usual(s->observe, model, &s->scores);
	return r;
}

/* Mode off touches nothing, and a trigger is written into a pressure file. */
static uint32_t resources_on(const struct modes *modes)
{
	uint32_t on = 0;

	for (int i = 0; i < RESOURCE_COUNT; i++)
		if (modes->by[i] != MODE_OFF)
			on |= 1u << i;
	return on;
}

static void apply_stage(struct state *s, int64_t now_us)
{
	int r;

	if (controllers_check(s))
		discover_rescan(s->discover); /* the new files are planned in the next pass */
	apply_look_at_fights(s->apply, discover_model(s->discover));
	r = apply_changes(s->apply, discover_model(s->discover), &s->changes, false);

	if (r < 0 && !s->no_record_said)
		log_err("tick.apply",
			"original values cannot be recorded (%s), so nothing is changed: make room "
			"in /run/colod",
			strerror(-r));
	if (r >= 0 && s->no_record_said)
		log_info("tick.apply", "original values can be recorded again");
	s->no_record_said = r < 0;
	reclaimer_run(s);
	killer_run(s);
	evictor_run(s);
	tasks_run(s);
	net_run(s, now_us);
	discover_watch_owned(s->discover);
	units_pass(apply_units(s->apply), discover_model(s->discover), s->status.pass_us);
	(void)observe_triggers(s->observe, discover_model(s->discover), &s->plan, s->policy,
			       resources_on(&s->status.modes), &s->trigger_ops);
}

static void account_stage(struct state *s)
{
	struct status *status = &s->status;
	struct apply_drift drift = apply_drift(s->apply);
	struct units_counts units = units_counts(apply_units(s->apply));
	uint64_t pending = 0;

	for (size_t i = 0; i < s->changes.n; i++) {
		const struct change *c = &s->changes.list[i];

		status->writes += c->done && c->kind == CHANGE_WRITE;
		status->restores += c->done && c->kind == CHANGE_RESTORE;
		status->refusals += c->refusal != REFUSAL_NONE && c->refusal != REFUSAL_GONE;
		pending += !c->done;
	}
	status->pending = pending;
	account_withheld(s);
	account_losses(s);
	status->withheld = s->changes.n_withheld;
	status->rewrites = drift.rewrites;
	status->fights = drift.fights;
	status->contested = drift.contested;
	status->units_told = units.told;
	status->units_waiting = units.waiting;
	status->unit_calls = units.calls;
	status->unit_refusals = units.refusals;
	status->triggers = observe_n_triggers(s->observe);
	status->unsampled = observe_n_unsampled(s->observe);
	status->log_suppressed = log_suppressed();
	status->passes++;
	if (s->changes.n > 0) {
		struct changes shown = s->last_changes;

		s->last_changes = s->changes;
		s->changes = shown;
	}
}

void tick(struct state *s, int64_t now_us)
{
	life_pass(s, now_us);
	s->status.pass_us = now_us;
	mode_sources_update(s);
	account_modes(s, NULL);
	discover_stage(s, now_us);
	workers_collect(s);
	net_collect(s);
	observe_stage(s, now_us);
	orders_pass(s, now_us);
	if (decide_stage(s, now_us) < 0) {
		log_err("tick.memory", "no memory to decide: nothing is changed in this pass");
		changes_clear(&s->changes);
	}
	apply_stage(s, now_us);
	account_stage(s);
	culprit_stage(s, now_us);
	incidents_pass(s, now_us);
	history_flush(s->history);
	baseline_store_keep(s, now_us);
	lend_store_pass(s, now_us);
	record_flush(s->record);
}

void tick_wake(struct state *s, int64_t now_us, bool memory)
{
	s->status.trigger_events++;
	s->triggered = true;
	if (memory && (s->woken_us == 0 || now_us - s->woken_us >= WOKEN_REST_US))
		s->woken_us = now_us;
}

void tick_begin(struct state *s, int64_t now_us)
{
	s->begun_us = now_us;
	calibrator_start(s, now_us);
	if (observe_sample(s->observe, discover_model(s->discover), now_us) < 0)
		log_warning("tick.observe", "no memory for a first sample");
}

bool tick_is_tense(const struct state *s)
{
	if (s->woken_us > 0 && s->status.pass_us - s->woken_us < WOKEN_US)
		return true;
	if (s->begun_us > 0 && s->status.pass_us - s->begun_us < WOKEN_US)
		return true;
	/* What there is to be written is known as soon as it was read. */
	if (s->disks_asked)
		return true;
	return s->policy &&
	       ladder_memory_is_tense(&s->ladders.of[RESOURCE_MEMORY], discover_model(s->discover),
				      observe_samples(s->observe), s->policy, &s->plan,
				      s->status.pass_us);
}
