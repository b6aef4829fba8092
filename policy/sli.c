// SPDX-License-Identifier: LGPL-2.1-or-later
// See sli.h.
#include "policy/sli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/decide.h"
#include "policy/ring.h"
#include "policy/rule.h"
#include "policy/score.h"
#include "policy/who.h"

#define SECOND_US 1000000
/* A pass that comes a little early still has its second. */
#define SPACING_US 900000
#define PERMILLE 1000u
/* In place of a value. */
#define NO_VALUE UINT16_MAX
#define OWN_VALUE (UINT16_MAX - 1)
/* One second in so many may be without a value; and a violation ends at so many of so many parts of the bound. */
#define MISSING_PART 10u
#define LEAVE_PARTS 9u
#define LEAVE_OF 10u

bool sli_is_measured(enum sli_sign sign)
{
	return sign < SLI_MEASURED_COUNT;
}

uint16_t sli_most(enum sli_sign sign)
{
	return sign == SLI_CPI ? OWN_VALUE - 1 : PERMILLE;
}

static uint32_t rank_of(enum sli_statistic statistic, uint32_t n)
{
	static const uint32_t percent[SLI_STATISTIC_COUNT] = {
		[SLI_P50] = 50,
		[SLI_P90] = 90,
		[SLI_P95] = 95,
		[SLI_P99] = 99,
	};

	return (n * percent[statistic] + 99) / 100;
}

/* How many are at most `most`. */
static uint32_t count_to(const uint16_t *values, size_t n, uint32_t most)
{
	uint32_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += values[i] <= most;
	return count;
}

bool sli_statistic_of(const uint16_t *values, size_t n, uint16_t most, enum sli_statistic statistic,
		      uint32_t *ret_value, uint32_t *ret_n)
{
	uint32_t measured = count_to(values, n, most), low = 0, high = most, sum = 0;

	*ret_n = measured;
	if (measured == 0)
		return false;
	if (statistic == SLI_MEAN) {
		for (size_t i = 0; i < n; i++)
			sum += values[i] <= most ? values[i] : 0;
		*ret_value = sum / measured;
		return true;
	}
	/* The least value that is not less than so many of them. */
	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (count_to(values, n, middle) >= rank_of(statistic, measured))
			high = middle;
		else
			low = middle + 1;
	}
	*ret_value = low;
	return true;
}

/* --- what is told -------------------------------------------------------------------------------- */

/* False: there is no room, and it is tried again by the next look. */
static bool tell(struct sli_watch *w, const struct pod_slis *of, uint32_t slot, uint32_t sli,
		 enum sli_verdict is)
{
	const struct sli_now *now = &of->now[sli];
	struct sli_event *e;

	if (w->n_events == SLI_EVENTS_MAX)
		return false;
	e = &w->events[w->n_events++];
	*e = (struct sli_event){
		.serial = of->serial,
		.slot = slot,
		.sli = sli,
		.was = now->verdict,
		.is = is,
		.of = w->slis[sli],
		.value_permille = now->value_permille,
		.worst_permille = now->worst_permille,
		.since_us = now->since_us,
	};
	memcpy(e->who, of->who, sizeof(e->who));
	return true;
}

/* False: not each of its violations could be told to be over. */
static bool end_all(struct sli_watch *w, struct pod_slis *of, uint32_t slot)
{
	for (uint32_t i = 0; i < w->n_slis; i++) {
		if (of->now[i].verdict == SLI_VIOLATED && !tell(w, of, slot, i, SLI_NOT_CONCERNED))
			return false;
		of->now[i] = (struct sli_now){0};
	}
	return true;
}

/* --- one value a second -------------------------------------------------------------------------- */

static uint16_t of_resource(const struct pod_slis *of, const struct pod_sample *now,
			    const struct pod_score *score, enum resource resource)
{
	uint32_t valid = of->valid & now->valid, bit = (uint32_t)SAMPLE_PSI_CPU << resource;
	uint64_t stalled_us =
		(uint32_t)((uint32_t)now->psi[resource].some_us - of->stalled_us[resource]);
	uint64_t permille = stalled_us * PERMILLE / (uint64_t)(now->at_us - of->fed_us);
	enum score_state state = score ? score->by[resource].state : SCORE_NONE;

	if (!(valid & bit) || state == SCORE_NONE)
		return NO_VALUE;
	if (state == SCORE_SELF_THROTTLED || state == SCORE_OWN_LIMIT)
		return OWN_VALUE;
	return (uint16_t)(permille < PERMILLE ? permille : PERMILLE);
}

static uint16_t of_score(const struct pod_score *score)
{
	if (score && score_has_number(score->state))
		return (uint16_t)score->permille;
	if (score && (score->state == SCORE_SELF_THROTTLED || score->state == SCORE_OWN_LIMIT))
		return OWN_VALUE;
	return NO_VALUE;
}

static uint16_t of_cpi(const struct pod_cpi *cpi, int64_t now_us)
{
	uint16_t most = sli_most(SLI_CPI);

	if (!pod_cpi_is_fresh(cpi, now_us))
		return NO_VALUE;
	return cpi->milli < most ? (uint16_t)cpi->milli : most;
}

static void push(struct pod_slis *of, const uint16_t values[SLI_MEASURED_COUNT])
{
	for (int i = 0; i < SLI_MEASURED_COUNT; i++)
		of->ring[i][of->head] = values[i];
	of->head = (of->head + 1) % SLI_SECONDS;
	of->count += of->count < SLI_SECONDS;
}

/* A sample that stands for more than a second counts for each of them. */
static void feed(struct pod_slis *of, const struct pod_history *h, const struct pod_score *score)
{
	const struct pod_sample *now = ring_last(h);
	int64_t span_us = now->at_us - of->fed_us;
	int64_t seconds = (span_us + SECOND_US / 2) / SECOND_US;
	uint16_t values[SLI_MEASURED_COUNT] = {NO_VALUE, NO_VALUE, NO_VALUE, NO_VALUE, NO_VALUE};

	if (of->fed_us > 0 && span_us <= 0)
		return;
	if (of->fed_us > 0) {
		for (int r = 0; r < RESOURCE_COUNT && span_us <= SLI_GAP_US; r++)
			values[SLI_CPU_SOME + r] = of_resource(of, now, score, (enum resource)r);
		if (span_us <= SLI_GAP_US) {
			values[SLI_SCORE] = of_score(score);
			values[SLI_CPI] = of_cpi(&h->cpi, now->at_us);
		}
		for (int64_t i = 0; i < seconds && i < SLI_SECONDS; i++)
			push(of, values);
	}
	of->fed_us = now->at_us;
	of->valid = now->valid;
	for (int r = 0; r < RESOURCE_COUNT; r++)
		of->stalled_us[r] = (uint32_t)now->psi[r].some_us;
}

/* --- one indicator of one pod -------------------------------------------------------------------- */

static uint32_t window_s(const struct sli_policy *sli)
{
	uint64_t s = (sli->window_us + SECOND_US - 1) / SECOND_US;

	return s < SLI_SECONDS ? (uint32_t)s : SLI_SECONDS;
}

/* The verdict of this window alone, and its number where there is one. */
static enum sli_verdict judge(const struct pod_slis *of, const struct sli_policy *sli,
			      const struct sli_look *look, struct sli_now *ret)
{
	uint16_t values[SLI_SECONDS];
	uint32_t n = window_s(sli), value = 0, own = 0;

	if (sli_why_not(sli->sign, look->model))
		return SLI_UNMEASURED;
	if (of->count < n)
		return SLI_LEARNING;
	for (uint32_t i = 0; i < n; i++) {
		values[i] = of->ring[sli->sign][(of->head + 2 * SLI_SECONDS - 1 - i) % SLI_SECONDS];
		own += values[i] == OWN_VALUE;
	}
	(void)sli_statistic_of(values, n, sli_most(sli->sign), sli->statistic, &value,
			       &ret->measured_s);
	if (look->now_us - of->fed_us > SLI_GAP_US)
		return SLI_UNMEASURED;
	if ((n - ret->measured_s) * MISSING_PART > n)
		return own * MISSING_PART > n ? SLI_OWN : SLI_UNMEASURED;
	ret->value_permille = value;
	return value > sli->bound ? SLI_VIOLATED : SLI_MET;
}

/* Whether it has been well under the bound for long. */
static bool is_over(struct sli_now *now, const struct sli_policy *sli, int64_t now_us)
{
	if ((uint64_t)now->value_permille * LEAVE_OF > sli->bound * LEAVE_PARTS) {
		now->better_us = 0;
		return false;
	}
	if (now->better_us == 0)
		now->better_us = now_us;
	return now_us - now->better_us >= SLI_LEAVE_US;
}

static void step_one(struct sli_watch *w, struct pod_slis *of, uint32_t slot, uint32_t sli,
		     const struct sli_look *look)
{
	const struct sli_policy *p = &w->slis[sli];
	struct sli_now *now = &of->now[sli];
	enum sli_verdict was = now->verdict, is = judge(of, p, look, now);

	if (was == SLI_VIOLATED && (is == SLI_MET || is == SLI_VIOLATED)) {
		if (now->worst_permille < now->value_permille)
			now->worst_permille = now->value_permille;
		if (!is_over(now, p, look->now_us) || !tell(w, of, slot, sli, SLI_MET))
			return;
	} else if (was == SLI_VIOLATED) {
		if (!tell(w, of, slot, sli, is))
			return;
	} else if (is == SLI_VIOLATED) {
		now->since_us = look->now_us;
		now->worst_permille = now->value_permille;
		if (!tell(w, of, slot, sli, is))
			return;
	}
	now->verdict = is;
	now->better_us = 0;
}

/* --- who is looked at ---------------------------------------------------------------------------- */

static bool is_about(const struct sli_policy *sli, const struct pod *pod, enum level level)
{
	return (sli->level == LEVEL_NONE || sli->level == level) &&
	       (!sli->pods[0] || rule_glob(sli->pods, pod->name));
}

static bool is_online(const struct assignment *a)
{
	return a->state == ASSIGNMENT_LEVEL && a->role == ROLE_ONLINE;
}

/* Bit i: the i-th is about this pod. */
static uint32_t about(const struct sli_watch *w, const struct sli_look *look, const struct pod *pod)
{
	const struct assignment *a = plan_assignment(look->plan, pod);
	uint32_t mask = 0;

	if (!is_online(a))
		return 0;
	for (uint32_t i = 0; i < w->n_slis; i++)
		mask |= (uint32_t)is_about(&w->slis[i], pod, a->level) << i;
	return mask;
}

bool sli_is_about(const struct policy *policy, enum sli_sign sign, const struct plan *plan,
		  const struct pod *pod)
{
	const struct assignment *a = plan_assignment(plan, pod);

	for (size_t i = 0; i < policy->n_slis && is_online(a); i++)
		if (policy->slis[i].sign == sign && is_about(&policy->slis[i], pod, a->level))
			return true;
	return false;
}

static int grow(struct sli_watch *w, size_t n_slots)
{
	struct pod_slis **pods;

	if (n_slots <= w->n_slots)
		return 0;
	pods = reallocarray(w->pods, n_slots, sizeof(struct pod_slis *));
	if (!pods)
		return -ENOMEM;
	for (size_t i = w->n_slots; i < n_slots; i++)
		pods[i] = NULL;
	w->pods = pods;
	w->n_slots = n_slots;
	return 0;
}

/* That of the pod; NULL without memory, or while there is still something to tell of the one before. */
static struct pod_slis *make(struct sli_watch *w, const struct pod *pod)
{
	struct pod_slis **of = &w->pods[pod->slot];

	if (*of && (*of)->serial == pod->serial)
		return *of;
	if (*of && !end_all(w, *of, pod->slot))
		return NULL;
	if (!*of)
		*of = malloc(sizeof(**of));
	if (!*of)
		return NULL;
	memset(*of, 0, sizeof(**of));
	(*of)->serial = pod->serial;
	who_copy((*of)->who, pod->name);
	return *of;
}

static void step_pod(struct sli_watch *w, const struct sli_look *look, const struct pod *pod,
		     struct pod_slis *of, uint32_t mask)
{
	const struct pod_history *h = ring_of(look->samples, pod->slot, pod->serial);
	of->round = w->round;
	if (h && ring_last(h))
		feed(of, h, score_of(look->scores, pod));
	for (uint32_t i = 0; i < w->n_slis; i++) {
		if (mask & 1u << i)
			step_one(w, of, pod->slot, i, look);
		else if (of->now[i].verdict != SLI_VIOLATED ||
			 tell(w, of, pod->slot, i, SLI_NOT_CONCERNED))
			of->now[i] = (struct sli_now){0};
	}
}

/* Those that are gone, or that no indicator is about any more. */
static void forget(struct sli_watch *w)
{
	for (uint32_t slot = 0; slot < w->n_slots; slot++) {
		struct pod_slis *of = w->pods[slot];

		if (!of || of->round == w->round || !end_all(w, of, slot))
			continue;
		free(of);
		w->pods[slot] = NULL;
	}
}

/* Where in the files it stands may change, and nothing else does by that. */
static bool same(const struct sli_watch *w, const struct policy *policy)
{
	size_t n = policy ? policy->n_slis : 0;

	if (w->n_slis != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (memcmp(&w->slis[i], &policy->slis[i], offsetof(struct sli_policy, file)) != 0)
			return false;
	return true;
}

/* Other indicators: what was violated is so no more. The values of the last seconds stay. */
static bool take_policy(struct sli_watch *w, const struct policy *policy)
{
	for (uint32_t slot = 0; slot < w->n_slots; slot++)
		if (w->pods[slot] && !end_all(w, w->pods[slot], slot))
			return false;
	w->n_slis = policy ? policy->n_slis : 0;
	if (w->n_slis > 0)
		memcpy(w->slis, policy->slis, w->n_slis * sizeof(w->slis[0]));
	return true;
}

int sli_step(struct sli_watch *w, const struct sli_look *look)
{
	int r = 0;

	w->n_events = 0;
	if (!same(w, look->policy) && !take_policy(w, look->policy))
		return 0;
	if (w->looked_us > 0 && look->now_us - w->looked_us < SPACING_US)
		return 0;
	w->looked_us = look->now_us;
	w->round++;
	if (w->n_slis > 0)
		r = grow(w, look->model->n_slots);
	for (size_t i = 0; w->n_slis > 0 && i < look->model->n_pods && r == 0; i++) {
		const struct pod *pod = look->model->pods[i];
		uint32_t mask = about(w, look, pod);
		struct pod_slis *of = mask ? make(w, pod) : NULL;

		if (of)
			step_pod(w, look, pod, of, mask);
		else if (mask && !w->pods[pod->slot])
			r = -ENOMEM;
	}
	if (r == 0)
		forget(w);
	return r;
}

const struct sli_now *sli_of(const struct sli_watch *w, const struct pod *pod)
{
	const struct pod_slis *of = w && pod->slot < w->n_slots ? w->pods[pod->slot] : NULL;

	return of && of->serial == pod->serial ? of->now : NULL;
}

void sli_free(struct sli_watch *w)
{
	for (size_t i = 0; i < w->n_slots; i++)
		free(w->pods[i]);
	free(w->pods);
	*w = (struct sli_watch){0};
}
