// SPDX-License-Identifier: LGPL-2.1-or-later
// Which interfaces are uplinks, and why one is not shaped. See net_links.h.
#include <linux/pkt_sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/fs.h"
#include "agent/discover/net_links.h"

/* A VLAN on a bond of interfaces is two. */
#define DEPTH_MAX 8
#define BYTES_PER_MBIT (1000 * 1000 / 8)
/* A terabit/s: no driver means more. */
#define SPEED_MAX_MBIT 1000000

static bool is(const char *kind, const char *const *of)
{
	for (; *of; of++)
		if (strcmp(kind, *of) == 0)
			return true;
	return false;
}

static bool is_tunnel(const struct net_device *d)
{
	static const char *const kinds[] = {"wireguard", "vxlan",  "geneve",	"gre",
					    "gretap",	 "ipip",   "sit",	"ip6tnl",
					    "ip6gre",	 "erspan", "ip6erspan", "ip6gretap",
					    "vti",	 "vti6",   "xfrm",	NULL};

	return is(d->kind, kinds);
}

/* What leaves by a bridge goes on by ports that others share, and is not seen here at all between two ports; what is
 * sent through a tunnel leaves the node by another uplink. */
static bool is_of_no_use(const struct net_device *d)
{
	static const char *const kinds[] = {"bridge", "openvswitch", "tun", "vrf",
					    "ifb",    "nlmon",	     NULL};

	return d->loopback || is_tunnel(d) || is(d->kind, kinds);
}

/* The kernel chose it by itself, and does so again when ours goes. */
static enum net_root root_of(const struct net_device *d)
{
	static const char *const defaults[] = {"pfifo_fast", "fq_codel", "fq", "noqueue",
					       "mq",	     "noop",	 NULL};

	if (d->root_kind[0] == '\0')
		return NET_ROOT_UNKNOWN;
	if (d->root_handle == 0)
		return is(d->root_kind, defaults) ? NET_ROOT_DEFAULT : NET_ROOT_FOREIGN;
	return d->root_ours ? NET_ROOT_OURS : NET_ROOT_FOREIGN;
}

/* What `device` passes its packets on to, one step down; `at` goes on from the last one. NULL: no more. */
static const struct net_device *next_below(struct net_devices *all, const struct net_device *device,
					   size_t *at)
{
	if (*at == 0 && device->lower > 0 && device->nsid == NET_NO_NSID &&
	    strcmp(device->kind, "veth") != 0) {
		const struct net_device *d = net_devices_find(all, device->lower);

		if (d && d != device) {
			*at = 1;
			return d;
		}
	}
	for (size_t i = *at > 0 ? *at - 1 : 0; i < all->n; i++)
		if (all->list[i].master == device->ifindex && strcmp(device->kind, "vrf") != 0) {
			*at = i + 2;
			return &all->list[i];
		}
	return NULL;
}

static bool is_below(struct net_devices *all, const struct net_device *top, int32_t ifindex,
		     int depth)
{
	size_t at = 0;

	if (depth > DEPTH_MAX)
		return false;
	for (const struct net_device *d = next_below(all, top, &at); d;
	     d = next_below(all, top, &at))
		if (d->ifindex == ifindex || is_below(all, d, ifindex, depth + 1))
			return true;
	return false;
}

static int by_index(const void *a, const void *b)
{
	const struct net_link *x = a, *y = b;

	return (x->ifindex > y->ifindex) - (x->ifindex < y->ifindex);
}

static void add(struct net_links *links, const struct net_device *d)
{
	if (links->n == NET_LINKS) {
		links->left_out++;
		return;
	}
	for (uint32_t i = 0; i < links->n; i++)
		if (links->list[i].ifindex == d->ifindex)
			return;
	links->list[links->n] = (struct net_link){
		.ifindex = d->ifindex,
		.n_tx_queues = d->n_tx_queues,
		.mtu = d->mtu,
	};
	memcpy(links->list[links->n].name, d->name, NET_NAME_SIZE);
	links->n++;
}

/* A name that the policy has: it is shown even where nothing of that name is there. */
static void add_named(struct net_links *links, const struct net_devices *all, const char *name)
{
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->list[i].name, name) == 0) {
			add(links, &all->list[i]);
			return;
		}
	if (links->n == NET_LINKS) {
		links->left_out++;
		return;
	}
	links->list[links->n] = (struct net_link){.refusal = NET_NAMED_GONE};
	(void)snprintf(links->list[links->n++].name, NET_NAME_SIZE, "%s", name);
}

static enum net_refusal refusal_of(const struct net_link *link, const struct net_device *d,
				   bool replace_mq)
{
	if (is_of_no_use(d))
		return NET_KIND;
	if (link->root == NET_ROOT_UNKNOWN)
		return NET_UNREAD;
	if (link->root == NET_ROOT_FOREIGN)
		return NET_FOREIGN_ROOT;
	if (link->root == NET_ROOT_DEFAULT && strcmp(d->root_kind, "mq") == 0 && !replace_mq)
		return NET_MQ_ROOT;
	if (link->speed_bytes_per_s == 0)
		return NET_NO_SPEED;
	return NET_FINE;
}

/* It is, or nobody can tell here: the policy may know its speed, and what could not be read may be ours. */
static bool may_be_shaped(const struct net_link *link)
{
	return link->refusal == NET_FINE || link->refusal == NET_NO_SPEED ||
	       link->refusal == NET_UNREAD;
}

/* Of a bond with a VLAN on it only the VLAN is shaped, where both are uplinks: the topmost of those that can be. */
static int32_t above(struct net_devices *all, const struct net_links *links, int32_t ifindex)
{
	int32_t best = 0;

	for (uint32_t i = 0; i < links->n; i++) {
		int32_t other = links->list[i].ifindex;
		const struct net_device *top = net_devices_find(all, other);

		if (other != ifindex && top && may_be_shaped(&links->list[i]) &&
		    is_below(all, top, ifindex, 0) && (best == 0 || is_below(all, top, best, 0)))
			best = other;
	}
	return best;
}

/* What is unwrapped arrives by these. */
static void add_tunnels(const struct net_devices *all, struct net_links *links)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct net_device *d = &all->list[i];

		if (!d->up || !is_tunnel(d))
			continue;
		if (links->n_tunnels < NET_TUNNELS)
			links->tunnels[links->n_tunnels] = d->ifindex;
		links->n_tunnels++;
	}
}

void net_links_choose(struct net_devices *devices, const struct net_routes *routes,
		      const struct net_links_asked *asked, struct net_links *ret)
{
	*ret = (struct net_links){0};
	for (uint32_t i = 0; i < asked->n && i < NET_LINKS; i++)
		add_named(ret, devices, asked->names[i]);
	for (uint32_t i = 0; asked->n == 0 && i < routes->n; i++) {
		const struct net_device *d = net_devices_find(devices, routes->ifindex[i]);

		if (d)
			add(ret, d);
	}
	qsort(ret->list, ret->n, sizeof(ret->list[0]), by_index);
	if (asked->tunnels)
		add_tunnels(devices, ret);
}

void net_links_judge(struct net_devices *devices, const struct net_links_asked *asked,
		     uint64_t (*speed)(void *context, const struct net_device *device),
		     void *context, struct net_links *links)
{
	for (uint32_t i = 0; i < links->n; i++) {
		struct net_link *link = &links->list[i];
		const struct net_device *d = net_devices_find(devices, link->ifindex);

		if (!d)
			continue;
		link->root = root_of(d);
		memcpy(link->root_kind, d->root_kind, NET_NAME_SIZE);
		link->speed_bytes_per_s = asked->speed_bytes_per_s ? asked->speed_bytes_per_s
								   : speed(context, d);
		link->speed_from = asked->speed_bytes_per_s  ? NET_SPEED_POLICY
				   : link->speed_bytes_per_s ? NET_SPEED_LINK
							     : NET_SPEED_UNKNOWN;
		link->refusal = refusal_of(link, d, asked->replace_mq);
	}
	for (uint32_t i = 0; i < links->n; i++) {
		struct net_link *link = &links->list[i];

		link->above = may_be_shaped(link) ? above(devices, links, link->ifindex) : 0;
		if (link->above != 0)
			link->refusal = NET_LOWER;
	}
}

uint64_t net_links_speed(int root_fd, const struct net_device *device)
{
	static const char *const made_up[] = {"veth", "tun", "netkit", "dummy", NULL};
	char path[64], text[32], *end;
	unsigned long long mbit;

	/* A name is a part of a path here; the kernel allows no slash in it. */
	if (is(device->kind, made_up) || strchr(device->name, '/') || device->name[0] == '.')
		return 0;
	(void)snprintf(path, sizeof(path), "sys/class/net/%s/speed", device->name);
	/* A link that is down says EINVAL, one that does not know says -1. */
	if (fs_read(root_fd, path, text, sizeof(text), NULL) < 0 || text[0] < '0' || text[0] > '9')
		return 0;
	mbit = strtoull(text, &end, 10);
	if ((*end != '\n' && *end != '\0') || mbit > SPEED_MAX_MBIT)
		return 0;
	return mbit * BYTES_PER_MBIT;
}
