// SPDX-License-Identifier: LGPL-2.1-or-later
// See evict_rate.h.
#include "policy/evict_rate.h"

#include "policy/cpu_use.h"
#include "policy/evict_io.h"

/* Who has anything left to do does some of it in so long. */
#define NOTHING_US 3000000

enum resource evict_resource(const struct evict_pending *p)
{
	return p->estimate_rate > 0 ? p->rate_of : RESOURCE_MEMORY;
}

static bool is_known(const struct evict *e, const struct evict_pending *p, int64_t now_us)
{
	return e->rate_us[p->rate_of] > 0 && now_us - e->rate_us[p->rate_of] <= EVICT_RATE_STALE_US;
}

static bool uses_nothing(const struct samples *samples, const struct pod *pod, int64_t now_us)
{
	uint64_t milli;

	return cpu_use_pod_milli(samples, pod, NOTHING_US, now_us, &milli) == 0 && milli == 0;
}

const struct pod *evict_rate_there(const struct evict_pending *p, const struct pod *pod,
				   const struct samples *samples, int64_t now_us)
{
	if (!pod || p->estimate_rate == 0)
		return pod;
	if (pod->cgroup && !pod->cgroup->populated)
		return NULL;
	/* Who waits for a disk uses no CPU for as long. */
	if (p->stage == EVICT_STAGE_DYING && uses_nothing(samples, pod, now_us) &&
	    (p->rate_of == RESOURCE_CPU || evict_io_rests(samples, pod, now_us)))
		return NULL;
	return pod;
}

void evict_rate_note(const struct evict *e, struct evict_pending *p, int64_t now_us)
{
	if (p->estimate_rate > 0 && is_known(e, p, now_us))
		p->before_rate = e->rate[p->rate_of];
}

void evict_rate_measure(const struct evict *e, struct evict_pending *p, bool gone, int64_t now_us)
{
	uint64_t rate;

	if (!gone || p->gone_us == 0)
		p->gone_us = gone ? now_us : 0;
	if (p->estimate_rate == 0)
		return;
	rate = is_known(e, p, now_us) ? e->rate[p->rate_of] : p->before_rate;
	p->freed_rate = p->before_rate > rate ? p->before_rate - rate : 0;
}

bool evict_rate_has_settled(const struct evict_pending *p, int64_t now_us)
{
	return p->estimate_rate == 0 || p->stage != EVICT_STAGE_DYING ||
	       now_us - p->gone_us >= EVICT_SETTLE_US;
}

bool evict_rate_judge(const struct evict *e, const struct evict_pending *p, int64_t now_us,
		      bool *ret_poor)
{
	*ret_poor = p->freed_rate < p->estimate_rate / 4;
	return p->before_rate > 0 && is_known(e, p, now_us);
}
