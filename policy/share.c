// SPDX-License-Identifier: LGPL-2.1-or-later
// See share.h.
#include "policy/share.h"

#include <errno.h>

#include "policy/cpu_use.h"
#include "policy/ring.h"

#define PERMILLE 1000

/* Whether a counter never fell from `first` to the newest sample. It falls only when the cgroup was
 * made anew below our feet; the difference over the window would then be of two cgroups. */
static bool grows(const struct pod_history *history, const struct pod_sample *first,
		  enum resource resource)
{
	uint32_t bit = SAMPLE_PSI_CPU << resource;
	uint64_t newer = UINT64_MAX;

	for (uint32_t back = 0; back < history->count; back++) {
		const struct pod_sample *s = ring_at(history, back);

		if (s->valid & bit) {
			if (s->psi[resource].some_us > newer)
				return false;
			newer = s->psi[resource].some_us;
		}
		if (s == first)
			break;
	}
	return true;
}

static uint32_t permille(uint64_t part_us, uint64_t window_us)
{
	/* The total is read a little after the time is taken, so it may seem to outgrow it. */
	if (window_us == 0)
		return 0;
	if (part_us >= window_us)
		return PERMILLE;
	return (uint32_t)cpu_use_permille(part_us, window_us);
}

/* The events are counted only while it waits: those of the oldest sample in the window that knows are
 * held against those of the newest that does. */
static bool met_own_bound(const struct pod_history *history, const struct pod_sample *first)
{
	const struct pod_sample *oldest = NULL, *newest = NULL, *s;

	for (uint32_t back = 0; (s = ring_at(history, back)) && s->at_us >= first->at_us; back++) {
		if (!(s->valid & SAMPLE_MEMORY_EVENTS))
			continue;
		newest = newest ? newest : s;
		oldest = s;
	}
	if (!newest)
		return true;
	if (newest->memory_bounded == 0)
		return false;
	return newest == oldest || newest->memory_bounded != oldest->memory_bounded;
}

int share_of(const struct pod_history *history, enum resource resource, struct share *ret)
{
	const struct pod_sample *last = ring_last(history);
	const struct pod_sample *first =
		ring_back(history, SCORE_WINDOW_US, SAMPLE_PSI_CPU << resource);
	uint64_t throttled = 0;
	struct share share;

	if (!first || !grows(history, first, resource))
		return -ENODATA;
	if (resource == RESOURCE_CPU && cpu_use_throttled_permille(first, last, &throttled) < 0)
		return -ENODATA;
	share.window_us = (uint64_t)(last->at_us - first->at_us);
	share.permille = permille(last->psi[resource].some_us - first->psi[resource].some_us,
				  share.window_us);
	share.own = throttled > CPU_USE_OWN_FAULT_PERMILLE;
	if (resource == RESOURCE_MEMORY && share.permille > 0)
		share.own = met_own_bound(history, first);
	*ret = share;
	return 0;
}
