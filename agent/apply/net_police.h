// SPDX-License-Identifier: LGPL-2.1-or-later
// Token buckets for what arrives for offline pods: one of the kernel's police actions for each uplink, which the filters at
// those pods' host ends all pass packets to (net_tc.h), so that they count, and are bounded, together. Found again by its
// index; nothing is kept here. Waits for the kernel.
#pragma once

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/base/netlink.h"
#include "colod/net.h"

/* More of ours are seen once some of these are gone. */
#define NET_POLICE_ACTIONS ((size_t)2 * NET_LINKS)

struct net_police_action {
	uint32_t index;
	uint64_t rate_bytes_per_s; /* 0: it only counts */
	uint32_t burst_ticks;
	struct net_count counts; /* what was dropped is in them, too */
};

struct net_police_actions {
	uint32_t n;
	struct net_police_action list[NET_POLICE_ACTIONS];
};

/* The index of an uplink's: NET_TC_MAJOR and what fits of its ifindex. Ours are all with that major number. */
uint32_t net_police_index(int32_t ifindex);
bool net_police_is_ours(uint32_t index);

/* NULL: it is not there. */
const struct net_police_action *net_police_find(const struct net_police_actions *actions,
						uint32_t index);

/* One message of a list of actions; others' are passed over. 0 or -EBADMSG. */
int net_police_take(struct net_police_actions *actions, const struct nlmsghdr *message);

/* Lists ours. 0 or -errno (netlink_ask()). */
int net_police_look(struct netlink *nl, struct net_police_actions *ret);

/* The depth of a bucket, in bytes: 20 ms of the rate, and two of the kernel's largest packets. */
uint64_t net_police_burst(uint64_t rate_bytes_per_s);

/* Makes it, or changes it in place; rate 0: it only counts. Where it is there as wanted (`now`, NULL: not there) nothing is asked. 1: it was
 * changed, 0 or -errno; -EEXIST: it came meanwhile. */
int net_police_set(struct netlink *nl, const struct net_police_action *now, uint32_t index,
		   uint64_t rate_bytes_per_s);

/* 0, also where it has gone already, or -errno; -EPERM: a filter still leads to it. */
int net_police_remove(struct netlink *nl, uint32_t index);

/* Messages, for tests; NULL: no memory. nlmsg_free() frees them. */
struct nl_msg *net_police_message(uint32_t index, uint64_t rate_bytes_per_s, bool is_new);
