// SPDX-License-Identifier: LGPL-2.1-or-later
// The pods of a round (net_round.h), and what a round keeps until the next one.
#pragma once

#include "agent/apply/net_police.h"
#include "agent/discover/net_kept.h"
#include "agent/discover/net_look.h"
#include "agent/net_hosts.h"
#include "agent/net_round.h"

/* The namespace that was found for a pod. */
struct net_known {
	uint64_t serial;
	int32_t nsid;
	struct net_pod pod;
};

/* A host end, and who wants it marked. */
struct net_end {
	struct net_tc_end tc;
	bool stays; /* NET_POD_STAYS of some pod */
	bool wanted;
	bool open; /* somebody there is not offline, or may not be held: what arrives for it is not policed */
	bool settled; /* it is as it is wanted */
	uint32_t mark;
	enum net_refusal refusal;
	struct net_tc_result result;
};

struct net_round {
	int root_fd, cgroup_fd;
	struct netlink *nl;
	struct net_look look;
	int64_t look_us;
	int64_t blind_us; /* since when each look has failed; 0: the last one has not */
	struct net_kept kept;
	struct net_links links; /* of the last whole round that failed nowhere */
	struct net_tc_link tc[NET_LINKS];
	int64_t tc_us[NET_LINKS]; /* when the kernel had answered */
	struct net_tc_steps steps;
	struct net_tc_steps
		after[NET_LINKS]; /* of an uplink, once the pods' ends are as they are wanted */
	bool marks_wait;	  /* an uplink has not got its new filters */
	bool waits;		  /* a class, until it is empty */
	struct net_known *known;  /* by serial */
	size_t n_known;
	struct net_end *ends; /* by ifindex */
	size_t n_ends, room_ends;
	struct net_hosts hosts;
	struct net_police_actions actions; /* those that are there */
	struct net_tc_polices polices;	   /* the filters at offline pods' ends that are wanted */
};

/* Finds the pods' ends and reads the filters there. 0 or -errno. */
int net_ends_look(struct net_round *round, const struct net_round_wanted *wanted,
		  struct net_round_found *found);

/* Marks those that are to be marked, takes ours away from all others. */
void net_ends_apply(struct net_round *round, const struct net_round_wanted *wanted,
		    struct net_round_found *found);

/* Whether no end has a mark that it is not to have. */
bool net_ends_are_settled(const struct net_round *round);

void net_ends_done(struct net_round *round);

/* Counts what was made, and keeps the first that was not done. */
void net_round_note(struct net_round_found *found, const struct net_tc_result *result,
		    struct net_tc_result *kept);
