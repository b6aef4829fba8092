// SPDX-License-Identifier: LGPL-2.1-or-later
// See calibrator.h.
#include "agent/calibrator.h"

#include "agent/base/history_numbers.h"
#include "agent/base/messages.h"
#include "agent/baseline_store.h"
#include "policy/baseline.h"
#include "policy/decide.h"
#include "policy/reason_text.h"

/* After a kill, what was there before is over and its load still on its way elsewhere. */
#define KILLED_US 60000000

void calibrator_start(struct state *s, int64_t now_us)
{
	calibrate_rest(&s->calibration, now_us);
}

static bool is_busy(struct state *s, int64_t now_us)
{
	const struct status_evict *e = &s->status.evict;

	if (s->status.kills != s->calibrator_kills) {
		s->calibrator_kills = s->status.kills;
		s->calibrator_killed_us = now_us;
	}
	return s->manual.n > 0 || e->pending > 0 || e->cool_until_us > now_us ||
	       (s->calibrator_killed_us > 0 && now_us - s->calibrator_killed_us < KILLED_US);
}

/* "in 1 s in which offline work kept to its floor it waited 2 % of the time for CPU, 31.5 % before that" */
static void tell(struct state *s, const struct calibrate_result *result, int64_t began_us)
{
	char without[REASON_TEXT_UNIT_SIZE], before[REASON_TEXT_UNIT_SIZE];
	const struct pod *pod = model_pod(discover_model(s->discover), result->serial);
	struct history_record r = HISTORY_RECORD(HISTORY_CALIBRATE);

	if (!pod)
		return;
	HISTORY_SET(r.pod, "%s", pod->name);
	history_set_path(&r, pod->cgroup->path);
	if (plan_assignment(&s->plan, pod)->state == ASSIGNMENT_LEVEL)
		r.level = plan_assignment(&s->plan, pod)->level;
	HISTORY_SET(r.knob, "calibrate");
	HISTORY_SET(r.from, "%s", reason_text_percent(result->before_permille, before));
	HISTORY_SET(r.to, "%s", reason_text_percent(result->without_permille, without));
	HISTORY_SET(r.why,
		    "in a second in which offline work kept to its floor it waited %s of the time "
		    "for CPU, %s in the 10 s before",
		    without, before);
	history_number_if(&r, "without_permille", true, result->without_permille);
	history_number_if(&r, "before_permille", true, result->before_permille);
	history_number_if(&r, "held_us", true, (uint64_t)(s->calibration.ended_us - began_us));
	messages_tell(s->history, &r);
}

/* Into the baseline of its load; and once that is one, it says something of the others. */
static void take(struct state *s, const struct calibrate_look *look,
		 const struct calibrate_result *result, int64_t began_us)
{
	const struct pod *pod = model_pod(look->calm.model, result->serial);
	struct score_baseline held;

	if (!pod || !baseline_store_hold(s->baseline_store, pod, result, look->calm.now_us))
		return;
	tell(s, result, began_us);
	if (baselines_look(baseline_store_get(s->baseline_store), pod, RESOURCE_CPU,
			   result->load_milli, look->calm.now_us, &held))
		calibrate_judge(&s->culprit_trials, look, result, &held, began_us);
}

void calibrator_look(struct state *s, int64_t now_us)
{
	struct model *model = discover_model(s->discover);
	const struct calibrate_look look = {
		.calm = {.model = model,
			 .samples = observe_samples(s->observe),
			 .plan = &s->plan,
			 .ladders = &s->ladders,
			 .now_us = now_us},
		.scores = &s->scores,
		.policy = s->policy,
		.may_hold = s->status.modes.by[RESOURCE_CPU] >= MODE_SQUEEZE,
		.busy = is_busy(s, now_us),
	};
	struct calibration *c = &s->calibration;
	struct calibrate_result results[CALIBRATE_PODS];
	int64_t began_us = c->began_us;
	uint32_t n = 0;

	if (!s->policy)
		return;
	if (calibrate_must_end(c, &look))
		n = calibrate_end(c, &look, results);
	for (uint32_t i = 0; i < n; i++)
		take(s, &look, &results[i], began_us);
	c->why = calibrate_why(c, &look);
	if (c->why == CALIBRATE_DUE)
		calibrate_begin(c, &look);
	model->calibrating_us = c->began_us;
}

void calibrator_check(struct state *s, int64_t now_us)
{
	struct calibration *c = &s->calibration;

	if (c->began_us == 0 || s->ladders.of[RESOURCE_CPU].rung != RUNG_CALM)
		return;
	for (size_t i = 0; i < s->plan.n_entries; i++)
		if (s->plan.entries[i].reason.code == REASON_CALIBRATE)
			return;
	calibrate_rest(c, now_us);
	discover_model(s->discover)->calibrating_us = 0;
}
