// SPDX-License-Identifier: LGPL-2.1-or-later
// See calibrate.h.
#include "policy/calibrate.h"

#include <string.h>

#include "policy/decide.h"
#include "policy/ring.h"
#include "policy/score.h"

/* A sample is of the hold where it is at most so much older than the pass that ends it. */
#define FRESH_US 200000

static bool rung_is_up(const struct calibrate_look *look)
{
	return calm_node(&look->calm) == CALM_RUNG;
}

/* How much the pod waits of which nobody knows whether that is usual; 0: there is nothing to find out. */
static uint32_t unknown_permille(const struct calibrate_look *look, const struct pod *pod)
{
	const struct pod_score *s = score_of(look->scores, pod);
	uint32_t most = 0;

	for (int r = 0; s && r < RESOURCE_COUNT; r++) {
		const struct score_value *v = &s->by[r];

		if ((v->state == SCORE_LEARNING || v->state == SCORE_NO_BASELINE) &&
		    v->stalled_permille > most)
			most = v->stalled_permille;
	}
	return most;
}

static bool is_needed(const struct calibrate_look *look)
{
	for (size_t i = 0; i < look->calm.model->n_pods; i++)
		if (unknown_permille(look, look->calm.model->pods[i]) > 0)
			return true;
	return false;
}

enum calibrate_why calibrate_why(const struct calibration *c, const struct calibrate_look *look)
{
	enum calm calm;

	if (!look->asked)
		return CALIBRATE_NOT_ASKED;
	if (rung_is_up(look))
		return CALIBRATE_RUNG;
	if (c->began_us > 0 || look->calm.now_us < c->rest_until_us)
		return CALIBRATE_SOON;
	calm = calm_node(&look->calm);
	if (calm != CALM_OFFLINE_CPU && calm != CALM_OFFLINE_IO)
		return CALIBRATE_CALM;
	return is_needed(look) ? CALIBRATE_DUE : CALIBRATE_NO_NEED;
}

/* Where it is full, those stay that waited most. */
static void add_pod(struct calibration *c, const struct calibrate_look *look, const struct pod *pod,
		    uint32_t least[CALIBRATE_PODS])
{
	const struct pod_history *h = ring_of(look->calm.samples, pod->slot, pod->serial);
	const struct pod_sample *last = h ? ring_last(h) : NULL;
	uint32_t waits = unknown_permille(look, pod), at = c->n_pods;
	const struct pod_score *s = score_of(look->scores, pod);

	if (!last || waits == 0 || look->calm.now_us - last->at_us > FRESH_US)
		return;
	if (at == CALIBRATE_PODS) {
		at = 0;
		for (uint32_t i = 1; i < CALIBRATE_PODS; i++)
			at = least[i] < least[at] ? i : at;
		if (least[at] >= waits)
			return;
	} else {
		c->n_pods++;
	}
	least[at] = waits;
	c->pods[at] = (struct calibrate_pod){.serial = pod->serial, .valid = last->valid};
	for (int r = 0; r < RESOURCE_COUNT; r++) {
		c->pods[at].stalled_us[r] = last->psi[r].some_us;
		c->pods[at].before_permille[r] = s->by[r].stalled_permille;
	}
}

void calibrate_begin(struct calibration *c, const struct calibrate_look *look)
{
	uint32_t least[CALIBRATE_PODS] = {0};

	c->began_us = look->calm.now_us;
	c->n_pods = 0;
	for (size_t i = 0; i < look->calm.model->n_pods; i++)
		add_pod(c, look, look->calm.model->pods[i], least);
}

bool calibrate_must_end(const struct calibration *c, const struct calibrate_look *look)
{
	return c->began_us > 0 && (look->calm.now_us - c->began_us >= CALIBRATE_HOLD_US ||
				   rung_is_up(look) || !look->asked);
}

static bool result_of(const struct calibration *c, const struct calibrate_look *look,
		      const struct calibrate_pod *p, struct calibrate_result *ret)
{
	const struct pod *pod = model_pod(look->calm.model, p->serial);
	const struct pod_history *h = pod ? ring_of(look->calm.samples, pod->slot, pod->serial)
					  : NULL;
	const struct pod_sample *last = h ? ring_last(h) : NULL;
	int64_t span_us = last ? last->at_us - c->began_us : 0;

	if (!last || look->calm.now_us - last->at_us > FRESH_US || span_us <= 0)
		return false;
	*ret = (struct calibrate_result){.serial = p->serial};
	for (int r = 0; r < RESOURCE_COUNT; r++) {
		uint64_t total_us = last->psi[r].some_us, part;

		if (!(last->valid & p->valid & ((uint32_t)SAMPLE_PSI_CPU << r)) ||
		    total_us < p->stalled_us[r])
			continue;
		part = (total_us - p->stalled_us[r]) * 1000 / (uint64_t)span_us;
		ret->valid[r] = true;
		ret->before_permille[r] = p->before_permille[r];
		ret->without_permille[r] = part < 1000 ? (uint32_t)part : 1000;
	}
	return true;
}

uint32_t calibrate_end(struct calibration *c, const struct calibrate_look *look,
		       struct calibrate_result results[CALIBRATE_PODS])
{
	int64_t lasted_us = look->calm.now_us - c->began_us;
	uint32_t n = 0;

	if (c->began_us == 0)
		return 0;
	if (lasted_us >= CALIBRATE_HOLD_US && !rung_is_up(look))
		for (uint32_t i = 0; i < c->n_pods; i++)
			n += result_of(c, look, &c->pods[i], &results[n]);
	c->n++;
	c->held_us += (uint64_t)lasted_us;
	c->rest_until_us = look->calm.now_us + lasted_us * (CALIBRATE_PARTS - 1);
	c->began_us = 0;
	return n;
}
