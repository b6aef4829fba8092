// SPDX-License-Identifier: LGPL-2.1-or-later
// The pods of a round (net_round.h) that use the host's network: a program at each one's cgroup (apply/net_host.h) instead of a filter at its end.
#pragma once

#include "agent/apply/net_host.h"
#include "colod/net.h"

struct net_round;
struct net_round_wanted;
struct net_round_found;

/* A pod with a program of ours. */
struct net_hosted {
	uint64_t serial;
	struct net_host at;
	bool listed;  /* among the pods of this round */
	bool settled; /* it is as it is wanted */
};

struct net_hosts {
	struct net_hosted *list;
	size_t n, room;
	/* Neither the kernel nor our rights change soon: for a while no pod's program is tried again. */
	enum net_refusal barred; /* NET_FINE: they are tried */
	int64_t barred_until_us;
};

/* Says which pods of `found` use the host's network, and whether they are marked. */
void net_hosts_look(struct net_round *round, struct net_round_found *found);

/* Marks those that are to be marked, takes ours away from all others. */
void net_hosts_apply(struct net_round *round, const struct net_round_wanted *wanted,
		     struct net_round_found *found);

/* Whether none has a mark that it is not to have. */
bool net_hosts_are_settled(const struct net_hosts *hosts);

/* Takes all of them away. */
void net_hosts_done(struct net_hosts *hosts);
