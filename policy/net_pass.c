// SPDX-License-Identifier: LGPL-2.1-or-later
// See net_pass.h.
#include "policy/net_pass.h"

#include "policy/decide.h"
#include "policy/net_arrived.h"

static uint32_t active_levels(const struct net_pass_in *in)
{
	uint32_t active = 0;

	for (size_t i = 0; i < in->model->n_pods; i++) {
		const struct pod *pod = in->model->pods[i];
		const struct assignment *a = plan_assignment(in->plan, pod);

		/* One in its grace sends still. */
		if (a->state == ASSIGNMENT_LEVEL &&
		    net_plan_pod(in->policy, pod, a) != NET_POD_PLAIN)
			active |= 1u << a->level;
	}
	return active;
}

/* By the classes as they were while it was sent. */
static void measure(const struct net_pass_in *in, const struct net_plan *plan,
		    struct net_use use[NET_LINKS], struct net_use arrived[NET_LINKS])
{
	const struct net_links *links = &in->view->links;

	for (uint32_t i = 0; i < links->n; i++) {
		const struct net_plan_link *link = net_plan_find(plan, links->list[i].ifindex);

		if (!link)
			continue;
		(void)net_ceiling_use(&in->before[i], &in->now[i], &link->shape, &use[i]);
		(void)net_arrived_use(&in->before[i], &in->now[i], links->n_tunnels > 0,
				      &arrived[i]);
	}
}

static uint64_t mix(uint64_t digest, uint64_t value)
{
	return (digest ^ value) * UINT64_C(0x100000001b3);
}

static uint64_t mix_class(uint64_t digest, const struct net_class *c)
{
	digest = mix(mix(digest, c->rate_bytes_per_s), c->ceil_bytes_per_s);
	return mix(mix(digest, c->quantum_bytes), c->prio);
}

/* Of what moves with each look. */
static uint64_t ceilings_of(const struct net_plan *plan)
{
	uint64_t d = mix(0, plan->n);

	for (uint32_t i = 0; i < plan->n; i++) {
		d = mix_class(d, &plan->list[i].shape.offline);
		if (plan->list[i].police == NET_POLICE_ON)
			d = mix(d, plan->list[i].rx_hold.ceil_bytes_per_s);
	}
	return d;
}

/* Of all else that a round would be asked for. */
static uint64_t digest_of(const struct net_pass_in *in, const struct net_plan *plan)
{
	uint64_t d = mix(mix(UINT64_C(0xcbf29ce484222325), plan->on), plan->mark.value);

	d = mix(mix(d, plan->mark.mask), plan->n);
	for (uint32_t i = 0; i < plan->n; i++) {
		const struct net_plan_link *link = &plan->list[i];

		d = mix(mix(d, (uint64_t)link->ifindex), link->refusal);
		d = mix(mix(d, link->shape.levels), link->shape.offline_levels);
		if (link->police == NET_POLICE_ON)
			d = mix(d, link->police);
		d = mix_class(mix_class(d, &link->shape.root), &link->shape.unmarked);
		for (int level = 0; level < LEVEL_COUNT; level++)
			d = mix_class(d, &link->shape.level[level]);
	}
	for (size_t i = 0; i < in->model->n_pods; i++) {
		const struct pod *pod = in->model->pods[i];
		const struct assignment *a = plan_assignment(in->plan, pod);
		enum net_pod_want want = net_plan_pod(in->policy, pod, a);

		d = mix(mix(d, pod->serial), want);
		d = mix(d, want == NET_POD_MARKED ? a->level : LEVEL_P0);
	}
	return d;
}

/* A ceiling follows what online work sends only where that is looked at. */
static bool follows(const struct net_plan *plan, enum mode mode)
{
	for (uint32_t i = 0; plan->on && mode >= MODE_SQUEEZE && i < plan->n; i++) {
		const struct net_plan_link *link = &plan->list[i];

		if (link->refusal == NET_FINE && link->shape.active & link->shape.offline_levels)
			return true;
	}
	return false;
}

void net_pass(const struct net_pass_in *in, struct net_state *state, struct net_pass_done *ret_done)
{
	struct net_use use[NET_LINKS] = {0}, arrived[NET_LINKS] = {0};
	const struct net_plan_in of = {
		.policy = in->policy,
		.view = in->view,
		.mode = in->mode,
		.active = active_levels(in),
		.use = use,
		.arrived = arrived,
		.now_us = in->now_us,
	};

	if (in->now)
		measure(in, &state->plan, use, arrived);
	net_plan_make(&of, &state->plan);
	*ret_done = (struct net_pass_done){.why = NET_PACE_NOTHING};
	if (!in->asked || net_pace_rests(&state->pace, in->now_us))
		return;
	ret_done->wanted = (struct net_pace_wanted){
		.digest = digest_of(in, &state->plan),
		.ceilings = ceilings_of(&state->plan),
		.follows = follows(&state->plan, in->mode),
	};
	ret_done->why = net_pace_why(&state->pace, &ret_done->wanted, in->now_us);
}
