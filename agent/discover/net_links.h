// SPDX-License-Identifier: LGPL-2.1-or-later
// The interfaces of the node and which of them its traffic leaves by: bytes of the kernel's answers to a table, and the
// table to uplinks. No socket here (net_look.h), so that any answer can be tried.
#pragma once

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/base/netlink_tc.h"
#include "colod/net.h"

/* More of each are left out, and counted. */
#define NET_DEVICES_MAX 16384
#define NET_ROUTES_MAX 64

/* No namespace: the other end, if there is one, is in this one. */
#define NET_NO_NSID (-1)

/* An interface of this network namespace. */
struct net_device {
	int32_t ifindex;
	int32_t lower; /* ifindex of what it is on (VLAN, macvlan) or of its other end (veth), there in `nsid`; 0: none */
	int32_t nsid; /* of the namespace that `lower` is in, by this namespace's numbers; NET_NO_NSID: this one */
	int32_t master; /* the bond, team, bridge or VRF that it is in; 0: none */
	uint32_t mtu;
	uint32_t n_tx_queues;
	bool up;
	bool carrier; /* without one the driver may not know the speed */
	bool loopback;
	char name[NET_NAME_SIZE];
	char kind[NET_NAME_SIZE]; /* "veth", "vlan", "bond", …; "" for hardware */
	/* The qdisc at its root, and the one that sees what arrives. */
	char root_kind[NET_NAME_SIZE];
	uint32_t root_handle; /* 0: the kernel's own choice */
	bool root_ours;
	char ingress_kind[NET_NAME_SIZE]; /* "clsact", "ingress"; "" for none */
};

struct net_devices {
	struct net_device *list; /* by ifindex */
	size_t n, room;
	uint32_t left_out;
	bool sorted;
};

/* Where default routes lead. */
struct net_routes {
	uint32_t n;
	uint32_t left_out;
	int32_t ifindex[NET_ROUTES_MAX]; /* each once */
};

/* What the policy says of uplinks. */
struct net_links_asked {
	uint32_t n; /* 0: those of the default routes */
	char names[NET_LINKS][NET_NAME_SIZE];
	uint64_t speed_bytes_per_s; /* 0: as the link says */
	bool replace_mq;
	bool tunnels; /* they are looked for */
};

void net_devices_clear(struct net_devices *devices);
/* Forgets their qdiscs alone. */
void net_devices_clear_qdiscs(struct net_devices *devices);
void net_devices_free(struct net_devices *devices);

/* Each takes one message of an answer. 0; -ENOMEM; -EBADMSG: not of the shape that the kernel gives it. Other types are passed over. */
int net_devices_take_link(struct net_devices *devices, const struct nlmsghdr *message);
int net_devices_take_qdisc(struct net_devices *devices, const struct nlmsghdr *message);
int net_routes_take(struct net_routes *routes, const struct nlmsghdr *message);

/* NULL: none. After all links were taken. */
const struct net_device *net_devices_find(struct net_devices *devices, int32_t ifindex);

void net_routes_add(struct net_routes *routes, int32_t ifindex);
bool net_routes_has(const struct net_routes *routes, int32_t ifindex);

/* The uplinks: all that the policy names or the default routes lead to; and the tunnels, where they are asked for. Needs no qdiscs; what depends on them is judged later. */
void net_links_choose(struct net_devices *devices, const struct net_routes *routes,
		      const struct net_links_asked *asked, struct net_links *ret);

/* Of those: why one is not shaped. The speeds are those of `speed`, which is asked for each (0: the link does not say). */
void net_links_judge(struct net_devices *devices, const struct net_links_asked *asked,
		     uint64_t (*speed)(void *context, const struct net_device *device),
		     void *context, struct net_links *links);

/* What the driver says, from /sys/class/net/NAME/speed; 0: nothing, or a number that it only makes up (veth, tun). */
uint64_t net_links_speed(int root_fd, const struct net_device *device);
