// SPDX-License-Identifier: LGPL-2.1-or-later
// See culprit.h. All in integers: a series is scaled to at most 1000, so that for a minute of it each product of two sums of
// squares is below 2^60.
#include "policy/culprit.h"

#include <string.h>

#include "colod/sample.h"
#include "policy/cpu_use.h"
#include "policy/seconds.h"

#define SECOND_US 1000000
#define GAP_US 3000000
#define SCALE 1000
#define LAGS (2 * CULPRIT_LAG_MAX + 1)
#define POINTS (CULPRIT_SECONDS_MAX - 2 * CULPRIT_LAG_MAX)
/* Of the stall and of what a candidate does: what moves by less is noise. In permille of the time, thousandths of a CPU,
 * and KiB a second. */
#define STALL_LEAST 20
#define CPU_LEAST 50
#define IO_LEAST 20
#define GROWTH_LEAST 1024
/* r² and shares below which nobody is named. */
#define FIT_LEAST 250
#define SHARE_LEAST 50
/* By so much better after the stall than before it: it follows. */
#define FOLLOWS_BY 50
/* The same work takes up to twice the CPU where it is disturbed; what is more is work. In eighths of the least. */
#define OWN_STRETCH_EIGHTHS 18
/* So well, held against its own use, goes the stall with another's. */
#define OWN_INSTEAD_PERMILLE 600
/* So well another goes with the first, and as well with the stall: nothing tells them apart. */
#define ALIKE_EACH_OTHER 900
#define ALIKE_PERMILLE 900

/* A second each, the newest first. */
struct series {
	uint32_t n;
	int32_t v[CULPRIT_SECONDS_MAX];
};

enum what {
	WHAT_STALL,
	WHAT_USE,
};

static uint32_t valid_for(enum what what, enum resource resource)
{
	if (what == WHAT_STALL || resource == RESOURCE_IO)
		return (uint32_t)SAMPLE_PSI_CPU << resource;
	return resource == RESOURCE_CPU ? SAMPLE_CPU : SAMPLE_MEMORY;
}

static uint32_t value_of(const struct second *s, enum what what, enum resource resource)
{
	if (what == WHAT_STALL || resource == RESOURCE_IO)
		return s->stalled_us[resource];
	return resource == RESOURCE_CPU ? s->cpu_us : s->memory_kib;
}

/* Also where the 32 bits were full in between: the kernel's counters grow by less than half of that in some seconds. */
static int32_t grown_by(uint32_t from, uint32_t to)
{
	return (int32_t)(to - from);
}

static uint32_t between(int64_t at_us, int64_t from_us, uint32_t from, int64_t to_us, uint32_t to)
{
	return from + (uint32_t)(grown_by(from, to) * (at_us - from_us) / (to_us - from_us));
}

/* What it stood at, at `at_us`. 1: it was; 0: that is before its first sample; -1: it was not measured. *back is where to look
 * on from for an earlier moment. */
static int stood_at(const struct pod_seconds *h, uint32_t valid, enum what what,
		    enum resource resource, int64_t at_us, uint32_t *back, uint32_t *ret)
{
	const struct second *newer = seconds_at(h, *back), *older;

	if (!newer || at_us - newer->at_us > SECOND_US)
		return -1;
	for (; (older = seconds_at(h, *back + 1)) && older->at_us > at_us; (*back)++)
		newer = older;
	newer = seconds_at(h, *back);
	if (!(newer->valid & valid))
		return -1;
	*ret = value_of(newer, what, resource);
	if (at_us >= newer->at_us)
		return 1;
	if (!older)
		return 0;
	if (!(older->valid & valid) || newer->at_us - older->at_us > GAP_US)
		return -1;
	*ret = between(at_us, older->at_us, value_of(older, what, resource), newer->at_us, *ret);
	return 1;
}

/* By how much it grew in each second up to `last_us`. A victim's series ends where it was not measured; a candidate did
 * nothing before it was there, and one with a hole is none. */
static bool lay_out(const struct pod_seconds *h, enum what what, enum resource resource,
		    int64_t last_us, uint32_t n, struct series *ret)
{
	uint32_t valid = valid_for(what, resource), back = 0;
	uint32_t newer = 0, older = 0;
	int r = stood_at(h, valid, what, resource, last_us, &back, &newer);

	memset(ret, 0, sizeof(*ret));
	if (r != 1)
		return false;
	for (uint32_t i = 0; i < n; i++, newer = older) {
		uint64_t grown;

		r = stood_at(h, valid, what, resource, last_us - (int64_t)(i + 1) * SECOND_US,
			     &back, &older);
		if (r != 1)
			return what == WHAT_STALL ? i > 0 : r == 0;
		grown = grown_by(older, newer) > 0 ? newer - older : 0;
		if (valid != SAMPLE_MEMORY)
			grown = cpu_use_permille(grown, SECOND_US);
		ret->v[i] = (int32_t)(grown < INT32_MAX ? grown : INT32_MAX);
		ret->n = i + 1;
	}
	return true;
}

static int32_t most(const struct series *s)
{
	int32_t top = 0;

	for (uint32_t i = 0; i < s->n; i++)
		top = s->v[i] > top ? s->v[i] : top;
	return top;
}

static int32_t least(const struct series *s, uint32_t n)
{
	int32_t low = INT32_MAX;

	for (uint32_t i = 0; i < n; i++)
		low = s->v[i] < low ? s->v[i] : low;
	return low;
}

/* False where it moves by less than counts. Over `n` seconds, also where it was not there yet. */
static bool scale(struct series *s, uint32_t n, int32_t counts)
{
	int32_t top = most(s);

	s->n = n;
	if (top - least(s, n) < counts)
		return false;
	for (uint32_t i = 0; i < n; i++)
		s->v[i] = (int32_t)((int64_t)s->v[i] * SCALE / top);
	return true;
}

/* --- two series ----------------------------------------------------------------------------------- */

/* What is left of the stall, without the ends that the lags need. */
struct rest {
	uint32_t n;
	int32_t v[POINTS];
};

static const int32_t *at_lag(const struct series *s, int lag)
{
	/* The newest is first, so that what was earlier is further on. */
	return s->v + CULPRIT_LAG_MAX + lag;
}

/* n² times the covariance: below 2^32 for two that are within ±1000. */
static int64_t covariance(const int32_t *a, const int32_t *b, uint32_t n)
{
	int64_t sum_a = 0, sum_b = 0, sum_ab = 0;

	for (uint32_t i = 0; i < n; i++) {
		sum_a += a[i];
		sum_b += b[i];
		sum_ab += (int64_t)a[i] * b[i];
	}
	return (int64_t)n * sum_ab - sum_a * sum_b;
}

/* r² of the two in permille; negative where one falls as the other rises. */
static int32_t fit(const int32_t *a, const int32_t *b, uint32_t n)
{
	int64_t cov = covariance(a, b, n);
	int64_t both = covariance(a, a, n) * covariance(b, b, n) / SCALE;
	int64_t r2;

	if (both <= 0)
		return 0;
	r2 = cov * cov / both;
	if (r2 > SCALE)
		r2 = SCALE;
	return (int32_t)(cov < 0 ? -r2 : r2);
}

/* Takes out of the rest what goes with x; how much less it moves then, n² times its variance. */
static int64_t take_out(struct rest *rest, const int32_t *x)
{
	int64_t before = covariance(rest->v, rest->v, rest->n), after;
	int64_t cov = covariance(rest->v, x, rest->n), var = covariance(x, x, rest->n);
	int64_t mean = 0;

	if (var <= 0)
		return 0;
	for (uint32_t i = 0; i < rest->n; i++)
		mean += x[i];
	mean /= rest->n;
	for (uint32_t i = 0; i < rest->n; i++)
		rest->v[i] -= (int32_t)(cov * (x[i] - mean) / var);
	after = covariance(rest->v, rest->v, rest->n);
	return after < before ? before - after : 0;
}

/* How often it goes from the upper quarter of its range to the lower, or back. */
static uint32_t swings(const struct series *s)
{
	int32_t low = least(s, s->n), top = most(s);
	uint32_t n = 0;
	int was = 0;

	for (uint32_t i = 0; i < s->n; i++) {
		int is = 4 * (s->v[i] - low) > 3 * (top - low) ? 1
			 : 4 * (s->v[i] - low) < (top - low)   ? -1
							       : was;

		n += was != 0 && is != was;
		was = is;
	}
	return n;
}

/* --- the ranking ---------------------------------------------------------------------------------- */

struct rank {
	const struct culprit_look *look;
	int64_t last_us;
	uint32_t n; /* seconds */
	struct rest rest;
	int64_t moved; /* how the stall moved, n² times its variance */
	uint32_t left; /* permille of that which nobody has yet */
	struct culprits *to;
};

static bool is_listed(const struct rank *k, const struct pod *pod)
{
	for (uint32_t i = 0; i < k->to->n; i++)
		if (k->to->list[i].serial == pod->serial)
			return true;
	return false;
}

static bool series_of(const struct rank *k, const struct pod *pod, enum resource resource,
		      struct series *ret)
{
	static const int32_t counts[RESOURCE_COUNT] = {
		[RESOURCE_CPU] = CPU_LEAST,
		[RESOURCE_MEMORY] = GROWTH_LEAST,
		[RESOURCE_IO] = IO_LEAST,
	};
	const struct pod_seconds *h = seconds_of(k->look->seconds, pod->slot, pod->serial);

	return h && lay_out(h, WHAT_USE, resource, k->last_us, k->n, ret) &&
	       scale(ret, k->n, counts[resource]);
}

/* Of every other pod that nobody has named yet. */
static bool is_candidate(const struct rank *k, const struct pod *pod, struct series *ret)
{
	return pod != k->look->victim && !is_listed(k, pod) &&
	       series_of(k, pod, k->look->resource, ret);
}

/* At the lag at which it goes best; 0 where it does not, or follows. */
static int32_t best_fit(const struct rank *k, const struct series *x, int *ret_lag)
{
	int32_t best = 0, after = 0;

	for (int lag = -CULPRIT_LAG_MAX; lag <= CULPRIT_LAG_MAX; lag++) {
		int32_t r2 = fit(k->rest.v, at_lag(x, lag), k->rest.n);

		if (lag < 0 && r2 > after)
			after = r2;
		if (lag >= 0 && r2 > best) {
			best = r2;
			*ret_lag = lag;
		}
	}
	return after > best + FOLLOWS_BY ? 0 : best;
}

static enum culprit_confidence confidence(const struct culprit *c)
{
	if (c->alike || c->with_own || c->fit_permille < 500 || c->swings < 3)
		return CULPRIT_LOW;
	return c->fit_permille < 700 || c->swings < 6 ? CULPRIT_FAIR : CULPRIT_GOOD;
}

static bool find_best(const struct rank *k, struct culprit *ret, struct series *ret_series)
{
	bool found = false;
	struct series x;
	int lag = 0;

	*ret = (struct culprit){0};
	for (size_t i = 0; i < k->look->model->n_pods; i++) {
		const struct pod *pod = k->look->model->pods[i];
		int32_t r2;

		if (!is_candidate(k, pod, &x))
			continue;
		r2 = best_fit(k, &x, &lag);
		if (r2 < FIT_LEAST || (found && (uint32_t)r2 <= ret->fit_permille))
			continue;
		*ret = (struct culprit){
			.serial = pod->serial,
			.slot = pod->slot,
			.fit_permille = (uint32_t)r2,
			.lag_s = (uint32_t)lag,
			.swings = swings(&x),
		};
		*ret_series = x;
		found = true;
	}
	return found;
}

/* Those that nothing tells from the first, into `group` after it. */
static uint32_t add_alike(const struct rank *k, const struct series *first,
			  struct culprit group[CULPRITS_MAX], uint32_t room)
{
	uint32_t n = 1;
	struct series x;
	int lag = 0;

	for (size_t i = 0; i < k->look->model->n_pods && n < room; i++) {
		const struct pod *pod = k->look->model->pods[i];
		int32_t r2;

		if (pod->serial == group[0].serial || !is_candidate(k, pod, &x) ||
		    fit(at_lag(first, 0), at_lag(&x, 0), k->rest.n) < ALIKE_EACH_OTHER)
			continue;
		r2 = best_fit(k, &x, &lag);
		if (r2 * SCALE < (int32_t)group[0].fit_permille * ALIKE_PERMILLE)
			continue;
		group[n++] = (struct culprit){
			.serial = pod->serial,
			.slot = pod->slot,
			.fit_permille = (uint32_t)r2,
			.lag_s = (uint32_t)lag,
			.swings = swings(&x),
		};
	}
	for (uint32_t i = 0; n > 1 && i < n; i++)
		group[i].alike = true;
	return n;
}

/* This one, or those that nothing tells from it. False: it explains too little to be named. */
static bool take(struct rank *k, const struct culprit *best, const struct series *x)
{
	struct culprit group[CULPRITS_MAX] = {*best};
	uint32_t n = add_alike(k, x, group, CULPRITS_MAX - k->to->n), share;

	share = (uint32_t)(take_out(&k->rest, at_lag(x, (int)best->lag_s)) * SCALE / k->moved);
	share = share < k->left ? share : k->left;
	if (share < SHARE_LEAST)
		return false;
	k->left -= share;
	for (uint32_t i = 0; i < n; i++) {
		group[i].share_permille = share / n;
		group[i].with_own = best->with_own;
		group[i].confidence = confidence(&group[i]);
		k->to->list[k->to->n++] = group[i];
	}
	return true;
}

/* False: nobody else. */
static bool take_next(struct rank *k)
{
	struct culprit best;
	struct series x;

	return k->to->n < CULPRITS_MAX && find_best(k, &best, &x) && take(k, &best, &x);
}

/* Whether it is by no more over its mean than under it than a disturbance explains. */
static bool is_stretched(const struct series *own)
{
	int64_t mean = 0, over = 0, under = 0;
	uint32_t n_over = 0;

	for (uint32_t i = 0; i < own->n; i++)
		mean += own->v[i];
	mean /= own->n;
	for (uint32_t i = 0; i < own->n; i++) {
		if (own->v[i] > mean) {
			over += own->v[i];
			n_over++;
		} else {
			under += own->v[i];
		}
	}
	return n_over > 0 && over * (own->n - n_over) * 8 <= under * n_over * OWN_STRETCH_EIGHTHS;
}

/* Whether another may have made both, the stall and that its own use rose; and who. */
static bool is_effect(const struct rank *k, const struct series *own, int32_t own_fit,
		      struct culprit *ret, struct series *ret_series)
{
	if (!is_stretched(own) || !find_best(k, ret, ret_series))
		return false;
	ret->with_own = true;
	return (int32_t)ret->fit_permille * SCALE >= own_fit * OWN_INSTEAD_PERMILLE &&
	       fit(at_lag(own, 0), at_lag(ret_series, (int)ret->lag_s), k->rest.n) >= FIT_LEAST;
}

/* More load of its own, which its CPU use tells, is more stall of its own, of whatever resource. */
static void take_own(struct rank *k)
{
	struct culprit other;
	struct series x, its;
	int32_t own_fit;

	if (!series_of(k, k->look->victim, RESOURCE_CPU, &x))
		return;
	own_fit = fit(k->rest.v, at_lag(&x, 0), k->rest.n);
	if (own_fit < FIT_LEAST)
		return;
	if (is_effect(k, &x, own_fit, &other, &its)) {
		(void)take(k, &other, &its);
		if (fit(k->rest.v, at_lag(&x, 0), k->rest.n) < FIT_LEAST)
			return;
	}
	k->to->own_permille = (uint32_t)(take_out(&k->rest, at_lag(&x, 0)) * SCALE / k->moved);
	if (k->to->own_permille > k->left)
		k->to->own_permille = k->left;
	k->left -= k->to->own_permille;
}

void culprits_rank(const struct culprit_look *look, struct culprits *ret)
{
	const struct pod_seconds *h =
		seconds_of(look->seconds, look->victim->slot, look->victim->serial);
	struct rank k = {.look = look, .left = SCALE, .to = ret};
	struct series stall;

	_Static_assert(LAGS < CULPRIT_SECONDS_MIN, "something is left between the lags");
	memset(ret, 0, sizeof(*ret));
	if (!h)
		return;
	k.last_us = seconds_at(h, 0)->at_us;
	if (!lay_out(h, WHAT_STALL, look->resource, k.last_us, CULPRIT_SECONDS_MAX, &stall))
		return;
	ret->seconds = k.n = stall.n;
	if (k.n < CULPRIT_SECONDS_MIN || !scale(&stall, k.n, STALL_LEAST))
		return;
	k.rest.n = k.n - 2 * CULPRIT_LAG_MAX;
	memcpy(k.rest.v, at_lag(&stall, 0), k.rest.n * sizeof(k.rest.v[0]));
	k.moved = covariance(k.rest.v, k.rest.v, k.rest.n);
	if (k.moved <= 0)
		return;
	ret->moved = true;
	take_own(&k);
	while (take_next(&k))
		;
}
