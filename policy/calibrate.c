// SPDX-License-Identifier: LGPL-2.1-or-later
// See calibrate.h.
#include "policy/calibrate.h"

#include <string.h>

#include "policy/cpu_room.h"
#include "policy/cpu_use.h"
#include "policy/decide.h"
#include "policy/knob.h"
#include "policy/ladder_cpu.h"
#include "policy/ring.h"
#include "policy/score.h"

/* A sample is of the hold where it is at most so much older than the pass that ends it. */
#define FRESH_US 200000
#define USE_US 2000000
/* It has to take at least half of what offline work uses: else what is seen is mostly what was there before. */
#define TAKES 2u

const char *calibrate_text(enum calibrate_why why)
{
	static const char *const texts[CALIBRATE_WHY_COUNT] = {
		[CALIBRATE_DUE] = "",
		[CALIBRATE_NOT_ASKED] = "the policy does not ask for it",
		[CALIBRATE_NO_MODE] = "the mode does not allow holds of CPU",
		[CALIBRATE_RUNG] = "a rung is up, or was within 30 s",
		[CALIBRATE_BUSY] = "an order by hand is in force, or a pod is being evicted or "
				   "killed, or was a moment ago",
		[CALIBRATE_SOON] = "the time of the last one, or of the start, has not passed "
				   "two hundred times",
		[CALIBRATE_CALM] = "offline work rests, or the node is short of memory, or not "
				   "measured",
		[CALIBRATE_NO_NEED] = "every online pod that waits for CPU has a baseline",
		[CALIBRATE_LITTLE] = "nobody may be held, or more than half of what offline work "
				     "uses would go on",
	};

	return (unsigned)why < CALIBRATE_WHY_COUNT ? texts[why] : "";
}

/* Nobody knows what is usual, or knows it from holds of long ago. */
static bool is_open(const struct score_value *v)
{
	const struct score_baseline *b = &v->baseline;

	if (v->state != SCORE_LEARNING && v->state != SCORE_NO_BASELINE)
		return false;
	/* At so much load it was never seen at all: there is no place yet. */
	if (b->load_to_milli == 0)
		return false;
	return b->basis != SCORE_BASIS_HELD || b->age_us >= CALIBRATE_AGAIN_US;
}

/* How much the pod waits of which nobody knows whether that is usual; 0: there is nothing to find out. */
static uint32_t unknown_permille(const struct calibrate_look *look, const struct pod *pod)
{
	const struct pod_score *s = score_of(look->scores, pod);
	const struct score_value *v = s ? &s->by[RESOURCE_CPU] : NULL;

	return v && is_open(v) ? v->stalled_permille : 0;
}

/* What is waited between a sample and the hold would count as waited in it. */
static const struct pod_sample *sample_of_now(const struct calibrate_look *look,
					      const struct pod *pod)
{
	const struct pod_history *h = ring_of(look->calm.samples, pod->slot, pod->serial);
	const struct pod_sample *last = h ? ring_last(h) : NULL;

	return last && last->at_us >= look->calm.now_us && (last->valid & SAMPLE_PSI_CPU) ? last
											  : NULL;
}

/* *ret_measured: for somebody of them there is a sample of this pass. */
static bool is_needed(const struct calibrate_look *look, bool *ret_measured)
{
	bool needed = false;

	*ret_measured = false;
	for (size_t i = 0; i < look->calm.model->n_pods; i++) {
		const struct pod *pod = look->calm.model->pods[i];

		if (unknown_permille(look, pod) == 0)
			continue;
		needed = true;
		*ret_measured = *ret_measured || sample_of_now(look, pod);
	}
	return needed;
}

/* What offline work uses, and of that what the hold may meet. False: of some of it that is not known. */
static bool use_of_offline(const struct calibrate_look *look, uint64_t *ret_all_milli,
			   uint64_t *ret_held_milli)
{
	const struct model *model = look->calm.model;
	uint64_t milli;

	*ret_all_milli = *ret_held_milli = 0;
	for (size_t i = 0; i < model->n_pods; i++) {
		const struct pod *pod = model->pods[i];

		if (cpu_room_is_nested(pod) || !calm_may_be_offline(&look->calm, pod))
			continue;
		if (cpu_use_pod_milli(look->calm.samples, pod, USE_US, look->calm.now_us, &milli) <
		    0)
			return false;
		*ret_all_milli += milli;
		if (cpu_room_may_hold(look->policy, plan_assignment(look->calm.plan, pod)))
			*ret_held_milli += milli;
	}
	return true;
}

/* Whether the hold would take enough of all offline work for anything to be seen (what nobody may hold goes on), or why not. */
static enum calibrate_why takes_enough(const struct calibrate_look *look)
{
	uint64_t floor_milli =
		ladder_cpu_floor_milli(look->calm.model, look->policy, look->calm.plan);
	uint64_t all_milli, held_milli;

	if (!use_of_offline(look, &all_milli, &held_milli))
		return CALIBRATE_CALM;
	return floor_milli > 0 && TAKES * (all_milli - held_milli + floor_milli) <= all_milli
		       ? CALIBRATE_DUE
		       : CALIBRATE_LITTLE;
}

enum calibrate_why calibrate_why(const struct calibration *c, const struct calibrate_look *look)
{
	enum calm calm;
	bool measured;

	if (!look->policy->score.calibrate)
		return CALIBRATE_NOT_ASKED;
	if (!look->may_hold)
		return CALIBRATE_NO_MODE;
	if (calm_rung_is_up(&look->calm))
		return CALIBRATE_RUNG;
	if (look->busy)
		return CALIBRATE_BUSY;
	if (c->began_us > 0 || look->calm.now_us < c->rest_until_us)
		return CALIBRATE_SOON;
	calm = calm_node(&look->calm);
	if (calm != CALM_OFFLINE_CPU && calm != CALM_OFFLINE_IO)
		return CALIBRATE_CALM;
	if (!is_needed(look, &measured))
		return CALIBRATE_NO_NEED;
	if (!measured)
		return CALIBRATE_CALM;
	return takes_enough(look);
}

/* Where it is full, those stay that waited most. */
static void add_pod(struct calibration *c, const struct calibrate_look *look, const struct pod *pod)
{
	const struct pod_sample *last = sample_of_now(look, pod);
	uint32_t waits = unknown_permille(look, pod), at = c->n_pods;

	if (!last || waits == 0)
		return;
	if (at == CALIBRATE_PODS) {
		at = 0;
		for (uint32_t i = 1; i < CALIBRATE_PODS; i++)
			if (c->pods[i].before_permille < c->pods[at].before_permille)
				at = i;
		if (c->pods[at].before_permille >= waits)
			return;
	} else {
		c->n_pods++;
	}
	c->pods[at] = (struct calibrate_pod){
		.serial = pod->serial,
		.begin = *last,
		.before_permille = waits,
		.load_milli = score_of(look->scores, pod)->by[RESOURCE_CPU].baseline.load_to_milli,
	};
}

void calibrate_begin(struct calibration *c, const struct calibrate_look *look)
{
	c->began_us = look->calm.now_us;
	c->n_pods = 0;
	for (size_t i = 0; i < look->calm.model->n_pods; i++)
		add_pod(c, look, look->calm.model->pods[i]);
}

static bool is_cut(const struct calibrate_look *look)
{
	return calm_rung_is_up(&look->calm) || look->busy || !look->may_hold ||
	       !look->policy->score.calibrate;
}

bool calibrate_must_end(const struct calibration *c, const struct calibrate_look *look)
{
	return c->began_us > 0 &&
	       (look->calm.now_us - c->began_us >= CALIBRATE_HOLD_US || is_cut(look));
}

int64_t calibrate_next_us(const struct calibration *c)
{
	return c->began_us > 0 ? c->began_us + CALIBRATE_HOLD_US : INT64_MAX;
}

/* With offline work gone it may have met its own limit: that is waited for no other. False where it is not known, too. */
static bool is_of_others(const struct pod_sample *from, const struct pod_sample *to)
{
	uint64_t throttled = 0;
	int r = cpu_use_throttled_permille(from, to, &throttled);

	return r >= 0 && (r == 0 || throttled <= CPU_USE_OWN_FAULT_PERMILLE);
}

static bool result_of(const struct calibrate_look *look, const struct calibrate_pod *p,
		      struct calibrate_result *ret)
{
	const struct pod *pod = model_pod(look->calm.model, p->serial);
	const struct pod_history *h = pod ? ring_of(look->calm.samples, pod->slot, pod->serial)
					  : NULL;
	const struct pod_sample *last = h ? ring_last(h) : NULL;
	int64_t span_us = last ? last->at_us - p->begin.at_us : 0;
	uint64_t part, before_us = p->begin.psi[RESOURCE_CPU].some_us;

	if (!last || look->calm.now_us - last->at_us > FRESH_US || span_us <= 0 ||
	    !(last->valid & SAMPLE_PSI_CPU) || last->psi[RESOURCE_CPU].some_us < before_us ||
	    !is_of_others(&p->begin, last))
		return false;
	part = (last->psi[RESOURCE_CPU].some_us - before_us) * 1000 / (uint64_t)span_us;
	*ret = (struct calibrate_result){
		.serial = p->serial,
		.before_permille = p->before_permille,
		.without_permille = part < 1000 ? (uint32_t)part : 1000,
		.load_milli = p->load_milli,
	};
	return true;
}

static bool stands(const struct model *model, const struct knob_state *s)
{
	return knob_hold_stands(KNOB_CPU_MAX, s, model->node.page_bytes);
}

/* Each quota that was decided for it is in force, and nobody wrote over any. */
static bool was_held(const struct model *model, const struct plan *plan)
{
	bool any = false;

	for (size_t i = 0; i < plan->n_entries; i++)
		if (plan->entries[i].reason.code == REASON_CALIBRATE &&
		    !stands(model, &plan->entries[i].cgroup->knobs[KNOB_CPU_MAX]))
			return false;
	for (size_t i = 0; i < model->n_cgroups; i++) {
		const struct knob_state *s = &model->cgroups[i]->knobs[KNOB_CPU_MAX];

		if (!s->owned || !s->held)
			continue;
		if (!stands(model, s))
			return false;
		any = true;
	}
	return any;
}

static void rest(struct calibration *c, int64_t now_us, int64_t lasted_us)
{
	/* Then the machine slept, or the agent did: what held meanwhile was ended by whoever looks after it. */
	if (lasted_us > CALIBRATE_LATE_US)
		lasted_us = CALIBRATE_LATE_US;
	c->n++;
	c->held_us += (uint64_t)lasted_us;
	c->rest_until_us = now_us + lasted_us * (CALIBRATE_PARTS - 1);
	c->began_us = 0;
	c->ended_us = now_us;
}

uint32_t calibrate_end(struct calibration *c, const struct calibrate_look *look,
		       struct calibrate_result results[CALIBRATE_PODS])
{
	int64_t lasted_us = look->calm.now_us - c->began_us;
	uint32_t n = 0;

	if (c->began_us == 0)
		return 0;
	if (lasted_us >= CALIBRATE_HOLD_US && lasted_us <= CALIBRATE_MOST_US && !is_cut(look) &&
	    was_held(look->calm.model, look->calm.plan))
		for (uint32_t i = 0; i < c->n_pods; i++)
			n += result_of(look, &c->pods[i], &results[n]);
	rest(c, look->calm.now_us, lasted_us);
	return n;
}

void calibrate_rest(struct calibration *c, int64_t now_us)
{
	c->rest_until_us = now_us + (int64_t)CALIBRATE_HOLD_US * (CALIBRATE_PARTS - 1);
	c->began_us = 0;
}
