// SPDX-License-Identifier: LGPL-2.1-or-later
// See baseline.h. Every 10 s one window of each online pod; the windows of one pod thus never overlap, and what
// came in between is in the next one.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/baseline.h"
#include "policy/cpu_use.h"
#include "policy/decide.h"
#include "policy/ring.h"
#include "policy/share.h"

#define SECOND_US 1000000

static int reserve(struct baselines *b, size_t n_slots)
{
	struct baseline_slot *grown;

	if (n_slots <= b->n_slots)
		return 0;
	grown = reallocarray(b->slots, n_slots, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	for (size_t i = b->n_slots; i < n_slots; i++)
		grown[i] = (struct baseline_slot){.serial = UINT64_MAX, .workload = -1};
	b->slots = grown;
	b->n_slots = n_slots;
	return 0;
}

/* The place of a workload that is known; -1: none. */
static int32_t find(const struct baselines *b, const char *key)
{
	for (int32_t i = 0; i < BASELINE_WORKLOADS && b->workloads[i]; i++)
		if (strcmp(b->workloads[i]->key, key) == 0)
			return i;
	return -1;
}

/* Which workload a pod is of may change once its facts are known. */
static struct baseline_workload *workload_of(struct baselines *b, const struct pod *pod,
					     int64_t now_us)
{
	struct baseline_slot *slot = &b->slots[pod->slot];
	char key[WORKLOAD_KEY_SIZE];

	workload_key(pod, key);
	if (slot->serial != pod->serial)
		*slot = (struct baseline_slot){
			.serial = pod->serial,
			.workload = -1,
			.first_s = (int32_t)(now_us / SECOND_US),
		};
	if (slot->workload >= 0 && strcmp(b->workloads[slot->workload]->key, key) == 0)
		return b->workloads[slot->workload];
	slot->workload = find(b, key);
	if (slot->workload < 0 && baselines_add(b, key, now_us))
		slot->workload = find(b, key);
	return slot->workload < 0 ? NULL : b->workloads[slot->workload];
}

static void take(struct baseline_cell *into, const struct baseline_cell *from)
{
	stall_hist_merge(&into->calm, &from->calm);
	stall_hist_merge(&into->all, &from->all);
	/* Two pods of it may have been in both at a time: what is sure is the larger number. */
	into->n_calm = from->n_calm > into->n_calm ? from->n_calm : into->n_calm;
	into->n_episodes = from->n_episodes > into->n_episodes ? from->n_episodes
							       : into->n_episodes;
	into->n_all = from->n_all > into->n_all ? from->n_all : into->n_all;
	into->calm_us = from->calm_us > into->calm_us ? from->calm_us : into->calm_us;
	into->all_us = from->all_us > into->all_us ? from->all_us : into->all_us;
	into->calm_round = from->calm_round > into->calm_round ? from->calm_round
							       : into->calm_round;
	into->all_round = from->all_round > into->all_round ? from->all_round : into->all_round;
	into->calm_spell = from->calm_spell > into->calm_spell ? from->calm_spell
							       : into->calm_spell;
	baseline_settle(into);
}

/* Those of the other bin are taken as they were, up to as many as are kept. */
static void take_held(struct baseline_held *into, const struct baseline_held *from)
{
	int64_t at_us = into->at_us > from->at_us ? into->at_us : from->at_us;

	for (uint32_t i = 0; i < from->n; i++)
		baseline_held_add(into, from->permille[i], at_us);
}

static void make_room(struct baseline_workload *w, uint64_t load_milli)
{
	while (load_milli > w->top_milli && w->top_milli < BASELINE_TOP_MAX) {
		for (int r = 0; r < RESOURCE_COUNT; r++) {
			struct baseline_cell *cells = w->cells[r];

			take(&cells[0], &cells[1]);
			memmove(&cells[1], &cells[2], (BASELINE_BINS - 2) * sizeof(cells[0]));
			memset(&cells[BASELINE_BINS - 1], 0, sizeof(cells[0]));
		}
		take_held(&w->held[0], &w->held[1]);
		memmove(&w->held[1], &w->held[2], (BASELINE_BINS - 2) * sizeof(w->held[0]));
		memset(&w->held[BASELINE_BINS - 1], 0, sizeof(w->held[0]));
		w->top_milli *= 2;
	}
}

/* Once there is room, more than the most of all is in the highest. */
static int bin_of(const struct baseline_workload *w, uint64_t load_milli)
{
	int bin = baseline_bin(w, load_milli);

	return bin < BASELINE_BINS ? bin : BASELINE_BINS - 1;
}

static uint64_t load(const struct pod_sample *from, const struct pod_sample *to)
{
	if (to->cpu_usage_us < from->cpu_usage_us)
		return UINT64_MAX;
	return cpu_use_permille(to->cpu_usage_us - from->cpu_usage_us,
				(uint64_t)(to->at_us - from->at_us));
}

/* Whether the pod itself is as it was: old enough, measured, as busy as before, not throttled. */
static bool pod_is_calm(const struct baselines *b, const struct baseline_workload *w,
			const struct pod *pod, const struct pod_history *history, int64_t now_us)
{
	const struct baseline_slot *slot = &b->slots[pod->slot];
	const struct pod_sample *half, *whole, *last = ring_last(history);
	uint64_t throttled = 0;

	if (now_us - (int64_t)slot->first_s * SECOND_US < BASELINE_POD_AGE_US ||
	    !calm_covered(history, SAMPLE_CPU, now_us, &half, &whole))
		return false;
	if (cpu_use_throttled_permille(whole, last, &throttled) < 0 ||
	    throttled > CPU_USE_OWN_FAULT_PERMILLE)
		return false;
	return bin_of(w, load(half, last)) == bin_of(w, load(whole, half));
}

/* The first window of this spell. */
static bool begins_anew(const struct baselines *b, const struct baseline_cell *cell)
{
	if (cell->n_episodes == 0)
		return true;
	return cell->calm_spell != BASELINE_SPELL_KEPT && cell->calm_spell != b->spell;
}

static void add(struct baselines *b, struct baseline_cell *cell, uint32_t permille, bool calm,
		int64_t now_us)
{
	stall_hist_add(&cell->all, permille);
	if (cell->n_all == 0 || cell->all_round != b->round)
		cell->n_all++;
	cell->all_round = b->round;
	cell->all_us = now_us;
	if (calm) {
		if (begins_anew(b, cell))
			cell->n_episodes++;
		if (cell->n_calm == 0 || cell->calm_round != b->round) {
			cell->n_calm++;
			b->windows++;
		}
		stall_hist_add(&cell->calm, permille);
		cell->calm_round = b->round;
		cell->calm_spell = b->spell;
		cell->calm_us = now_us;
	}
	baseline_settle(cell);
}

static void feed_pod(struct baselines *b, const struct pod *pod, const struct pod_history *history,
		     int64_t now_us)
{
	const struct pod_sample *half = ring_back(history, SCORE_WINDOW_US, SAMPLE_CPU);
	struct baseline_workload *w = workload_of(b, pod, now_us);
	const struct pod_sample *last = ring_last(history);
	struct share share;
	uint64_t load_milli;
	bool calm;

	if (!w)
		return;
	w->seen_us = now_us;
	baseline_fade(w, now_us);
	if (!half || now_us - last->at_us > CALM_GAP_US ||
	    last->at_us - half->at_us < SCORE_WINDOW_US)
		return;
	load_milli = load(half, last);
	if (load_milli == UINT64_MAX)
		return;
	make_room(w, load_milli);
	calm = b->calm == CALM_YES && pod_is_calm(b, w, pod, history, now_us);
	for (int r = 0; r < RESOURCE_COUNT; r++)
		if (share_of(history, (enum resource)r, &share) == 0 && !share.own)
			add(b, &w->cells[r][bin_of(w, load_milli)], share.permille, calm, now_us);
}

/* What was not measured may have been as calm as before. */
static void follow_spells(struct baselines *b)
{
	if (b->calm == CALM_YES && (b->disturbed || b->spell == 0)) {
		b->spell++;
		b->disturbed = false;
	} else if (b->calm != CALM_YES && b->calm != CALM_UNMEASURED) {
		b->disturbed = true;
	}
}

int baselines_feed(struct baselines *b, const struct calm_look *look)
{
	uint64_t set;
	int r;

	if (b->fed_us > 0 && look->now_us - b->fed_us < SCORE_WINDOW_US)
		return 0;
	r = reserve(b, look->model->n_slots);
	if (r < 0)
		return r;
	set = calm_offline_set(look);
	b->calm = calm_node(look);
	/* What one that came or went did in the meantime, nobody has seen. */
	if (b->calm == CALM_YES && (set != b->offline_set || set != b->offline_set_before))
		b->calm = CALM_OFFLINE_CPU;
	follow_spells(b);
	b->offline_set_before = b->offline_set;
	b->offline_set = set;
	b->round++;
	b->fed_us = look->now_us;
	for (size_t i = 0; i < look->model->n_pods; i++) {
		const struct pod *pod = look->model->pods[i];
		const struct assignment *a = plan_assignment(look->plan, pod);
		const struct pod_history *history = ring_of(look->samples, pod->slot, pod->serial);

		if (history && a->state == ASSIGNMENT_LEVEL && a->role == ROLE_ONLINE)
			feed_pod(b, pod, history, look->now_us);
	}
	return 0;
}
