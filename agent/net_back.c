// SPDX-License-Identifier: LGPL-2.1-or-later
// See net_back.h.
#include "agent/net_back.h"

#include <errno.h>
#include <string.h>

#include "agent/apply/net_file.h"
#include "agent/base/log.h"
#include "agent/net_round.h"
#include "agent/net_widen.h"

/* A class waits until it is empty, or somebody else changes something at the same time. */
#define ROUNDS 3

int net_back_holds(int state_fd)
{
	struct netlink *nl = NULL;
	int r;

	if (!net_file_is_here(state_fd))
		return 0;
	r = netlink_open(&nl);
	if (r == 0)
		r = net_widen(nl);
	netlink_close(nl);
	return r;
}

void net_back_say(int result)
{
	if (result != 0)
		log_err("net.back",
			"offline work may still be held on a link (%s): colod restore --holds",
			result < 0 ? strerror(-result) : "the kernel did not take it");
}

static int remove_all(struct net_round *round, struct net_round_found *found)
{
	struct net_round_wanted wanted = {.buckets = true, .apply = true};
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
			"colod restore; by hand: qdisc %x: at uplinks, filters of prio %u at the "
			"pods' interfaces",
			r < 0 ? strerror(-r) : "the kernel kept them", NET_TC_MAJOR, NET_TC_PRIO);
	return r;
}
