// SPDX-License-Identifier: LGPL-2.1-or-later
// See evict_order.h. What the pod is comes first: who asks for an online pod hears that, in any mode.
#include "policy/evict_order.h"

#include "policy/evict_choose.h"
#include "policy/ring.h"

static const char *const texts[EVICT_ORDER_COUNT] = {
	[EVICT_ORDER_YES] = "nothing is in its way",
	[EVICT_ORDER_GONE] = "the pod is gone",
	[EVICT_ORDER_PENDING] =
		"this pod was asked to go already: coloctl history --kind evict says by whom, and what "
		"comes of it",
	[EVICT_ORDER_NO_FACTS] =
		"what this pod is, is not known: coloctl why POD says what is missing",
	[EVICT_ORDER_NO_RULE] =
		"no rule of the policy matches this pod, and such a pod is never touched",
	[EVICT_ORDER_NO_NEVER] =
		"system pods, static pods and the units that the node needs are never evicted",
	[EVICT_ORDER_NO_ONLINE] = "this pod is online, and only offline pods are ever evicted",
	[EVICT_ORDER_NO_ENDING] = "this pod is being deleted already",
	[EVICT_ORDER_NO_OTHERS] =
		"another pod, or something that could not be looked at, is inside of it: evict that first",
	[EVICT_ORDER_NO_MODE] =
		"only mode full lets colod evict, and another one is in force for memory: coloctl mode says "
		"what lowers it",
	[EVICT_ORDER_NO_API] =
		"a Kubernetes pod goes through its API server, and none is known here: set facts.api, or "
		"use kubectl delete pod",
	[EVICT_ORDER_NO_WAY] =
		"evict.by of the policy names no way that fits this pod: use kubectl delete pod, or "
		"systemctl stop for a unit",
	[EVICT_ORDER_NO_ROOM] =
		"as many evictions as there may be are under way: try again in a moment",
	[EVICT_ORDER_NO_RECORD] =
		"it cannot be written down in /run/colod, so the next colod would not know of it: make room "
		"in /run",
};

const char *evict_order_text(enum evict_order_no no)
{
	return (unsigned)no < EVICT_ORDER_COUNT ? texts[no] : "?";
}

const struct pod *evict_order_pod(const struct model *model, const struct evict_order *order)
{
	const struct pod *pod = model_pod(model, order->serial);

	return pod && pod->slot == order->slot ? pod : NULL;
}

static enum evict_order_no from_out(enum victim_out out)
{
	switch (out) {
	case VICTIM_OUT_COUNT:
		return EVICT_ORDER_YES;
	case VICTIM_NO_RULE:
		return EVICT_ORDER_NO_RULE;
	case VICTIM_ONLINE:
		return EVICT_ORDER_NO_ONLINE;
	case VICTIM_STATIC:
	case VICTIM_PROTECTED:
		return EVICT_ORDER_NO_NEVER;
	case VICTIM_HOLDS_OTHERS:
		return EVICT_ORDER_NO_OTHERS;
	case VICTIM_DELETING:
		return EVICT_ORDER_NO_ENDING;
	default:
		return EVICT_ORDER_NO_FACTS;
	}
}

static enum evict_order_no judge_way(const struct policy *policy, const struct pod *pod,
				     bool kubernetes)
{
	if (evict_choose_way(policy, pod, kubernetes) != EVICT_WAY_COUNT)
		return EVICT_ORDER_YES;
	return evict_choose_way(policy, pod, true) != EVICT_WAY_COUNT ? EVICT_ORDER_NO_API
								      : EVICT_ORDER_NO_WAY;
}

enum evict_order_no evict_order_judge(const struct evict_order_input *in,
				      const struct evict_order *order)
{
	const struct victim_input victim = {
		.model = in->model, .policy = in->policy, .plan = in->plan};
	const struct pod *pod = evict_order_pod(in->model, order);
	enum evict_order_no no;

	if (!pod)
		return EVICT_ORDER_GONE;
	if (order->pending)
		return EVICT_ORDER_PENDING;
	no = from_out(victim_judge(&victim, pod));
	if (no != EVICT_ORDER_YES)
		return no;
	if (in->modes->by[RESOURCE_MEMORY] != MODE_FULL)
		return EVICT_ORDER_NO_MODE;
	no = judge_way(in->policy, pod, order->kubernetes);
	if (no != EVICT_ORDER_YES)
		return no;
	return order->room ? EVICT_ORDER_YES : EVICT_ORDER_NO_ROOM;
}

/* As it was measured last: where nothing is short that may be some samples ago. */
static uint64_t usage(const struct samples *samples, const struct pod *pod)
{
	const struct pod_history *h = ring_of(samples, pod->slot, pod->serial);
	const struct pod_sample *s;

	for (uint32_t back = 0; h && (s = ring_at(h, back)); back++)
		if (s->valid & SAMPLE_MEMORY)
			return s->memory_bytes;
	return 0;
}

void evict_order_asked(struct evict *e, const struct pod *pod, const struct samples *samples,
		       int64_t now_us)
{
	const struct victim nobody_estimated = {.pod = pod, .usage_bytes = usage(samples, pod)};

	evict_asked(e, &nobody_estimated, now_us);
	for (size_t i = 0; i < EVICT_PENDING; i++)
		if (e->pending[i].stage == EVICT_STAGE_ASKED && e->pending[i].serial == pod->serial)
			e->pending[i].ordered = true;
}

uint64_t evict_order_again(const struct evict *e, int64_t now_us)
{
	for (size_t i = 0; i < EVICT_PENDING; i++) {
		const struct evict_pending *p = &e->pending[i];

		if (p->ordered && p->stage == EVICT_STAGE_AGAIN && now_us >= p->until_us)
			return p->serial;
	}
	return 0;
}
