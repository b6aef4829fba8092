// SPDX-License-Identifier: LGPL-2.1-or-later
// See net_flow.h.
#include "policy/net_flow.h"

#include "policy/net_arrived.h"
#include "policy/net_ceiling.h"
#include "policy/net_plan.h"

static const struct net_plan_link *shaped(const struct net_plan *plan, const struct net_link *link)
{
	const struct net_plan_link *p = plan->on ? net_plan_find(plan, link->ifindex) : NULL;

	return p && net_plan_shapes(p) ? p : NULL;
}

static void add_backlog(const struct net_counts *now, const struct net_shape *shape,
			struct net_flow *flow)
{
	flow->online.backlog_bytes += now->unmarked.backlog_bytes;
	for (int i = 0; i < LEVEL_COUNT; i++) {
		struct net_flow_of *of = shape->offline_levels >> i & 1 ? &flow->offline
									: &flow->online;

		if (shape->levels >> i & 1)
			of->backlog_bytes += now->level[i].backlog_bytes;
	}
}

static void add_arrived(const struct net_links *links, const struct net_counts *before,
			const struct net_counts *now, struct net_flow *flow)
{
	struct net_use use;

	if (!net_arrived_use(before, now, links->n_tunnels > 0, &use)) {
		flow->arrived = false;
		return;
	}
	flow->online.arrived_bytes_per_s += use.online_bytes_per_s;
	flow->offline.arrived_bytes_per_s += use.offline_bytes_per_s;
}

void net_flow_measure(const struct net_links *links, const struct net_plan *plan,
		      const struct net_counts *before, const struct net_counts *now,
		      struct net_flow *flow)
{
	struct net_flow all = {.arrived = true}, none = {0};
	struct net_use use;

	for (uint32_t i = 0; i < links->n; i++) {
		const struct net_plan_link *p = shaped(plan, &links->list[i]);

		if (!p)
			continue;
		if (!net_ceiling_use(&before[i], &now[i], &p->shape, &use)) {
			all.at_us = 0;
			break;
		}
		if (now[i].at_us > all.at_us)
			all.at_us = now[i].at_us;
		all.online.sent_bytes_per_s += use.online_bytes_per_s;
		all.offline.sent_bytes_per_s += use.offline_bytes_per_s;
		add_backlog(&now[i], &p->shape, &all);
		add_arrived(links, &before[i], &now[i], &all);
	}
	if (all.at_us == 0)
		all = none;
	all.drops_at_us = flow->drops_at_us;
	all.online.drops_per_s = flow->online.drops_per_s;
	all.offline.drops_per_s = flow->offline.drops_per_s;
	*flow = all;
}

static bool add_drops(const struct net_count *before, const struct net_count *now, uint64_t span_us,
		      uint64_t *per_s)
{
	if (now->drops < before->drops)
		return false;
	*per_s += net_ceiling_rate(now->drops - before->drops, span_us);
	return true;
}

static bool drops_of(const struct net_shape *shape, const struct net_counts *before,
		     const struct net_counts *now, struct net_flow *all)
{
	uint64_t span_us = (uint64_t)(now->at_us - before->at_us);
	struct net_use use;

	/* Where what was sent cannot be compared, its drops cannot, either. */
	if (!net_ceiling_use(before, now, shape, &use) ||
	    !add_drops(&before->unmarked, &now->unmarked, span_us, &all->online.drops_per_s))
		return false;
	for (int i = 0; i < LEVEL_COUNT; i++) {
		struct net_flow_of *of = shape->offline_levels >> i & 1 ? &all->offline
									: &all->online;

		if (shape->levels >> i & 1 &&
		    !add_drops(&before->level[i], &now->level[i], span_us, &of->drops_per_s))
			return false;
	}
	return true;
}

void net_flow_drops(const struct net_links *links, const struct net_plan *plan,
		    const struct net_counts *before, const struct net_counts *now,
		    struct net_flow *flow)
{
	struct net_flow all = {0};

	for (uint32_t i = 0; i < links->n; i++) {
		const struct net_plan_link *p = shaped(plan, &links->list[i]);

		if (!p)
			continue;
		if (!drops_of(&p->shape, &before[i], &now[i], &all)) {
			all = (struct net_flow){0};
			break;
		}
		if (now[i].at_us > all.drops_at_us)
			all.drops_at_us = now[i].at_us;
	}
	flow->drops_at_us = all.drops_at_us;
	flow->online.drops_per_s = all.online.drops_per_s;
	flow->offline.drops_per_s = all.offline.drops_per_s;
}

void net_flow_rate(const struct net_sent *before, struct net_sent *now)
{
	now->rated = before->serial == now->serial && before->marked && now->marked &&
		     before->counted && now->counted && now->bytes >= before->bytes &&
		     net_ceiling_compares(before->at_us, now->at_us);
	now->bytes_per_s = now->rated ? net_ceiling_rate(now->bytes - before->bytes,
							 (uint64_t)(now->at_us - before->at_us))
				      : 0;
}
