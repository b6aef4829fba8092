// SPDX-License-Identifier: LGPL-2.1-or-later
// See net_arrivals.h.
#include "agent/net_arrivals.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/apply/net_police.h"
#include "agent/base/clock.h"
#include "policy/net_plan.h"

/* One after the other, so that they are of the same moment as nearly as can be. */
static int count(struct net_round *round, struct net_counts *counts, int32_t ifindex)
{
	const struct net_police_action *action =
		net_police_find(&round->actions, net_police_index(ifindex));
	uint64_t rx_bytes = 0;
	int r;

	if (!action)
		return 0;
	r = net_look_at_rx(round->nl, ifindex, &rx_bytes);
	if (r < 0)
		return r == -ENODEV ? 0 : r;
	counts->rx_at_us = clock_now_us();
	counts->rx_bytes = rx_bytes;
	counts->rx_offline = action->counts;
	return 0;
}

int net_arrivals_look(struct net_round *round, struct net_round_found *found)
{
	int r = net_police_look(round->nl, &round->actions);

	for (uint32_t i = 0; r == 0 && i < found->links.n; i++)
		if (round->tc[i].root == NET_ROOT_OURS)
			r = count(round, &found->of_link[i].counts, round->tc[i].ifindex);
	return r;
}

static void note_error(struct net_round_found *found, const struct net_round *round, int r)
{
	if (r >= 0 || found->police_error < 0)
		return;
	found->police_error = r;
	(void)snprintf(found->police_cause, sizeof(found->police_cause), "%s",
		       netlink_cause(round->nl));
}

/* Another interface's of the same index cannot be told from it: neither is policed then. */
static bool is_alone(const struct net_plan *plan, const struct net_plan_link *link)
{
	for (uint32_t i = 0; i < plan->n; i++)
		if (&plan->list[i] != link && plan->list[i].police == NET_POLICE_ON &&
		    net_police_index(plan->list[i].ifindex) == net_police_index(link->ifindex))
			return false;
	return true;
}

static bool is_wanted(const struct net_round_wanted *wanted, const struct net_plan_link *link)
{
	return wanted->plan.on && link->police == NET_POLICE_ON && net_plan_shapes(link) &&
	       is_alone(&wanted->plan, link);
}

static int set(struct net_round *round, const struct net_plan_link *link,
	       struct net_round_found *found)
{
	uint32_t index = net_police_index(link->ifindex);
	int r = net_police_set(round->nl, net_police_find(&round->actions, index), index,
			       link->rx_hold.ceil_bytes_per_s);

	if (r == -EEXIST)
		found->again = true;
	else
		note_error(found, round, r);
	found->n_steps += r > 0;
	return r;
}

static void add_filter(struct net_round *round, int32_t indev, uint32_t index)
{
	const struct net_device *device = net_devices_find(&round->look.devices, indev);
	struct net_tc_polices *all = &round->polices;

	if (!device || all->n == NET_TC_POLICES)
		return;
	all->list[all->n] = (struct net_tc_police){.indev = indev, .index = index};
	memcpy(all->list[all->n++].name, device->name, NET_NAME_SIZE);
}

void net_arrivals_apply(struct net_round *round, const struct net_round_wanted *wanted,
			struct net_round_found *found)
{
	round->polices.n = 0;
	for (uint32_t i = 0; i < wanted->plan.n; i++) {
		const struct net_plan_link *link = &wanted->plan.list[i];
		uint32_t index = net_police_index(link->ifindex);

		if (!is_wanted(wanted, link) || set(round, link, found) < 0)
			continue;
		add_filter(round, link->ifindex, index);
		/* One that came after the plan was made may be of another uplink. */
		for (uint32_t t = 0;
		     wanted->plan.n == 1 && t < found->links.n_tunnels && t < NET_TUNNELS; t++)
			add_filter(round, found->links.tunnels[t], index);
	}
}

void net_arrivals_follow(struct net_round *round, const struct net_round_wanted *wanted,
			 struct net_round_found *found)
{
	for (uint32_t i = 0; i < wanted->plan.n; i++) {
		const struct net_plan_link *link = &wanted->plan.list[i];

		if (!is_wanted(wanted, link))
			continue;
		if (net_police_find(&round->actions, net_police_index(link->ifindex)))
			(void)set(round, link, found);
		else
			found->again = true;
	}
}

static bool is_used(const struct net_round *round, uint32_t index)
{
	for (uint32_t i = 0; i < round->polices.n; i++)
		if (round->polices.list[i].index == index)
			return true;
	return false;
}

/* While a filter leads to it, at an end that stays as it is, it lets all through. */
static int drop(struct net_round *round, const struct net_police_action *action)
{
	int r = net_police_remove(round->nl, action->index);

	if (r == -EPERM)
		(void)net_police_set(round->nl, action, action->index, 0);
	return r;
}

void net_arrivals_drop(struct net_round *round, const struct net_round_wanted *wanted,
		       struct net_round_found *found)
{
	for (uint32_t i = 0; i < round->actions.n; i++) {
		int r;

		if (is_used(round, round->actions.list[i].index))
			continue;
		r = drop(round, &round->actions.list[i]);
		found->n_steps += r == 0;
		if (r == -EPERM && wanted->plan.on)
			continue;
		found->n_left += r < 0;
		note_error(found, round, r);
	}
}

int net_arrivals_widen(struct netlink *nl)
{
	struct net_police_actions actions;
	int left = 0, r = net_police_look(nl, &actions);

	for (uint32_t i = 0; r == 0 && i < actions.n; i++)
		left += net_police_set(nl, &actions.list[i], actions.list[i].index, 0) < 0;
	return r < 0 ? r : left;
}
