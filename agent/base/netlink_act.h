// SPDX-License-Identifier: LGPL-2.1-or-later
// Actions as the kernel tells of them, in a list of their own (RTM_GETACTION) or in a filter: bytes of an answer to a struct.
// No socket and no state here.
#pragma once

#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#include "colod/net.h"

struct nlattr;

struct netlink_act {
	char kind[NET_NAME_SIZE]; /* a longer one is cut: it is none that we know */

	bool has_police; /* "police" */
	uint32_t police_index;
	uint64_t police_bytes_per_s; /* 0: no rate */
	uint32_t police_burst_ticks;

	bool has_skbedit; /* "skbedit" of the mark alone */
	uint32_t mark, mark_mask;

	int32_t redirect; /* "mirred" that sends away what it sees: the ifindex of the device that gets it; 0 */

	bool has_counts;
	struct net_count counts;
};

/* A negative errno ends the list. */
typedef int (*netlink_act_fn)(void *context, const struct netlink_act *act);

/* Each action of one message of a list. 0; what `fn` said; -ENOMSG: another type; -EBADMSG: not of the kernel's shape. */
int netlink_act_list(const struct nlmsghdr *message, netlink_act_fn fn, void *context);

/* The first action of a filter, from the attribute that holds all of them. 1; 0: there is none; -EBADMSG. ret_alone: no other one
 * is behind it. */
int netlink_act_first(struct nlattr *acts, struct netlink_act *ret, bool *ret_alone);

/* Counters (TCA_STATS2, TCA_ACT_STATS). False: they do not fit into what they are in. ret_has: there were some. */
bool netlink_act_counts(struct nlattr *in, struct net_count *ret_counts, bool *ret_has);
