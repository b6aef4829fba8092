// SPDX-License-Identifier: LGPL-2.1-or-later
// See net_plan.h.
#include "policy/net_plan.h"

#include <stdio.h>
#include <string.h>

#include "policy/net_arrived.h"
#include "policy/net_mark.h"
#include "policy/net_shape.h"

uint64_t net_plan_speed(const struct net_policy *net, const struct net_link *link,
			enum net_speed_from *ret_from)
{
	uint64_t speed = link->speed_bytes_per_s;
	enum net_speed_from from = speed > 0 ? NET_SPEED_LINK : NET_SPEED_UNKNOWN;
	bool named = false;

	for (uint32_t i = 0; i < net->n_speeds; i++) {
		const struct net_speed *s = &net->speeds[i];

		if (strcmp(s->name, link->name) != 0 && (named || s->name[0] != '\0'))
			continue;
		named = s->name[0] != '\0';
		speed = s->bytes_per_s;
		from = NET_SPEED_POLICY;
	}
	if (speed < NET_SHAPE_SPEED_MIN || speed > NET_SHAPE_SPEED_MAX) {
		speed = 0;
		from = NET_SPEED_UNKNOWN;
	}
	*ret_from = from;
	return speed;
}

static enum net_refusal refusal_of(const struct net_plan_in *in, const struct net_link *link,
				   uint64_t speed, enum net_mark_user *ret_user)
{
	*ret_user = NET_USER_NONE;
	/* The policy's word counts where the link has none. */
	if (link->refusal != NET_FINE && link->refusal != NET_NO_SPEED)
		return link->refusal;
	*ret_user = net_mark_clash(in->policy->net.mark.mask, in->view->mark_users);
	if (*ret_user != NET_USER_NONE)
		return NET_FOREIGN_MARK;
	return speed == 0 ? NET_NO_SPEED : NET_FINE;
}

const struct net_plan_link *net_plan_find(const struct net_plan *plan, int32_t ifindex)
{
	for (uint32_t i = 0; i < plan->n; i++)
		if (plan->list[i].ifindex == ifindex)
			return &plan->list[i];
	return NULL;
}

/* What arrives has the same promises. Where it is not policed a hold ends by its not being allowed. */
static void police(const struct net_plan_in *in, const struct net_use *use,
		   const struct net_use *arrived, const struct net_ceiling_look *sent,
		   struct net_plan_link *link)
{
	struct net_ceiling_look look = *sent;

	link->police = net_arrived_police(&in->policy->net, &in->view->links, sent->allowed);
	look.arrives = true;
	look.allowed = link->police == NET_POLICE_ON;
	look.measured = arrived && arrived->span_us > 0;
	look.online_bytes_per_s = arrived ? arrived->online_bytes_per_s : 0;
	look.crowded = use && arrived &&
		       net_arrived_crowds(use, arrived, look.speed_bytes_per_s,
					  link->rx_hold.ceil_bytes_per_s > 0);
	if (look.crowded) {
		look.all_bytes_per_s = arrived->online_bytes_per_s + arrived->offline_bytes_per_s;
		look.growth_bytes_per_s = net_arrived_growth(&link->rx_hold, arrived,
							     look.speed_bytes_per_s, in->now_us);
	}
	net_ceiling_step(&link->rx_hold, &look);
}

/* The classes twice: what offline levels are promised bounds the ceiling, and the ceiling is in the classes. */
static void shape(const struct net_plan_in *in, const struct net_use *use,
		  const struct net_use *arrived, struct net_plan_link *link)
{
	struct net_shape_in of = {
		.policy = in->policy,
		.speed_bytes_per_s = link->speed_bytes_per_s,
		.mtu = link->mtu,
		.active = in->active,
		.limits = in->mode >= MODE_SQUEEZE,
	};
	struct net_ceiling_look look = {
		.now_us = in->now_us,
		.name = link->name,
		.speed_bytes_per_s = link->speed_bytes_per_s,
		.headroom_permille = in->policy->net.headroom_permille,
		.allowed = of.limits,
		.measured = use && use->span_us > 0,
		.online_bytes_per_s = use ? use->online_bytes_per_s : 0,
	};

	net_shape_make(&of, &link->shape);
	look.floor_bytes_per_s = net_shape_floor(&link->shape);
	look.offline = link->shape.active & link->shape.offline_levels;
	net_ceiling_step(&link->hold, &look);
	police(in, use, arrived, &look, link);
	of.held_bytes_per_s = link->hold.ceil_bytes_per_s;
	net_shape_make(&of, &link->shape);
}

/* Nobody can tell what it is now: it stays as it was, and its ceiling ends in time. */
static void plan_unseen(const struct net_plan_in *in, struct net_plan_link *link)
{
	if (link->refusal == NET_FINE)
		shape(in, NULL, NULL, link);
}

static struct net_plan_link plan_link(const struct net_plan_in *in, uint32_t i,
				      const struct net_plan_link *before)
{
	const struct net_link *link = &in->view->links.list[i];
	enum net_speed_from from;
	uint64_t speed = net_plan_speed(&in->policy->net, link, &from);
	struct net_plan_link planned = {.ifindex = link->ifindex, .mtu = link->mtu};

	if (link->refusal == NET_UNREAD && before) {
		planned = *before;
		plan_unseen(in, &planned);
		return planned;
	}
	(void)snprintf(planned.name, sizeof(planned.name), "%s", link->name);
	planned.refusal = refusal_of(in, link, speed, &planned.mark_user);
	if (planned.refusal != NET_FINE)
		return planned;
	planned.speed_bytes_per_s = speed;
	if (before) {
		planned.hold = before->hold;
		planned.rx_hold = before->rx_hold;
	}
	shape(in, in->use ? &in->use[i] : NULL, in->arrived ? &in->arrived[i] : NULL, &planned);
	return planned;
}

static bool is_any_shaped(const struct net_plan *plan)
{
	for (uint32_t i = 0; i < plan->n; i++)
		if (plan->list[i].refusal == NET_UNREAD || net_plan_shapes(&plan->list[i]))
			return true;
	return false;
}

void net_plan_make(const struct net_plan_in *in, struct net_plan *plan)
{
	const struct net_links *links = &in->view->links;
	struct net_plan next = {
		.on = in->mode >= MODE_PROTECT,
		.known = true,
		.mark = in->policy->net.mark,
		.n = links->n,
	};

	if (!in->policy->net.on || in->mode < MODE_OBSERVE) {
		*plan = (struct net_plan){.known = plan->known || in->view->known};
		return;
	}
	if (!in->view->known) {
		/* Whose bits are whose is not known either: the mark stays with the links. */
		plan->on = next.on;
		for (uint32_t i = 0; i < plan->n; i++)
			plan_unseen(in, &plan->list[i]);
		return;
	}
	/* Nor are pods marked with somebody else's bits, whatever the links are like. */
	if (net_mark_clash(next.mark.mask, in->view->mark_users) != NET_USER_NONE)
		next.mark = (struct net_mark){0};
	for (uint32_t i = 0; i < next.n; i++)
		next.list[i] = plan_link(in, i, net_plan_find(plan, links->list[i].ifindex));
	/* Without a class that they lead to, marks are of no use to anybody. */
	if (!is_any_shaped(&next))
		next.mark = (struct net_mark){.mask = 0};
	*plan = next;
}

enum net_pod_why net_plan_pod_why(const struct policy *policy, const struct pod *pod,
				  const struct assignment *a)
{
	if (a->state == ASSIGNMENT_WAITING)
		return NET_POD_WAITS;
	if (a->state != ASSIGNMENT_LEVEL)
		return NET_POD_NO_LEVEL;
	if (policy->levels[a->level].net.share == 0)
		return NET_POD_NO_SHARE;
	if (a->role == ROLE_OFFLINE && !a->may_hold && pod->facts && pod->facts->deleting)
		return NET_POD_GRACE;
	return a->role == ROLE_ONLINE || a->may_hold ? NET_POD_BY_LEVEL : NET_POD_UNSURE;
}

enum net_pod_want net_plan_pod(const struct policy *policy, const struct pod *pod,
			       const struct assignment *a)
{
	static const enum net_pod_want wants[] = {
		[NET_POD_WAITS] = NET_POD_STAYS,    [NET_POD_GRACE] = NET_POD_STAYS,
		[NET_POD_NO_LEVEL] = NET_POD_PLAIN, [NET_POD_NO_SHARE] = NET_POD_PLAIN,
		[NET_POD_UNSURE] = NET_POD_PLAIN,   [NET_POD_BY_LEVEL] = NET_POD_MARKED,
	};

	return wants[net_plan_pod_why(policy, pod, a)];
}
