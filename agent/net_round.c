// SPDX-License-Identifier: LGPL-2.1-or-later
// See net_round.h. The uplinks; the pods are in net_ends.c and net_hosts.c.
#include "agent/net_round.h"

#include <errno.h>
#include <linux/pkt_sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/clock.h"
#include "agent/discover/net_users.h"
#include "agent/net_arrivals.h"
#include "agent/net_ends.h"
#include "agent/net_widen.h"
#include "policy/net_plan.h"

int net_round_new(int root_fd, int cgroup_fd, struct net_round **ret)
{
	struct net_round *round = calloc(1, sizeof(*round));

	if (!round)
		return -ENOMEM;
	round->root_fd = root_fd;
	round->cgroup_fd = cgroup_fd;
	*ret = round;
	return 0;
}

void net_round_free(struct net_round *round)
{
	if (!round)
		return;
	netlink_close(round->nl);
	net_look_free(&round->look);
	net_ends_done(round);
	net_hosts_done(&round->hosts);
	free(round);
}

void net_round_found_done(struct net_round_found *found)
{
	free(found->pods);
	*found = (struct net_round_found){0};
}

static uint64_t speed(void *context, const struct net_device *device)
{
	struct net_round *round = context;

	return net_kept_speed(&round->kept, device, net_links_speed(round->root_fd, device),
			      round->look_us);
}

/* Which are uplinks shows before their qdiscs are known; whether they may be shaped, after. */
static void choose(struct net_round *round, const struct net_round_wanted *wanted,
		   struct net_round_found *found)
{
	struct net_routes routes = round->look.routes;

	net_kept_routes(&round->kept, &routes, round->look_us);
	net_links_choose(&round->look.devices, &routes, &wanted->asked, &found->links);
	for (uint32_t i = 0; i < NET_LINKS; i++)
		round->tc[i].ifindex = i < found->links.n ? found->links.list[i].ifindex : 0;
}

static void begin_qdiscs(void *context)
{
	struct net_round *round = context;

	for (uint32_t i = 0; i < NET_LINKS; i++)
		round->tc[i] = (struct net_tc_link){.ifindex = round->tc[i].ifindex};
}

static int on_qdisc(void *context, const struct nlmsghdr *answer)
{
	struct net_round *round = context;

	for (uint32_t i = 0; i < NET_LINKS; i++)
		if (round->tc[i].ifindex > 0) {
			int r = net_tc_link_take(&round->tc[i], answer);

			if (r < 0)
				return r;
		}
	return 0;
}

/* What it counts is of just now: the look at the links before may have waited long for the kernel's lock. */
static int look_at_link(struct net_round *round, uint32_t i)
{
	int r = net_tc_look(round->nl, &round->tc[i]);

	round->tc_us[i] = clock_now_us();
	/* One that has gone since is seen at the next look. */
	if (r == -ENODEV)
		round->tc[i].root = NET_ROOT_UNKNOWN;
	return r == -ENODEV ? 0 : r;
}

static int look(struct net_round *round, const struct net_round_wanted *wanted,
		struct net_round_found *found)
{
	int r;

	if (round->nl && netlink_is_lost(round->nl)) {
		netlink_close(round->nl);
		round->nl = NULL;
	}
	r = round->nl ? 0 : netlink_open(&round->nl);
	if (r == 0)
		r = net_look_at_links(round->nl, &round->look);
	if (r < 0)
		return r;
	round->look_us = clock_now_us();
	choose(round, wanted, found);
	r = net_look_at_qdiscs(round->nl, &round->look, begin_qdiscs, on_qdisc, round);
	if (r < 0)
		return r;
	net_kept_note(&round->kept, &round->look.devices, &round->look.routes, round->look_us);
	net_links_judge(&round->look.devices, &wanted->asked, speed, round, &found->links);
	for (uint32_t i = 0; r == 0 && i < found->links.n; i++)
		r = look_at_link(round, i);
	return r;
}

void net_round_note(struct net_round_found *found, const struct net_tc_result *result,
		    struct net_tc_result *kept)
{
	uint32_t n_made = kept->n_made + result->n_made;

	found->n_steps += result->n_made;
	found->again |= result->end == NET_TC_CHANGED || result->end == NET_TC_LOST;
	if (kept->end == NET_TC_DONE)
		*kept = *result;
	kept->n_made = n_made;
}

static void note_link(const struct net_round *round, const struct net_tc_result *result,
		      struct net_round_found *found, struct net_round_link *of)
{
	net_round_note(found, result, &of->result);
	if (result->end != NET_TC_DONE)
		(void)snprintf(of->cause, sizeof(of->cause), "%s", netlink_cause(round->nl));
}

static void shape_link(struct net_round *round, const struct net_round_wanted *wanted, uint32_t i,
		       struct net_round_found *found)
{
	const struct net_link *link = &found->links.list[i];
	const struct net_plan_link *p =
		wanted->plan.on ? net_plan_find(&wanted->plan, link->ifindex) : NULL;
	/* The plan knows a speed that the link has not. */
	bool fine = p && p->refusal == NET_FINE &&
		    (link->refusal == NET_FINE || link->refusal == NET_NO_SPEED);
	struct net_tc_result result;

	/* What could not be read is no reason to take anything away, and neither is an uplink that came after the plan was made. */
	if (wanted->plan.on && (!p || p->refusal == NET_UNREAD || p->refusal == NET_DENIED))
		return;
	net_tc_plan_link(&round->tc[i], fine ? &p->shape : NULL, &wanted->plan.mark, &round->steps,
			 &round->after[i]);
	round->waits |= round->steps.again;
	result = net_tc_run(round->nl, &round->steps);
	note_link(round, &result, found, &found->of_link[i]);
	if (result.end != NET_TC_DONE) {
		round->marks_wait |= round->after[i].n > 0 && result.end != NET_TC_GONE;
		round->after[i].n = 0;
	}
	found->n_left += result.what == NET_TC_DEL_ROOT && result.end != NET_TC_DONE &&
			 result.end != NET_TC_GONE;
}

/* Ours on an interface that is no uplink any more; of one that only its route made an uplink, not at once. */
static void remove_others(struct net_round *round, const struct net_round_wanted *wanted,
			  struct net_round_found *found)
{
	const struct net_devices *all = &round->look.devices;
	bool waits = wanted->plan.on && wanted->asked.n == 0;

	for (size_t i = 0; i < all->n; i++) {
		const struct net_device *d = &all->list[i];
		struct net_tc_link ours = {.ifindex = d->ifindex, .root = NET_ROOT_OURS};
		struct net_tc_result result, kept = {0};
		struct net_tc_steps none;
		bool is_uplink = false;

		for (uint32_t l = 0; l < found->links.n; l++)
			is_uplink |= found->links.list[l].ifindex == d->ifindex;
		if (is_uplink || !d->root_ours ||
		    (waits && net_kept_is(&round->kept, d->ifindex, round->look_us)))
			continue;
		net_tc_plan_link(&ours, NULL, &(struct net_mark){0}, &round->steps, &none);
		result = net_tc_run(round->nl, &round->steps);
		net_round_note(found, &result, &kept);
		found->n_left += result.end != NET_TC_DONE && result.end != NET_TC_GONE;
	}
}

/* Filters that no packet needs any more. */
static void drop_filters(struct net_round *round, struct net_round_found *found)
{
	for (uint32_t i = 0; i < found->links.n; i++) {
		struct net_tc_result result = net_tc_run(round->nl, &round->after[i]);

		note_link(round, &result, found, &found->of_link[i]);
	}
}

static void count_links(const struct net_round *round, struct net_round_found *found)
{
	for (uint32_t i = 0; i < found->links.n; i++) {
		const struct net_tc_link *tc = &round->tc[i];
		struct net_counts *c = &found->of_link[i].counts;

		if (tc->root != NET_ROOT_OURS)
			continue;
		c->ifindex = tc->ifindex;
		c->at_us = round->tc_us[i];
		c->unmarked = tc->classes[NET_TC_CLASS_UNMARKED].counts;
		for (unsigned level = 0; level < LEVEL_COUNT; level++) {
			c->levels |= (uint32_t)tc->classes[NET_TC_CLASS_LEVEL + level].there
				     << level;
			c->level[level] = tc->classes[NET_TC_CLASS_LEVEL + level].counts;
		}
	}
}

/* Everything that was found is made what is wanted. */
static void apply(struct net_round *round, const struct net_round_wanted *wanted,
		  struct net_round_found *found)
{
	/* With another net.mark an uplink knows the old marks and the new ones until the last pod has its new one. With the
	 * connection lost, each step that is left ends at once and is told as LOST. */
	round->marks_wait = round->waits = false;
	for (uint32_t i = 0; i < found->links.n; i++)
		round->after[i].n = 0;
	for (uint32_t i = 0; i < found->links.n; i++)
		if (found->links.list[i].ifindex > 0)
			shape_link(round, wanted, i, found);
	remove_others(round, wanted, found);
	net_arrivals_apply(round, wanted, found);
	net_ends_apply(round, wanted, found);
	net_hosts_apply(round, wanted, found);
	net_arrivals_drop(round, wanted, found);
	found->again |= netlink_is_lost(round->nl);
	/* Else they stay until the next look, and a class that waits for that is not waited for. */
	if (net_ends_are_settled(round) && net_hosts_are_settled(&round->hosts)) {
		drop_filters(round, found);
		found->again |= round->waits;
	}
}

static int run_whole(struct net_round *round, const struct net_round_wanted *wanted,
		     struct net_round_found *found)
{
	int r = look(round, wanted, found);

	round->links.n = 0;
	if (r == 0)
		r = net_ends_look(round, wanted, found);
	found->pods_us = clock_now_us();
	if (r == 0 && (wanted->buckets || round->actions.n > 0))
		r = net_arrivals_look(round, found);
	if (r < 0)
		return r;
	net_hosts_look(round, found);
	round->links = found->links;
	found->mark_users = net_users_seen(&round->look.devices);
	net_users_wireguard(&round->look.devices, found->wireguard);
	count_links(round, found);
	if (wanted->apply)
		apply(round, wanted, found);
	return 0;
}

static bool can_be_brief(const struct net_round *round)
{
	if (!round->nl || netlink_is_lost(round->nl))
		return false;
	for (uint32_t i = 0; i < round->links.n; i++)
		if (round->tc[i].root == NET_ROOT_OURS)
			return true;
	return false;
}

/* What only the list of qdiscs tells of a class is that of the last whole round. */
static void begin_brief(struct net_tc_link *tc)
{
	struct net_tc_link fresh = {.ifindex = tc->ifindex, .root = NET_ROOT_OURS};

	for (unsigned c = 0; c < NET_TC_CLASS_COUNT; c++)
		fresh.classes[c] = (struct net_tc_found_class){
			.leaf = tc->classes[c].leaf,
			.foreign_leaf = tc->classes[c].foreign_leaf,
			.counts.drops = tc->classes[c].counts.drops,
		};
	*tc = fresh;
}

/* Classes change in place; whatever else is to be done waits for a whole round. */
static void change_classes(struct net_round *round, const struct net_round_wanted *wanted,
			   uint32_t i, struct net_round_found *found)
{
	const struct net_plan_link *p = net_plan_find(&wanted->plan, round->tc[i].ifindex);
	struct net_tc_steps *steps = &round->steps;
	struct net_tc_result result;
	uint32_t kept = 0;

	if (!wanted->plan.on || !p || p->refusal != NET_FINE) {
		found->again = true;
		return;
	}
	net_tc_plan_link(&round->tc[i], &p->shape, &wanted->plan.mark, steps, &round->after[i]);
	for (uint32_t s = 0; s < steps->n; s++)
		if (steps->list[s].what == NET_TC_SET_CLASS)
			steps->list[kept++] = steps->list[s];
	found->again |= kept < steps->n;
	steps->n = kept;
	result = net_tc_run(round->nl, steps);
	note_link(round, &result, found, &found->of_link[i]);
}

/* Where ours has gone since, a whole round finds out what is there now. */
static int run_brief(struct net_round *round, const struct net_round_wanted *wanted,
		     struct net_round_found *found)
{
	int r;

	found->brief = true;
	found->links = round->links;
	for (uint32_t i = 0; i < found->links.n; i++) {
		struct net_tc_link *tc = &round->tc[i];

		if (tc->root != NET_ROOT_OURS)
			continue;
		begin_brief(tc);
		r = look_at_link(round, i);
		if (r < 0 && r != -EINVAL && r != -ENOENT)
			return r;
		if (!tc->classes[NET_TC_CLASS_ROOT].there)
			tc->root = NET_ROOT_UNKNOWN;
		found->again |= tc->root != NET_ROOT_OURS;
	}
	count_links(round, found);
	r = round->actions.n > 0 ? net_arrivals_look(round, found) : 0;
	if (r < 0)
		return r;
	if (wanted->apply)
		net_arrivals_follow(round, wanted, found);
	for (uint32_t i = 0; wanted->apply && i < found->links.n; i++)
		if (round->tc[i].root == NET_ROOT_OURS)
			change_classes(round, wanted, i, found);
	found->again |= netlink_is_lost(round->nl);
	return 0;
}

/* Who cannot see what online work sends holds nobody: that may be so though the classes themselves can be changed. */
static void see_blind(struct net_round *round, bool apply, int error, int64_t now_us)
{
	if (error == 0) {
		round->blind_us = 0;
		return;
	}
	if (round->blind_us == 0)
		round->blind_us = now_us;
	if (apply && round->nl && !netlink_is_lost(round->nl) &&
	    now_us - round->blind_us >= NET_ROUND_BLIND_US)
		(void)net_widen(round->nl);
}

void net_round_run(struct net_round *round, const struct net_round_wanted *wanted,
		   struct net_round_found *found)
{
	struct net_round_told *pods = found->pods;
	bool brief = wanted->brief && can_be_brief(round);

	*found = (struct net_round_found){.pods = pods};
	found->error = brief ? run_brief(round, wanted, found) : run_whole(round, wanted, found);
	if (found->error < 0 && round->nl)
		(void)snprintf(found->cause, sizeof(found->cause), "%s", netlink_cause(round->nl));
	see_blind(round, wanted->apply, found->error, clock_now_us());
}
