// SPDX-License-Identifier: LGPL-2.1-or-later
// See net_links.h.
#include "agent/discover/net_links.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>

static struct nlmsghdr *writable(const struct nlmsghdr *message)
{
	/* libnl takes what it only reads as one that it may write. */
	return (struct nlmsghdr *)(uintptr_t)message;
}

void net_devices_clear(struct net_devices *devices)
{
	devices->n = 0;
	devices->left_out = 0;
	devices->sorted = true;
}

void net_devices_clear_qdiscs(struct net_devices *devices)
{
	for (size_t i = 0; i < devices->n; i++) {
		struct net_device *d = &devices->list[i];

		d->root_kind[0] = d->ingress_kind[0] = '\0';
		d->root_handle = 0;
		d->root_ours = false;
	}
}

void net_devices_free(struct net_devices *devices)
{
	free(devices->list);
	*devices = (struct net_devices){0};
}

static int add(struct net_devices *devices, const struct net_device *device)
{
	if (devices->n == NET_DEVICES_MAX) {
		devices->left_out++;
		return 0;
	}
	if (devices->n == devices->room) {
		size_t room = devices->room ? devices->room * 2 : 64;
		struct net_device *list = realloc(devices->list, room * sizeof(*list));

		if (!list)
			return -ENOMEM;
		devices->list = list;
		devices->room = room;
	}
	if (devices->n > 0 && devices->list[devices->n - 1].ifindex >= device->ifindex)
		devices->sorted = false;
	devices->list[devices->n++] = *device;
	return 0;
}

static bool read_kind(struct nlattr *linkinfo, struct net_device *device)
{
	struct nlattr *tb[IFLA_INFO_MAX + 1];

	if (nla_parse_nested(tb, IFLA_INFO_MAX, linkinfo, NULL) < 0)
		return false;
	if (tb[IFLA_INFO_KIND])
		(void)nla_strlcpy(device->kind, tb[IFLA_INFO_KIND], sizeof(device->kind));
	return true;
}

int net_devices_take_link(struct net_devices *devices, const struct nlmsghdr *message)
{
	static const struct nla_policy policy[IFLA_MAX + 1] = {
		[IFLA_LINK] = {.type = NLA_U32},	 [IFLA_MASTER] = {.type = NLA_U32},
		[IFLA_MTU] = {.type = NLA_U32},		 [IFLA_NUM_TX_QUEUES] = {.type = NLA_U32},
		[IFLA_LINK_NETNSID] = {.type = NLA_U32},
	};
	struct net_device d = {.nsid = NET_NO_NSID};
	struct nlattr *tb[IFLA_MAX + 1];
	const struct ifinfomsg *link;

	if (message->nlmsg_type != RTM_NEWLINK)
		return 0;
	if (nlmsg_parse(writable(message), sizeof(*link), tb, IFLA_MAX, policy) < 0)
		return -EBADMSG;
	link = nlmsg_data(message);
	if (link->ifi_index <= 0 || !tb[IFLA_IFNAME])
		return -EBADMSG;
	d.ifindex = link->ifi_index;
	d.up = (link->ifi_flags & IFF_UP) != 0;
	d.carrier = (link->ifi_flags & IFF_LOWER_UP) != 0;
	d.loopback = (link->ifi_flags & IFF_LOOPBACK) != 0;
	(void)nla_strlcpy(d.name, tb[IFLA_IFNAME], sizeof(d.name));
	if (tb[IFLA_LINK])
		d.lower = nla_get_s32(tb[IFLA_LINK]);
	if (tb[IFLA_LINK_NETNSID])
		d.nsid = nla_get_s32(tb[IFLA_LINK_NETNSID]);
	if (tb[IFLA_MASTER])
		d.master = nla_get_s32(tb[IFLA_MASTER]);
	if (tb[IFLA_MTU])
		d.mtu = nla_get_u32(tb[IFLA_MTU]);
	if (tb[IFLA_NUM_TX_QUEUES])
		d.n_tx_queues = nla_get_u32(tb[IFLA_NUM_TX_QUEUES]);
	if (tb[IFLA_LINKINFO] && !read_kind(tb[IFLA_LINKINFO], &d))
		return -EBADMSG;
	return add(devices, &d);
}

static int compare(const void *a, const void *b)
{
	const struct net_device *x = a, *y = b;

	return (x->ifindex > y->ifindex) - (x->ifindex < y->ifindex);
}

static struct net_device *find(struct net_devices *devices, int32_t ifindex)
{
	const struct net_device key = {.ifindex = ifindex};

	if (devices->n == 0)
		return NULL;
	if (!devices->sorted)
		qsort(devices->list, devices->n, sizeof(*devices->list), compare);
	devices->sorted = true;
	return bsearch(&key, devices->list, devices->n, sizeof(*devices->list), compare);
}

const struct net_device *net_devices_find(struct net_devices *devices, int32_t ifindex)
{
	return find(devices, ifindex);
}

int net_devices_take_qdisc(struct net_devices *devices, const struct nlmsghdr *message)
{
	struct net_device *device;
	struct tc_object o;
	int r;

	if (message->nlmsg_type != RTM_NEWQDISC)
		return 0;
	r = netlink_tc_read(message, &o);
	if (r < 0)
		return r;
	/* One of a link that came since is seen at the next look. */
	device = find(devices, o.ifindex);
	if (!device)
		return 0;
	if (o.parent == TC_H_ROOT) {
		memcpy(device->root_kind, o.kind, sizeof(device->root_kind));
		device->root_handle = o.handle;
		device->root_ours = o.is_our_root;
	} else if (o.parent == TC_H_INGRESS) { /* a clsact has the same one */
		memcpy(device->ingress_kind, o.kind, sizeof(device->ingress_kind));
	}
	return 0;
}

bool net_routes_has(const struct net_routes *routes, int32_t ifindex)
{
	for (uint32_t i = 0; i < routes->n; i++)
		if (routes->ifindex[i] == ifindex)
			return true;
	return false;
}

void net_routes_add(struct net_routes *routes, int32_t ifindex)
{
	if (ifindex <= 0 || net_routes_has(routes, ifindex))
		return;
	if (routes->n == NET_ROUTES_MAX)
		routes->left_out++;
	else
		routes->ifindex[routes->n++] = ifindex;
}

/* The ways of one route that has several. False: cut off. */
static bool add_ways(struct net_routes *routes, struct nlattr *multipath)
{
	const char *at = nla_data(multipath);
	size_t left = (size_t)nla_len(multipath);

	while (left >= sizeof(struct rtnexthop)) {
		struct rtnexthop way;
		size_t size;

		memcpy(&way, at, sizeof(way));
		if (way.rtnh_len < sizeof(way) || way.rtnh_len > left)
			return false;
		net_routes_add(routes, way.rtnh_ifindex);
		size = RTNH_ALIGN((size_t)way.rtnh_len);
		if (size >= left)
			return true;
		at += size;
		left -= size;
	}
	return left == 0;
}

int net_routes_take(struct net_routes *routes, const struct nlmsghdr *message)
{
	static const struct nla_policy policy[RTA_MAX + 1] = {
		[RTA_OIF] = {.type = NLA_U32}, [RTA_TABLE] = {.type = NLA_U32}};
	struct nlattr *tb[RTA_MAX + 1];
	const struct rtmsg *route;
	uint32_t table;

	if (message->nlmsg_type != RTM_NEWROUTE)
		return 0;
	if (nlmsg_parse(writable(message), sizeof(*route), tb, RTA_MAX, policy) < 0)
		return -EBADMSG;
	route = nlmsg_data(message);
	table = tb[RTA_TABLE] ? nla_get_u32(tb[RTA_TABLE]) : route->rtm_table;
	if (table != RT_TABLE_MAIN || route->rtm_dst_len != 0 || route->rtm_type != RTN_UNICAST ||
	    (route->rtm_flags & RTM_F_CLONED))
		return 0;
	if (tb[RTA_OIF])
		net_routes_add(routes, nla_get_s32(tb[RTA_OIF]));
	if (tb[RTA_MULTIPATH] && !add_ways(routes, tb[RTA_MULTIPATH]))
		return -EBADMSG;
	return 0;
}
