// SPDX-License-Identifier: LGPL-2.1-or-later
// One round over the network: look at what is there, make it what is wanted, say what was found. Asks the kernel and waits for
// it: for the worker thread (net_worker.h) and for programs of one round.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/apply/net_tc.h"
#include "agent/discover/net_links.h"
#include "colod/net.h"

#define NET_ROUND_CAUSE_SIZE 160
/* When every look has failed for so long, the ceilings are made as wide as the links. */
#define NET_ROUND_BLIND_US 10000000

/* A pod whose host ends are to be found, and marked where `marked`. */
struct net_round_pod {
	uint64_t serial;
	const char *cgroup_path; /* below the mount of cgroup2 */
	bool stays; /* what is at its ends stays, whatever it is: `marked` is not looked at */
	bool marked;
	enum level level;
	bool offline; /* of `marked`: what arrives for it may be bounded */
};

/* What is wanted. */
struct net_round_wanted {
	struct net_links_asked asked;
	/* Only the uplinks of the last whole round: what their classes count, and classes that are there are changed. Nobody looks
	 * for other links, routes, leaves or pods, and what else there is to do makes it `again`; where that round left no uplink
	 * of ours, a whole one is made all the same. */
	bool brief;
	bool buckets; /* some for what arrives are wanted, or may be there */
	bool apply; /* false: only look. True: what `plan` does not want of ours goes, wherever it is */
	struct net_plan plan;
	struct net_round_pod *pods; /* each serial once */
	size_t n_pods;
};

/* What came of an uplink of the plan. */
struct net_round_link {
	struct net_tc_result result;
	struct net_counts counts;	  /* at_us 0: none of ours was there */
	char cause[NET_ROUND_CAUSE_SIZE]; /* the kernel's words on what ended it */
};

/* What came of a pod; in the order of `pods`. */
struct net_round_told {
	struct net_pod pod;
	bool marked; /* ours was there in the look before the round's steps, at each of its ends or at its cgroup */
	struct net_tc_result result; /* of its interfaces, the first that was not done */
	int error; /* -errno: of pod.host: what the kernel did not do at its cgroup, this once; 0 */
	struct net_count counts; /* what its mark was set on, since it was there; not of pod.host */
};

struct net_round_found {
	int error; /* -errno: the look failed, and nothing below is to be used */
	bool brief; /* `pods`, `mark_users` and `wireguard` say nothing, and `links` is that of the last whole round */
	/* A class waits until it is empty, somebody changed something meanwhile, or the connection was lost before all was
	 * done (NET_TC_LOST): another round soon. */
	bool again;
	char cause[NET_ROUND_CAUSE_SIZE]; /* of `error` */
	int police_error; /* -errno: what the kernel did not do about what arrives; 0 */
	char police_cause[NET_ROUND_CAUSE_SIZE];
	uint32_t mark_users; /* 1 << enum net_mark_user: seen by the names of their devices */
	char wireguard[NET_NAME_SIZE]; /* as in struct net_view */
	struct net_links links;
	struct net_round_link of_link[NET_LINKS]; /* of links.list */
	struct net_round_told *pods;
	size_t n_pods;
	int64_t pods_us;  /* CLOCK_BOOTTIME: when they were counted; of a whole round */
	uint32_t n_steps; /* messages that changed something */
	/* Empty clsacts at veths, but for a mark of ours: who made them cannot be told, so they stay. An agent that was killed at
	 * the wrong moment leaves one, and so may somebody else. */
	uint32_t n_unclear;
	uint32_t n_left; /* of ours, that was in places where none is wanted, and could not be removed */
};

struct net_round;

/* The descriptors are borrowed. 0 or -ENOMEM. */
int net_round_new(int root_fd, int cgroup_fd, struct net_round **ret);
void net_round_free(struct net_round *round);

/* `found` is filled in; its `pods` is reused from the last time (net_round_found_done() frees it). A namespace that was found for a pod
 * is remembered by its serial, and asked for anew only when its interfaces are others. */
void net_round_run(struct net_round *round, const struct net_round_wanted *wanted,
		   struct net_round_found *found);

void net_round_found_done(struct net_round_found *found);
