// SPDX-License-Identifier: LGPL-2.1-or-later
// See cpu_use.h. A counter that ran backwards (a cgroup made anew under the same path) counts as
// not measured.
#include "policy/cpu_use.h"

#include <errno.h>

#include "policy/ring.h"

uint64_t cpu_use_permille(uint64_t count, uint64_t span)
{
	uint64_t whole;

	if (__builtin_mul_overflow(count / span, 1000u, &whole))
		return UINT64_MAX;
	/* The remainder is below span: it overflows only for spans of centuries. */
	if (count % span > UINT64_MAX / 1000)
		return whole;
	return whole + count % span * 1000 / span;
}

static int rate(uint64_t from, uint64_t to, int64_t from_us, int64_t to_us, int64_t now_us,
		uint64_t *ret_milli)
{
	if (to_us <= from_us || to < from || now_us - to_us > CPU_USE_STALE_US)
		return -ENODATA;
	*ret_milli = cpu_use_permille(to - from, (uint64_t)(to_us - from_us));
	return 0;
}

int cpu_use_pod_milli(const struct samples *samples, const struct pod *pod, uint64_t window_us,
		      int64_t now_us, uint64_t *ret_milli)
{
	const struct pod_history *history = ring_of(samples, pod->slot, pod->serial);
	const struct pod_sample *back, *last;

	if (!history)
		return -ENODATA;
	back = ring_back(history, window_us, SAMPLE_CPU);
	last = ring_last(history);
	if (!back || !last)
		return -ENODATA;
	return rate(back->cpu_usage_us, last->cpu_usage_us, back->at_us, last->at_us, now_us,
		    ret_milli);
}

int cpu_use_node_milli(const struct samples *samples, uint64_t window_us, int64_t now_us,
		       uint64_t *ret_milli)
{
	const struct node_sample *back = ring_back_node(&samples->node, window_us, SAMPLE_CPU);
	const struct node_sample *last = ring_last_node(&samples->node);

	if (!back || !last)
		return -ENODATA;
	return rate(back->cpu_busy_us, last->cpu_busy_us, back->at_us, last->at_us, now_us,
		    ret_milli);
}

int cpu_use_throttled_permille(const struct pod_sample *from, const struct pod_sample *to,
			       uint64_t *ret_permille)
{
	uint64_t outer = 0, inner = 0;

	if (!(from->valid & to->valid & SAMPLE_CPU) || (to->valid & SAMPLE_QUOTA_UNSEEN) ||
	    to->cpu_periods < from->cpu_periods || to->cpu_throttled < from->cpu_throttled ||
	    to->inner_periods < from->inner_periods || to->inner_throttled < from->inner_throttled)
		return -ENODATA;
	if (to->cpu_periods > from->cpu_periods)
		outer = cpu_use_permille(to->cpu_throttled - from->cpu_throttled,
					 to->cpu_periods - from->cpu_periods);
	if (to->inner_periods > from->inner_periods)
		inner = cpu_use_permille(to->inner_throttled - from->inner_throttled,
					 to->inner_periods - from->inner_periods);
	*ret_permille = outer > inner ? outer : inner;
	return to->cpu_periods > from->cpu_periods || to->inner_periods > from->inner_periods;
}
