// SPDX-License-Identifier: LGPL-2.1-or-later
// See net_look.h.
#include "agent/discover/net_look.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "agent/base/cleanup.h"

#define _cleanup_message_ _cleanup_(netlink_message_freep)

static void begin_links(void *context)
{
	net_devices_clear(context);
}

static int on_link(void *context, const struct nlmsghdr *answer)
{
	return net_devices_take_link(context, answer);
}

struct qdiscs {
	struct net_devices *devices;
	void (*begin)(void *context);
	netlink_answer_fn also;
	void *context;
};

static void begin_qdiscs(void *context)
{
	const struct qdiscs *q = context;

	net_devices_clear_qdiscs(q->devices);
	if (q->begin)
		q->begin(q->context);
}

static int on_qdisc(void *context, const struct nlmsghdr *answer)
{
	const struct qdiscs *q = context;
	int r = net_devices_take_qdisc(q->devices, answer);

	return r == 0 && q->also ? q->also(q->context, answer) : r;
}

/* Two lists, of IPv4 and IPv6, make one. */
struct routes {
	struct net_routes *all;
	struct net_routes before;
};

static void begin_routes(void *context)
{
	const struct routes *r = context;

	*r->all = r->before;
}

static int on_route(void *context, const struct nlmsghdr *answer)
{
	const struct routes *r = context;

	return net_routes_take(r->all, answer);
}

static int list_links(struct netlink *nl, struct net_devices *devices)
{
	const struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
	_cleanup_message_ struct nl_msg *message =
		netlink_message(RTM_GETLINK, NLM_F_DUMP, &header, sizeof(header));

	/* Counters of links are the longest part of an answer, and not looked at here. */
	if (!message || nla_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS) < 0)
		return -ENOMEM;
	return netlink_list(nl, message, begin_links, on_link, devices);
}

static int list_routes(struct netlink *nl, unsigned char family, struct net_routes *routes)
{
	const struct rtmsg header = {.rtm_family = family};
	struct routes r = {.all = routes, .before = *routes};
	_cleanup_message_ struct nl_msg *message =
		netlink_message(RTM_GETROUTE, NLM_F_DUMP, &header, sizeof(header));

	if (!message)
		return -ENOMEM;
	return netlink_list(nl, message, begin_routes, on_route, &r);
}

int net_look_at_devices(struct netlink *nl, struct net_look *look)
{
	return list_links(nl, &look->devices);
}

int net_look_at_links(struct netlink *nl, struct net_look *look)
{
	/* Listing links gives a number to each namespace that one leads to, which net_pods.c asks for. */
	int r = list_links(nl, &look->devices);

	look->routes = (struct net_routes){0};
	if (r == 0)
		r = list_routes(nl, AF_INET, &look->routes);
	if (r < 0)
		return r;
	r = list_routes(nl, AF_INET6, &look->routes);
	/* A kernel without IPv6 has no such routes. */
	return r == -EOPNOTSUPP || r == -EAFNOSUPPORT ? 0 : r;
}

int net_look_at_qdiscs(struct netlink *nl, struct net_look *look, void (*begin)(void *context),
		       netlink_answer_fn also, void *context)
{
	const struct tcmsg header = {.tcm_family = AF_UNSPEC};
	struct qdiscs q = {&look->devices, begin, also, context};
	_cleanup_message_ struct nl_msg *message =
		netlink_message(RTM_GETQDISC, NLM_F_DUMP, &header, sizeof(header));

	if (!message)
		return -ENOMEM;
	return netlink_list(nl, message, begin_qdiscs, on_qdisc, &q);
}

static int on_rx(void *context, const struct nlmsghdr *answer)
{
	static const struct nla_policy policy[IFLA_MAX + 1] = {
		/* A kernel may append to it. */
		[IFLA_STATS64] = {.minlen = sizeof(uint64_t) * 4}};
	struct nlmsghdr *h = (struct nlmsghdr *)(uintptr_t)answer;
	struct rtnl_link_stats64 stats = {0};
	struct nlattr *tb[IFLA_MAX + 1];

	if (h->nlmsg_type != RTM_NEWLINK)
		return 0;
	if (nlmsg_parse(h, sizeof(struct ifinfomsg), tb, IFLA_MAX, policy) < 0 || !tb[IFLA_STATS64])
		return -EBADMSG;
	(void)nla_memcpy(&stats, tb[IFLA_STATS64], sizeof(stats));
	*(uint64_t *)context = stats.rx_bytes;
	return 0;
}

int net_look_at_rx(struct netlink *nl, int32_t ifindex, uint64_t *ret_bytes)
{
	const struct ifinfomsg header = {.ifi_family = AF_UNSPEC, .ifi_index = ifindex};
	_cleanup_message_ struct nl_msg *message =
		netlink_message(RTM_GETLINK, 0, &header, sizeof(header));

	return message ? netlink_ask(nl, message, on_rx, ret_bytes) : -ENOMEM;
}

void net_look_free(struct net_look *look)
{
	net_devices_free(&look->devices);
}
