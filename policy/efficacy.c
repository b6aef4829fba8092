// SPDX-License-Identifier: LGPL-2.1-or-later
// A hold costs offline work; it is kept only where it helps. What an online pod waited before the
// hold is compared with what it waits under it, over two windows:
//
//   web waits 30 % ──hold──┬── first window ──┬── second window ──┐
//                          0 s               10 s                20 s
//   at any time from 10 s on: web's mean over the last window is at most 24 %: it helped, done
//   at 20 s: everybody who still waits is worse off than that: it did not, and is undone
//
// When unsure the hold stays: a pod that began to wait under the hold has no "before", so that there
// is no verdict while it waits. In modes that only watch nothing is held and nothing is judged.
#include "policy/efficacy.h"

#include <string.h>

#include "policy/who.h"

#define WINDOW_US 10000000
/* Writing the quota takes a pass; after that, a hold that is not there tells nothing. */
#define IN_FORCE_AFTER_US 3000000
/* Less than a fifth better is no better. */
#define BETTER_NUM 4u
#define BETTER_DEN 5u

/* What it waited by another sign is no number to hold this one against. */
static const struct efficacy_pod *look_up(const struct efficacy_pod *list, uint32_t n,
					  const struct wait_look *look, const struct pod *pod)
{
	for (uint32_t i = 0; i < n; i++)
		if (list[i].slot == pod->slot && list[i].serial == pod->serial &&
		    (list[i].full != 0) == look->rule->full)
			return &list[i];
	return NULL;
}

static struct efficacy_pod *find(struct efficacy_pod *list, uint32_t n,
				 const struct wait_look *look, const struct pod *pod)
{
	return (struct efficacy_pod *)look_up(list, n, look, pod);
}

static bool rests(const struct efficacy *e, const struct wait_look *look, const struct pod *pod)
{
	const struct efficacy_pod *mark = look_up(e->marks, e->n_marks, look, pod);

	return mark && (int64_t)mark->number > look->now_us;
}

void efficacy_end(struct efficacy *e)
{
	memset(e->trial, 0, sizeof(e->trial));
	e->n_trial = 0;
	e->started_us = 0;
}

bool efficacy_is_full(const struct efficacy *e)
{
	return e->n_trial > 0 && e->trial[0].full != 0;
}

void efficacy_begin(struct efficacy *e, const struct wait_look *look)
{
	uint64_t permille, span_us;

	efficacy_end(e);
	for (size_t i = 0; i < look->model->n_pods && e->n_trial < EFFICACY_TRIAL; i++) {
		const struct pod *pod = look->model->pods[i];

		if (!rests(e, look, pod) && wait_over_threshold(look, pod, &permille, &span_us))
			e->trial[e->n_trial++] = (struct efficacy_pod){
				.slot = pod->slot,
				.serial = pod->serial,
				.full = look->rule->full,
				.number = permille,
			};
	}
	e->started_us = look->now_us;
}

void efficacy_expire(struct efficacy *e, const struct wait_look *look)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < e->n_marks; i++)
		if ((int64_t)e->marks[i].number > look->now_us &&
		    model_pod(look->model, e->marks[i].serial))
			e->marks[kept++] = e->marks[i];
	memset(e->marks + kept, 0, (e->n_marks - kept) * sizeof(e->marks[0]));
	e->n_marks = kept;
}

bool efficacy_rests(const struct efficacy *e, const struct pod *pod, int64_t now_us,
		    int64_t *ret_until_us)
{
	for (uint32_t i = 0; i < e->n_marks; i++) {
		const struct efficacy_pod *mark = &e->marks[i];

		if (mark->slot != pod->slot || mark->serial != pod->serial ||
		    (int64_t)mark->number <= now_us)
			continue;
		if (ret_until_us)
			*ret_until_us = (int64_t)mark->number;
		return true;
	}
	return false;
}

/* In a full table the one that rests longest already makes room: it is only tried again sooner. */
static void mark(struct efficacy *e, const struct wait_look *look, const struct pod *pod)
{
	struct efficacy_pod *to = find(e->marks, e->n_marks, look, pod);

	if (!to && e->n_marks < EFFICACY_MARKS)
		to = &e->marks[e->n_marks++];
	for (uint32_t i = 0; !to && i < e->n_marks; i++)
		if (i == 0 || e->marks[i].number < to->number)
			to = &e->marks[i];
	*to = (struct efficacy_pod){
		.slot = pod->slot,
		.serial = pod->serial,
		.full = look->rule->full,
		.number = (uint64_t)(look->now_us + EFFICACY_REST_US),
	};
}

static bool is_better(uint64_t permille, uint64_t before)
{
	return permille * BETTER_DEN <= before * BETTER_NUM;
}

/* Some pod of the trial is better off. One that is gone, or was not measured, tells nothing. */
static bool has_helped(const struct efficacy *e, const struct wait_look *look)
{
	uint64_t permille, span_us;

	for (size_t i = 0; i < look->model->n_pods; i++) {
		const struct pod *pod = look->model->pods[i];
		const struct efficacy_pod *before = look_up(e->trial, e->n_trial, look, pod);

		if (before && wait_excess_permille(look, pod, WINDOW_US, &permille, &span_us) &&
		    is_better(permille, before->number))
			return true;
	}
	return false;
}

enum verdict {
	NOBODY_WAITS, /* just now: it may well be the hold's doing, or chance */
	NOT_KNOWN,    /* somebody waits of whom it is not known how it was before, or lately */
	USELESS,
};

static enum verdict judge(const struct efficacy *e, const struct wait_look *look,
			  struct reason *ret_reason)
{
	struct reason worst = {
		.code = REASON_INEFFECTIVE,
		.level = LEVEL_NONE,
		.rule = -1,
		.for_us = EFFICACY_REST_US,
		.extra = (uint64_t)look->resource,
	};
	uint64_t permille, span_us;

	for (size_t i = 0; i < look->model->n_pods; i++) {
		const struct pod *pod = look->model->pods[i];
		const struct efficacy_pod *before;

		if (rests(e, look, pod) || !wait_over_threshold(look, pod, &permille, &span_us))
			continue;
		before = look_up(e->trial, e->n_trial, look, pod);
		if (!before || !wait_excess_permille(look, pod, WINDOW_US, &permille, &span_us))
			return NOT_KNOWN;
		if (worst.who[0] != '\0' && permille <= worst.observed)
			continue;
		worst.observed = permille;
		worst.limit = before->number;
		who_set(&worst, pod->name);
	}
	if (worst.who[0] == '\0')
		return NOBODY_WAITS;
	*ret_reason = worst;
	return USELESS;
}

static void mark_waiters(struct efficacy *e, const struct wait_look *look)
{
	uint64_t permille, span_us;

	for (size_t i = 0; i < look->model->n_pods; i++) {
		const struct pod *pod = look->model->pods[i];

		if (find(e->trial, e->n_trial, look, pod) &&
		    wait_over_threshold(look, pod, &permille, &span_us))
			mark(e, look, pod);
	}
}

/* A hold that began with the wait saw the first of it only. Until the rule's window is full, what is waited is still
 * what the wait was like without it. */
static void complete_before(struct efficacy *e, const struct wait_look *look)
{
	uint64_t permille, span_us;

	for (size_t i = 0; i < look->model->n_pods; i++) {
		const struct pod *pod = look->model->pods[i];
		struct efficacy_pod *before = find(e->trial, e->n_trial, look, pod);

		if (before && wait_over_threshold(look, pod, &permille, &span_us) &&
		    permille > before->number)
			before->number = permille;
	}
}

bool efficacy_is_useless(struct efficacy *e, const struct wait_look *look, bool in_force,
			 struct reason *ret_reason)
{
	int64_t past_us = look->now_us - e->started_us;
	enum verdict verdict;

	if (e->started_us != 0 && past_us <= (int64_t)look->rule->window_us)
		complete_before(e, look);
	if (e->started_us == 0 || past_us < IN_FORCE_AFTER_US)
		return false;
	if (!in_force) {
		efficacy_end(e);
		return false;
	}
	if (past_us < WINDOW_US)
		return false;
	if (has_helped(e, look)) {
		efficacy_end(e);
		return false;
	}
	if (past_us < 2 * WINDOW_US)
		return false;
	verdict = judge(e, look, ret_reason);
	if (verdict == USELESS)
		mark_waiters(e, look);
	if (verdict != NOBODY_WAITS)
		efficacy_end(e);
	return verdict == USELESS;
}

bool efficacy_has_failed(const struct efficacy *e, const struct wait_look *look, bool in_force)
{
	struct reason reason;

	return e->started_us != 0 && in_force && look->now_us - e->started_us >= 2 * WINDOW_US &&
	       !has_helped(e, look) && judge(e, look, &reason) == USELESS;
}

const struct pod *efficacy_waiter(const struct efficacy *e, const struct wait_look *look,
				  uint64_t *ret_permille, uint64_t *ret_span_us)
{
	const struct pod *longest = NULL;

	for (size_t i = 0; i < look->model->n_pods; i++) {
		const struct pod *pod = look->model->pods[i];
		uint64_t permille, span_us;

		if (rests(e, look, pod) || !wait_over_threshold(look, pod, &permille, &span_us) ||
		    (longest && permille <= *ret_permille))
			continue;
		longest = pod;
		*ret_permille = permille;
		*ret_span_us = span_us;
	}
	return longest;
}
