// SPDX-License-Identifier: LGPL-2.1-or-later
// See net_back.h.
#include "agent/net_back.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "agent/apply/net_file.h"
#include "agent/apply/net_tc.h"
#include "agent/base/log.h"
#include "agent/discover/net_look.h"
#include "agent/net_round.h"

/* A class waits until it is empty, or somebody else changes something at the same time. */
#define ROUNDS 3

/* As wide as the link, in place: what waits in it goes on its way. */
static bool widen(struct netlink *nl, struct net_tc_link *link)
{
	const struct net_tc_found_class *root = &link->classes[NET_TC_CLASS_ROOT];
	const struct net_tc_found_class *offline = &link->classes[NET_TC_CLASS_OFFLINE];
	struct net_tc_steps steps = {.n = 1};
	struct net_tc_result result;

	if (!root->there || !offline->there ||
	    offline->htb.ceil_bytes_per_s >= root->htb.ceil_bytes_per_s)
		return true;
	steps.list[0] = (struct net_tc_step){
		.what = NET_TC_SET_CLASS,
		.ifindex = link->ifindex,
		.id = net_tc_class_id(NET_TC_CLASS_OFFLINE),
		.parent = offline->parent,
		.htb = offline->htb,
	};
	steps.list[0].htb.ceil_bytes_per_s = root->htb.ceil_bytes_per_s;
	steps.list[0].htb.cburst_ticks = root->htb.cburst_ticks;
	result = net_tc_run(nl, &steps);
	return result.end == NET_TC_DONE || result.end == NET_TC_GONE;
}

static int widen_all(struct netlink *nl, struct net_look *look)
{
	int r = net_look_at_links(nl, look), left = 0;

	if (r == 0)
		r = net_look_at_qdiscs(nl, look, NULL, NULL, NULL);
	for (size_t i = 0; r == 0 && i < look->devices.n; i++) {
		const struct net_device *d = &look->devices.list[i];
		struct net_tc_link link = {.ifindex = d->ifindex, .root = NET_ROOT_OURS};

		if (!d->root_ours)
			continue;
		r = net_tc_look(nl, &link);
		if (r == -ENODEV)
			r = 0;
		else if (r == 0)
			left += !widen(nl, &link);
	}
	return r < 0 ? r : left;
}

int net_back_widen(struct netlink *nl)
{
	struct net_look look = {0};
	int r = widen_all(nl, &look);

	net_look_free(&look);
	return r;
}

int net_back_holds(int state_fd)
{
	struct netlink *nl = NULL;
	int r;

	if (!net_file_is_here(state_fd))
		return 0;
	r = netlink_open(&nl);
	if (r == 0)
		r = net_back_widen(nl);
	netlink_close(nl);
	if (r != 0)
		log_err("net.back",
			"offline work may still be held on a link (%s): colod restore --holds",
			r < 0 ? strerror(-r) : "the kernel did not take it");
	return r;
}

static int remove_all(struct net_round *round, struct net_round_found *found)
{
	struct net_round_wanted wanted = {.apply = true};
	int r = 0;

	for (int i = 0; i < ROUNDS; i++) {
		net_round_run(round, &wanted, found);
		r = found->error < 0 ? found->error : (int)found->n_left;
		if (r == 0 && !found->again)
			return 0;
	}
	return r == 0 ? -EAGAIN : r;
}

int net_back_all(int root_fd, int cgroup_fd, int state_fd)
{
	struct net_round_found found = {0};
	struct net_round *round = NULL;
	int r;

	if (!net_file_is_here(state_fd))
		return 0;
	r = net_round_new(root_fd, cgroup_fd, &round);
	if (r == 0)
		r = remove_all(round, &found);
	net_round_found_done(&found);
	net_round_free(round);
	if (r == 0)
		r = net_file_remove(state_fd);
	if (r == 0)
		log_notice("net.back", "classes and marks in the network are removed");
	else
		log_err("net.back",
			"classes or marks of colod's may still be in the network (%s): try again with "
			"colod restore, or by hand: tc qdisc del dev DEVICE root",
			r < 0 ? strerror(-r) : "the kernel kept them");
	return r;
}
