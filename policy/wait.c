// SPDX-License-Identifier: LGPL-2.1-or-later
// See wait.h.
#include "policy/wait.h"

#include "policy/cpu_use.h"
#include "policy/decide.h"
#include "policy/ring.h"
#include "policy/rule.h"

/* A span this many times the window (or second, if that is longer) no longer speaks of the window
 * that the rule names. */
#define SPAN_MAX 4u
#define SECOND_US 1000000u

bool wait_permille(const struct wait_look *look, const struct pod *pod, uint64_t window_us,
		   uint64_t *ret_permille, uint64_t *ret_span_us)
{
	const struct pod_history *history = ring_of(look->samples, pod->slot, pod->serial);
	uint64_t span_us, throttled, most_us = window_us > SECOND_US ? window_us : SECOND_US;
	const struct pod_sample *back, *last;

	if (!history)
		return false;
	back = ring_back(history, window_us, SAMPLE_PSI_CPU | SAMPLE_CPU);
	last = ring_last(history);
	if (!back || !last || last->at_us <= back->at_us ||
	    look->now_us - last->at_us > CPU_USE_STALE_US)
		return false;
	span_us = (uint64_t)(last->at_us - back->at_us);
	if (span_us < window_us || span_us / SPAN_MAX > most_us)
		return false;
	if (last->psi[RESOURCE_CPU].some_us < back->psi[RESOURCE_CPU].some_us ||
	    cpu_use_throttled_permille(back, last, &throttled) < 0 ||
	    throttled > CPU_USE_OWN_FAULT_PERMILLE)
		return false;
	*ret_permille = cpu_use_permille(
		last->psi[RESOURCE_CPU].some_us - back->psi[RESOURCE_CPU].some_us, span_us);
	*ret_span_us = span_us;
	return true;
}

bool wait_over_threshold(const struct wait_look *look, const struct pod *pod,
			 uint64_t *ret_permille, uint64_t *ret_span_us)
{
	const struct pressure_rule *rule = &look->policy->pressure_cpu;
	const struct assignment *a = plan_assignment(look->plan, pod);
	uint64_t permille, span_us;

	/* The agent's own threads wait for each other when it starts: it squeezes nobody for its own
	 * sake. */
	if (a->state != ASSIGNMENT_LEVEL || a->role != ROLE_ONLINE ||
	    rule_is_own(pod->cgroup->name) ||
	    !wait_permille(look, pod, rule->window_us, &permille, &span_us) ||
	    permille < rule->threshold_permille)
		return false;
	*ret_permille = permille;
	*ret_span_us = span_us;
	return true;
}
