// SPDX-License-Identifier: LGPL-2.1-or-later
// Any bytes as the kernel's answer: through what receives them, and each message through every reader of one. No crash, nothing
// read past the end, what is filled in is bounded.
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/apply/net_police.h"
#include "agent/apply/net_tc.h"
#include "agent/base/netlink.h"
#include "agent/discover/net_links.h"
#include "agent/discover/net_pods.h"

/* As much as one answer of the kernel's has. */
#define SIZE_MAX_BYTES 32768

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

struct readers {
	struct net_devices devices;
	struct net_routes routes;
	struct net_tc_link link;
	struct net_tc_end end;
	struct net_police_actions actions;
	int32_t nsid;
	unsigned n;
};

static bool ends(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

static int on_message(void *context, const struct nlmsghdr *h)
{
	struct readers *r = context;
	struct tc_object o;

	r->n++;
	if (netlink_tc_read(h, &o) == 0) {
		require(ends(o.kind, sizeof(o.kind)));
		/* What is looked at next is this one's. */
		r->link.ifindex = r->end.ifindex = o.ifindex;
	}
	(void)net_devices_take_link(&r->devices, h);
	(void)net_devices_take_qdisc(&r->devices, h);
	(void)net_routes_take(&r->routes, h);
	(void)net_tc_link_take(&r->link, h);
	(void)net_tc_end_take(&r->end, h);
	(void)net_police_take(&r->actions, h);
	(void)net_pods_read_nsid(h, &r->nsid);
	return 0;
}

static void check(struct readers *r)
{
	struct net_links_asked asked = {.speed_bytes_per_s = 1};
	static struct net_tc_steps steps, after;
	struct net_links links;

	for (size_t i = 0; i < r->devices.n; i++) {
		const struct net_device *d = &r->devices.list[i];

		require(d->ifindex > 0 && ends(d->name, sizeof(d->name)) &&
			ends(d->kind, sizeof(d->kind)));
	}
	require(r->routes.n <= NET_ROUTES_MAX && r->nsid >= NET_NO_NSID);
	require(r->link.n_filters <= 2 * LEVEL_COUNT);
	net_links_choose(&r->devices, &r->routes, &asked, &links);
	net_links_judge(&r->devices, &asked, NULL, NULL, &links);
	require(links.n <= NET_LINKS);
	net_tc_plan_link(&r->link, &(struct net_shape){.levels = 0x81, .offline_levels = 0x80},
			 &(struct net_mark){.mask = 0xf0, .value = 0x80, .shift = 4}, &steps,
			 &after);
	require(steps.n < NET_TC_STEPS && after.n < NET_TC_STEPS);
	net_tc_plan_link(&r->link, NULL, &(struct net_mark){0}, &steps, &after);
	require(steps.n <= 1);
	require(r->actions.n <= NET_POLICE_ACTIONS);
	for (uint32_t i = 0; i < r->actions.n; i++)
		require(net_police_is_ours(r->actions.list[i].index));
	net_tc_plan_polices(&r->end, NULL, &steps);
	require(steps.n == r->end.polices.n && steps.n <= NET_TC_POLICES);
	(void)net_tc_plan_end(&r->end, true, 1, 1, &steps);
	require(steps.n <= 2);
}

/* As an answer to the first question of a connection. */
static void receive(unsigned char *data, size_t size, struct readers *r)
{
	const struct rtgenmsg header = {0};
	struct nl_msg *question = netlink_message(RTM_GETLINK, NLM_F_DUMP, &header, sizeof(header));
	struct netlink *nl;
	int fds[2], left = (int)size, result;

	for (struct nlmsghdr *h = (struct nlmsghdr *)data; nlmsg_ok(h, left);
	     h = nlmsg_next(h, &left))
		h->nlmsg_seq = 1;
	require(question && socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) == 0);
	require(netlink_new(fds[0], &nl) == 0);
	require(size == 0 || send(fds[1], data, size, 0) == (ssize_t)size);
	require(shutdown(fds[1], SHUT_WR) == 0);
	result = netlink_ask(nl, question, on_message, r);
	require(result <= 0 && ends(netlink_cause(nl), 160));
	netlink_close(nl);
	close(fds[1]);
	nlmsg_free(question);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct readers r = {.nsid = NET_NO_NSID};
	unsigned char *copy;

	if (size > SIZE_MAX_BYTES)
		return 0;
	copy = malloc(size ? size : 1);
	require(copy != NULL);
	if (size)
		memcpy(copy, data, size);
	receive(copy, size, &r);
	/* Each by itself in memory of its own, so that a step past its end is seen. */
	for (size_t at = 0; at + sizeof(struct nlmsghdr) <= size;) {
		struct nlmsghdr h, *alone;

		memcpy(&h, copy + at, sizeof(h));
		if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > size - at)
			break;
		alone = malloc(h.nlmsg_len);
		require(alone != NULL);
		memcpy(alone, copy + at, h.nlmsg_len);
		(void)on_message(&r, alone);
		free(alone);
		at += NLMSG_ALIGN(h.nlmsg_len);
	}
	check(&r);
	net_devices_free(&r.devices);
	free(copy);
	return 0;
}
