// SPDX-License-Identifier: LGPL-2.1-or-later
// See incident_flow.h.
#include "policy/incident_flow.h"

#include "policy/incident_mean.h"

static const struct incident_flow unknown = {INCIDENT_UNKNOWN, INCIDENT_UNKNOWN, INCIDENT_UNKNOWN,
					     INCIDENT_UNKNOWN};

static uint32_t bounded(uint64_t value)
{
	return value < INCIDENT_UNKNOWN ? (uint32_t)value : INCIDENT_UNKNOWN - 1;
}

static struct incident_flow flow_of(const struct net_flow *flow, const struct net_flow_of *of,
				    int64_t now_us)
{
	struct incident_flow to = unknown;

	to.sent_kib_s = bounded(of->sent_bytes_per_s / 1024);
	to.waiting_kib = bounded(of->backlog_bytes / 1024);
	if (flow->arrived)
		to.arrived_kib_s = bounded(of->arrived_bytes_per_s / 1024);
	if (net_flow_is_fresh(flow->drops_at_us, now_us))
		to.dropped_per_s = bounded(of->drops_per_s);
	return to;
}

struct incident_net incident_flow_now(const struct net_flow *flow, int64_t now_us)
{
	struct incident_net net = {unknown, unknown};

	if (flow && net_flow_is_fresh(flow->at_us, now_us)) {
		net.online = flow_of(flow, &flow->online, now_us);
		net.offline = flow_of(flow, &flow->offline, now_us);
	}
	return net;
}

static void merge_one(struct incident_flow *a, uint32_t a_ms, const struct incident_flow *b,
		      uint32_t b_ms)
{
	a->sent_kib_s = incident_mean(a->sent_kib_s, a_ms, b->sent_kib_s, b_ms, INCIDENT_UNKNOWN);
	a->arrived_kib_s =
		incident_mean(a->arrived_kib_s, a_ms, b->arrived_kib_s, b_ms, INCIDENT_UNKNOWN);
	a->dropped_per_s =
		incident_mean(a->dropped_per_s, a_ms, b->dropped_per_s, b_ms, INCIDENT_UNKNOWN);
	if (b->waiting_kib != INCIDENT_UNKNOWN)
		a->waiting_kib = b->waiting_kib;
}

void incident_flow_merge(struct incident_net *a, uint32_t a_ms, const struct incident_net *b,
			 uint32_t b_ms)
{
	merge_one(&a->online, a_ms, &b->online, b_ms);
	merge_one(&a->offline, a_ms, &b->offline, b_ms);
}
