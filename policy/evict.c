// SPDX-License-Identifier: LGPL-2.1-or-later
// See evict.h.
#include "policy/evict.h"

#include <string.h>

#include "policy/evict_rate.h"
#include "policy/evict_return.h"
#include "policy/ring.h"

#define SECOND_US 1000000

const struct evict_pending *evict_find(const struct evict *e, uint64_t serial)
{
	for (size_t i = 0; i < EVICT_PENDING; i++)
		if (e->pending[i].stage != EVICT_STAGE_NONE && e->pending[i].serial == serial)
			return &e->pending[i];
	return NULL;
}

bool evict_has_room(const struct evict *e)
{
	for (size_t i = 0; i < EVICT_PENDING; i++)
		if (e->pending[i].stage == EVICT_STAGE_NONE)
			return true;
	return false;
}

static struct evict_pending *find(struct evict *e, uint64_t serial)
{
	return (struct evict_pending *)evict_find(e, serial);
}

/* --- whom to leave alone ----------------------------------------------------------------------- */

/* In a full table the one that is over first makes room. */
static struct victim_left_out *leave_out(struct evict *e, uint64_t serial, enum evict_answer answer,
					 int64_t until_us)
{
	struct victim_left_out *to = &e->left_out[0];

	for (size_t i = 0; i < EVICT_LEFT_OUT; i++) {
		struct victim_left_out *l = &e->left_out[i];

		if (l->serial == serial) {
			to = l;
			break;
		}
		if (l->until_us < to->until_us)
			to = l;
	}
	*to = (struct victim_left_out){.serial = serial, .until_us = until_us, .answer = answer};
	return to;
}

bool evict_budget_keeps(const struct evict *e, uint64_t serial, int64_t now_us)
{
	for (size_t i = 0; i < EVICT_LEFT_OUT; i++) {
		const struct victim_left_out *l = &e->left_out[i];

		if (l->answer == EVICT_ANSWER_BUDGET && l->until_us > now_us &&
		    (serial == 0 || l->serial == serial))
			return true;
	}
	return false;
}

/* --- limits ------------------------------------------------------------------------------------ */

void evict_count(struct evict *e, int64_t at_us)
{
	uint32_t at;

	if (e->n_times == EVICT_TIMES)
		memmove(e->times_us, e->times_us + 1, --e->n_times * sizeof(e->times_us[0]));
	for (at = e->n_times; at > 0 && e->times_us[at - 1] > at_us; at--)
		e->times_us[at] = e->times_us[at - 1];
	e->times_us[at] = at_us;
	e->n_times++;
}

enum evict_limit evict_limit(const struct evict *e, const struct evict_policy *policy,
			     int64_t now_us, int64_t *ret_until_us)
{
	uint32_t first = 0, n;

	*ret_until_us = INT64_MAX;
	if (policy->per_hour == 0)
		return EVICT_LIMIT_PER_HOUR;
	while (first < e->n_times && e->times_us[first] <= now_us - EVICT_HOUR_US)
		first++;
	n = e->n_times - first;
	if (n >= policy->per_hour) {
		*ret_until_us = e->times_us[e->n_times - policy->per_hour] + EVICT_HOUR_US;
		return EVICT_LIMIT_PER_HOUR;
	}
	*ret_until_us = 0;
	if (e->n_times == 0)
		return EVICT_LIMIT_NONE;
	*ret_until_us = e->times_us[e->n_times - 1] + (int64_t)policy->cooldown_us;
	return *ret_until_us > now_us ? EVICT_LIMIT_COOLDOWN : EVICT_LIMIT_NONE;
}

/* --- asked and answered ------------------------------------------------------------------------ */

void evict_asked(struct evict *e, const struct victim *victim, int64_t now_us)
{
	bool returned = evict_has_returned(e, victim->pod, now_us, NULL);

	for (size_t i = 0; i < EVICT_PENDING; i++) {
		if (e->pending[i].stage != EVICT_STAGE_NONE)
			continue;
		e->pending[i] = (struct evict_pending){
			.stage = EVICT_STAGE_ASKED,
			.serial = victim->pod->serial,
			.asked_us = now_us,
			.until_us = now_us + EVICT_ANSWER_US,
			.tries = 1,
			.returned = returned,
			.estimate_bytes = victim->estimate_bytes,
			.before_bytes = victim->usage_bytes,
			.estimate_rate = victim->rate,
			.rate_of = victim->rate_of,
		};
		evict_rate_note(e, &e->pending[i], now_us);
		(void)evict_return_describe(victim->pod, &e->pending[i].back);
		return;
	}
}

void evict_asked_again(struct evict *e, uint64_t serial, int64_t now_us)
{
	struct evict_pending *p = find(e, serial);

	if (!p)
		return;
	p->stage = EVICT_STAGE_ASKED;
	p->until_us = now_us + EVICT_ANSWER_US;
	p->tries++;
}

void evict_adopt(struct evict *e, const struct evict_pending *pending)
{
	for (size_t i = 0; i < EVICT_PENDING; i++) {
		if (e->pending[i].stage != EVICT_STAGE_NONE)
			continue;
		e->pending[i] = *pending;
		return;
	}
}

static void count_once(struct evict *e, struct evict_pending *p, int64_t now_us)
{
	if (!p->counted)
		evict_count(e, now_us);
	p->counted = true;
}

static void cool_down(struct evict *e, struct evict_pending *p, int64_t now_us)
{
	count_once(e, p, now_us);
	/* Who orders it says nothing about the node: it takes new pods, and this one again. */
	if (p->ordered)
		return;
	e->taint_until_us = now_us + EVICT_COOL_US;
	evict_return_expect(e, &p->back, e->taint_until_us);
}

/* The pod is gone. It may have been asked and have gone for that, though nobody said so: of a conflict nobody has to guess. */
static void gone_unanswered(struct evict *e, struct evict_pending *p, int64_t now_us)
{
	if (p->stage == EVICT_STAGE_ASKED || (p->stage == EVICT_STAGE_AGAIN && p->counted))
		cool_down(e, p, now_us);
}

void evict_adopt_gone(struct evict *e, const struct evict_pending *pending, int64_t now_us)
{
	struct evict_pending gone = *pending;

	gone_unanswered(e, &gone, now_us);
}

static void accept(struct evict *e, struct evict_pending *p, const struct policy *policy,
		   int64_t now_us)
{
	cool_down(e, p, now_us);
	p->stage = EVICT_STAGE_DYING;
	p->until_us = now_us + (int64_t)policy->evict.grace_us + EVICT_MARGIN_US;
	e->n_busy = 0;
	e->off_answer = EVICT_ANSWER_NONE;
}

static void end(struct evict *e, struct evict_pending *p, enum evict_answer answer,
		int64_t left_out_until_us)
{
	(void)leave_out(e, p->serial, answer, left_out_until_us);
	*p = (struct evict_pending){0};
}

/* 1, 2, 4 s ...; then this pod is left alone. */
static void ask_again(struct evict *e, struct evict_pending *p, enum evict_answer answer,
		      int64_t now_us)
{
	if (p->tries >= EVICT_TRIES) {
		end(e, p, answer, now_us + EVICT_BUDGET_US);
		return;
	}
	p->stage = EVICT_STAGE_AGAIN;
	p->until_us = now_us + ((int64_t)SECOND_US << (p->tries - 1));
}

/* What the server asks for, but a minute at most: memory does not wait. */
static int64_t busy_us(struct evict *e, uint32_t retry_after_s)
{
	int64_t us = (int64_t)SECOND_US << (e->n_busy < 6 ? e->n_busy : 6);
	int64_t asked_us = (int64_t)retry_after_s * SECOND_US;

	e->n_busy += e->n_busy < 6;
	us = asked_us > us ? asked_us : us;
	return us < EVICT_BUSY_MOST_US ? us : EVICT_BUSY_MOST_US;
}

static void off(struct evict *e, enum evict_answer answer, int64_t now_us)
{
	e->off_answer = answer;
	e->off_until_us = now_us + EVICT_OFF_US;
}

bool evict_answered(struct evict *e, const struct evict_done *done, const struct policy *policy,
		    int64_t now_us)
{
	struct evict_pending *p = find(e, done->token);
	int64_t asked_us = (int64_t)done->retry_after_s * SECOND_US;

	if (!p || p->stage != EVICT_STAGE_ASKED)
		return false;
	switch (done->answer) {
	case EVICT_ANSWER_ACCEPTED:
		accept(e, p, policy, now_us);
		break;
	case EVICT_ANSWER_UNKNOWN:
		count_once(e, p, now_us);
		ask_again(e, p, done->answer, now_us);
		break;
	case EVICT_ANSWER_CONFLICT:
		ask_again(e, p, done->answer, now_us);
		break;
	case EVICT_ANSWER_GONE:
		end(e, p, done->answer, now_us + EVICT_BUDGET_US);
		break;
	case EVICT_ANSWER_BUDGET:
		end(e, p, done->answer,
		    now_us + (asked_us > EVICT_BUDGET_US && asked_us < EVICT_REFUSED_US
				      ? asked_us
				      : EVICT_BUDGET_US));
		break;
	case EVICT_ANSWER_BUSY:
	case EVICT_ANSWER_UNREACHABLE:
		e->busy_until_us = now_us + busy_us(e, done->retry_after_s);
		*p = (struct evict_pending){0};
		break;
	case EVICT_ANSWER_FORBIDDEN:
	case EVICT_ANSWER_UNTRUSTED:
		off(e, done->answer, now_us);
		*p = (struct evict_pending){0};
		break;
	default:
		end(e, p, EVICT_ANSWER_REFUSED, now_us + EVICT_REFUSED_US);
	}
	return true;
}

/* --- what became of it ------------------------------------------------------------------------- */

static uint64_t usage_now(const struct samples *samples, const struct pod *pod, uint64_t before)
{
	const struct pod_history *h = ring_of(samples, pod->slot, pod->serial);
	const struct pod_sample *last = h ? ring_last(h) : NULL;

	return last && (last->valid & SAMPLE_MEMORY) ? last->memory_bytes : before;
}

static void measure(const struct evict *e, struct evict_pending *p, const struct samples *samples,
		    const struct pod *pod, int64_t now_us)
{
	uint64_t now = pod ? usage_now(samples, pod, p->before_bytes) : 0;

	p->freed_bytes = p->before_bytes > now ? p->before_bytes - now : 0;
	evict_rate_measure(e, p, !pod, now_us);
}

/* False: it is still to be waited for. */
static bool is_over(struct evict *e, struct evict_pending *p, const struct pod *pod,
		    const struct policy *policy, int64_t now_us, enum evict_end *ret_end)
{
	bool late = now_us >= p->until_us;

	*ret_end = EVICT_END_GONE;
	/* Whether that was this eviction's doing, the answer says. */
	if (!pod && p->stage == EVICT_STAGE_ASKED && !late)
		return false;
	if (!pod && !evict_rate_has_settled(p, now_us))
		return false;
	if (!pod) {
		gone_unanswered(e, p, now_us);
		return true;
	}
	/* The answer did not come, or said nothing: but the pod goes. One that is still to come says more. */
	if ((p->stage == EVICT_STAGE_AGAIN || (p->stage == EVICT_STAGE_ASKED && late)) &&
	    pod->facts && pod->facts->deleting) {
		accept(e, p, policy, now_us);
		late = false;
	}
	/* What is killed in a cgroup leaves that cgroup behind. */
	if (p->ordered && p->stage == EVICT_STAGE_DYING && pod->kind != POD_KUBERNETES &&
	    pod->cgroup && !pod->cgroup->populated)
		return true;
	*ret_end = EVICT_END_FREED;
	if (p->stage == EVICT_STAGE_DYING && !p->ordered && p->estimate_bytes > 0 &&
	    p->freed_bytes >= p->estimate_bytes - p->estimate_bytes / 5)
		return true;
	*ret_end = p->stage == EVICT_STAGE_DYING ? EVICT_END_OVERDUE : EVICT_END_LOST;
	if (p->stage == EVICT_STAGE_ASKED && late) {
		count_once(e, p, now_us);
		ask_again(e, p, EVICT_ANSWER_UNKNOWN, now_us);
		return p->stage == EVICT_STAGE_NONE;
	}
	if (p->stage == EVICT_STAGE_AGAIN)
		return now_us >= p->until_us + EVICT_ANSWER_US;
	return late;
}

static void judge(struct evict *e, struct evict_over *over, int64_t now_us)
{
	const struct evict_pending *p = &over->pending;
	uint32_t *poor = &e->poor[evict_resource(p)];
	bool known = p->before_bytes > 0;

	over->poor = p->freed_bytes < p->estimate_bytes / 4;
	if (p->estimate_rate > 0)
		known = evict_rate_judge(e, p, now_us, &over->poor);
	/* Nobody measured it, or it went by itself: that says nothing of the estimates. */
	if (!known || p->stage != EVICT_STAGE_DYING || p->ordered)
		over->poor = false;
	else
		*poor = over->poor ? *poor + 1 : 0;
}

/* Since when pods are being deleted, as far as was seen. */
static void see_going(struct evict *e, const struct model *model, int64_t now_us)
{
	struct evict_going now[EVICT_GOING] = {0};
	size_t n = 0;

	for (size_t i = 0; i < model->n_pods && n < EVICT_GOING; i++) {
		const struct pod *pod = model->pods[i];

		if (!pod->facts || !pod->facts->deleting)
			continue;
		now[n] = (struct evict_going){pod->serial, now_us};
		for (size_t k = 0; k < EVICT_GOING; k++)
			if (e->going[k].serial == pod->serial)
				now[n].since_us = e->going[k].since_us;
		n++;
	}
	memcpy(e->going, now, sizeof(e->going));
}

size_t evict_pass(struct evict *e, const struct model *model, const struct samples *samples,
		  const struct policy *policy, int64_t now_us, struct evict_over *ret_over)
{
	size_t n = 0;

	see_going(e, model, now_us);
	for (size_t i = 0; i < EVICT_PENDING; i++) {
		struct evict_pending *p = &e->pending[i], was;
		const struct pod *pod;
		enum evict_end ended;

		if (p->stage == EVICT_STAGE_NONE)
			continue;
		pod = evict_rate_there(p, model_pod(model, p->serial), samples, now_us);
		measure(e, p, samples, pod, now_us);
		was = *p;
		if (!is_over(e, p, pod, policy, now_us, &ended))
			continue;
		if (p->stage != EVICT_STAGE_NONE)
			was = *p;
		ret_over[n] = (struct evict_over){.pending = was, .end = ended};
		judge(e, &ret_over[n++], now_us);
		e->ended_us = now_us;
		if (pod)
			leave_out(e, was.serial, EVICT_ANSWER_ACCEPTED, now_us + EVICT_REFUSED_US)
				->back = was.returned;
		*p = (struct evict_pending){0};
	}
	if (e->taint_until_us > 0 && now_us >= e->taint_until_us)
		e->taint_until_us = 0;
	return n;
}

bool evict_doubts(const struct evict *e, enum resource resource)
{
	return e->poor[resource] >= EVICT_POOR_MOST;
}

void evict_trust(struct evict *e, enum resource resource)
{
	e->poor[resource] = 0;
}
