// SPDX-License-Identifier: LGPL-2.1-or-later
// See wait.h.
#include "policy/wait.h"

#include "policy/cpu_use.h"
#include "policy/decide.h"
#include "policy/ring.h"
#include "policy/rule.h"
#include "policy/usual.h"

/* A span this many times the window (or second, if that is longer) no longer speaks of the window
 * that the rule names. */
#define SPAN_MAX 4u
#define SECOND_US 1000000

/* Counted only while it waits, so that the sample the window begins with may not know: the oldest one in the window
 * that does is held against the newest. Where fewer than two know, so does nobody; but a pod that never met a
 * bound in its life met none now. */
static bool met_own_bound(const struct pod_history *history, const struct pod_sample *from,
			  const struct pod_sample *to)
{
	const struct pod_sample *first = NULL, *s;

	for (uint32_t back = 0; (s = ring_at(history, back)) && s->at_us >= from->at_us; back++)
		if (s->valid & SAMPLE_MEMORY_EVENTS)
			first = s;
	if (!(to->valid & SAMPLE_MEMORY_EVENTS))
		return true;
	if (to->memory_bounded == 0)
		return false;
	return !first || first == to || to->memory_bounded != first->memory_bounded;
}

/* The kernel counts when a period of the quota ends, so that the wait in one shows in no sample before that: a second
 * counts, and of less, in which no period ended, nothing is known. */
static bool met_own_quota(const struct pod_history *history, const struct pod_sample *from,
			  const struct pod_sample *to)
{
	const struct pod_sample *second = ring_back(history, SECOND_US, SAMPLE_CPU);
	uint64_t throttled = 0;
	int r;

	if (second && second->at_us < from->at_us)
		from = second;
	r = cpu_use_throttled_permille(from, to, &throttled);
	if (r == 0)
		return to->cpu_periods > 0 && to->at_us - from->at_us < SECOND_US;
	return r < 0 || throttled > CPU_USE_OWN_FAULT_PERMILLE;
}

static bool is_own_fault(const struct wait_look *look, const struct pod_history *history,
			 const struct pod_sample *from, const struct pod_sample *to)
{
	if (look->resource == RESOURCE_MEMORY)
		return met_own_bound(history, from, to);
	return look->resource == RESOURCE_CPU && met_own_quota(history, from, to);
}

/* What a sample must have to tell how long its pod waited, and whose fault that was. */
static uint32_t needed(const struct wait_look *look)
{
	uint32_t psi = (uint32_t)SAMPLE_PSI_CPU << look->resource;

	return look->resource == RESOURCE_CPU ? psi | SAMPLE_CPU : psi; /* of its own quota */
}

uint64_t wait_total_us(const struct wait_look *look, const struct pod_sample *sample)
{
	const struct psi_total *psi = &sample->psi[look->resource];

	return look->rule->full ? psi->full_us : psi->some_us;
}

bool wait_permille(const struct wait_look *look, const struct pod *pod, uint64_t window_us,
		   uint64_t *ret_permille, uint64_t *ret_span_us)
{
	const struct pod_history *history = ring_of(look->samples, pod->slot, pod->serial);
	uint64_t span_us, from_us, to_us, most_us = window_us > SECOND_US ? window_us : SECOND_US;
	const struct pod_sample *back, *last;

	if (!history)
		return false;
	back = ring_back(history, window_us, needed(look));
	last = ring_last(history);
	if (!back || !last || last->at_us <= back->at_us ||
	    look->now_us - last->at_us > CPU_USE_STALE_US)
		return false;
	span_us = (uint64_t)(last->at_us - back->at_us);
	from_us = wait_total_us(look, back);
	to_us = wait_total_us(look, last);
	if (span_us < window_us || span_us / SPAN_MAX > most_us || to_us < from_us ||
	    is_own_fault(look, history, back, last))
		return false;
	*ret_permille = cpu_use_permille(to_us - from_us, span_us);
	*ret_span_us = span_us;
	return true;
}

static const struct pod_usual *usual_of(const struct wait_look *look, const struct pod *pod)
{
	const struct pod_history *history = ring_of(look->samples, pod->slot, pod->serial);

	return history && !look->rule->full ? &history->usual : NULL;
}

uint32_t wait_usual_permille(const struct wait_look *look, const struct pod *pod)
{
	const struct pod_usual *usual = usual_of(look, pod);

	return usual ? usual_permille(usual, look->resource) : 0;
}

static uint64_t excess(const struct wait_look *look, const struct pod *pod, uint64_t permille)
{
	const struct pod_usual *usual = usual_of(look, pod);

	return usual ? usual_excess_permille(usual, look->resource, permille) : permille;
}

bool wait_excess_permille(const struct wait_look *look, const struct pod *pod, uint64_t window_us,
			  uint64_t *ret_permille, uint64_t *ret_span_us)
{
	uint64_t permille;

	if (!wait_permille(look, pod, window_us, &permille, ret_span_us))
		return false;
	*ret_permille = excess(look, pod, permille);
	return true;
}

/* The oldest sample that is younger than the window; NULL: there is none but the newest. */
static const struct pod_sample *within(const struct pod_history *history, uint64_t window_us)
{
	const struct pod_sample *last = ring_last(history), *found = NULL, *s;

	for (uint32_t back = 1; (s = ring_at(history, back)); back++) {
		if ((uint64_t)(last->at_us - s->at_us) >= window_us)
			break;
		found = s;
	}
	return found;
}

/* A part of the window in which it waited long enough for the whole of it: no need to see its end. With a sample a
 * second this is what a trigger that fires in between can be acted on by. */
static bool is_over_already(const struct wait_look *look, const struct pod *pod,
			    uint64_t *ret_permille, uint64_t *ret_span_us)
{
	const struct pod_history *history = ring_of(look->samples, pod->slot, pod->serial);
	uint64_t window_us = look->rule->window_us, permille, from_us, to_us;
	const struct pod_sample *from = history ? within(history, window_us) : NULL, *last;

	if (!from)
		return false;
	last = ring_last(history);
	if ((from->valid & last->valid & needed(look)) != needed(look) ||
	    look->now_us - last->at_us > CPU_USE_STALE_US)
		return false;
	from_us = wait_total_us(look, from);
	to_us = wait_total_us(look, last);
	if (to_us < from_us)
		return false;
	permille = excess(look, pod, cpu_use_permille(to_us - from_us, window_us));
	if (permille < look->rule->threshold_permille || is_own_fault(look, history, from, last))
		return false;
	*ret_permille = permille;
	*ret_span_us = window_us;
	return true;
}

/* The kernel's own trigger, on the terms of the rule: what it counted is at least the threshold. Its window begins and ends
 * where no sample is, so that a wait of a tenth of a second may be a part too small of what lies between two of them. */
static bool was_told(const struct wait_look *look, const struct pod *pod, uint64_t *ret_permille,
		     uint64_t *ret_span_us)
{
	const struct pod_history *history = ring_of(look->samples, pod->slot, pod->serial);
	const struct pod_sample *last = history ? ring_last(history) : NULL;
	const struct pod_sample *from = history ? ring_at(history, 1) : NULL;
	uint32_t told = look->rule->full ? SAMPLE_TOLD_MEMORY_FULL
					 : (uint32_t)SAMPLE_TOLD_CPU << look->resource;

	if (!last || !from || !(last->valid & told) || wait_usual_permille(look, pod) > 0 ||
	    (from->valid & last->valid & needed(look)) != needed(look) ||
	    look->now_us - last->at_us > CPU_USE_STALE_US ||
	    is_own_fault(look, history, from, last))
		return false;
	*ret_permille = look->rule->threshold_permille;
	*ret_span_us = look->rule->window_us;
	return true;
}

static bool is_over(const struct wait_look *look, const struct pod *pod, uint64_t *ret_permille,
		    uint64_t *ret_span_us)
{
	const struct assignment *a = plan_assignment(look->plan, pod);
	uint64_t permille, span_us;

	/* The agent's own threads wait for each other when it starts: it squeezes nobody for its own
	 * sake. */
	if (a->state != ASSIGNMENT_LEVEL || a->role != ROLE_ONLINE ||
	    rule_is_own(pod->cgroup->name))
		return false;
	if (!wait_excess_permille(look, pod, look->rule->window_us, &permille, &span_us) ||
	    permille < look->rule->threshold_permille)
		return is_over_already(look, pod, ret_permille, ret_span_us) ||
		       was_told(look, pod, ret_permille, ret_span_us);
	*ret_permille = permille;
	*ret_span_us = span_us;
	return true;
}

/* On CPUs of its own it waits for its own threads: to hold others elsewhere is no help. */
static bool is_elsewhere(const struct wait_look *look, const struct pod *pod)
{
	struct cpu_set place;

	if (!look->places || !look->places->bounded)
		return false;
	place = cpu_place_pod(look->places, pod);
	return !cpu_set_overlaps(&place, look->room);
}

bool wait_over_threshold(const struct wait_look *look, const struct pod *pod,
			 uint64_t *ret_permille, uint64_t *ret_span_us)
{
	uint64_t permille, span_us;

	if (!is_over(look, pod, &permille, &span_us) || is_elsewhere(look, pod))
		return false;
	*ret_permille = permille;
	*ret_span_us = span_us;
	return true;
}
