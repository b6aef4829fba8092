// SPDX-License-Identifier: LGPL-2.1-or-later
// One look at the node's network: asks the kernel for its interfaces, their qdiscs and the default routes. Waits for the
// kernel's network lock: for a worker thread.
#pragma once

#include "agent/base/netlink.h"
#include "agent/discover/net_links.h"

struct net_look {
	struct net_devices devices;
	struct net_routes routes;
};

/* Interfaces and default routes, all anew, into the memory of the last look. 0 or -errno (netlink_ask()): then nothing of *look is
 * to be used. */
int net_look_at_links(struct netlink *nl, struct net_look *look);

/* The former without routes. */
int net_look_at_devices(struct netlink *nl, struct net_look *look);

/* After that: the qdiscs. Each message is handed to `also`, too, whose error ends the look; `begin` is called before the first one, and
 * again where the list has to be read anew. Both may be NULL. */
int net_look_at_qdiscs(struct netlink *nl, struct net_look *look, void (*begin)(void *context),
		       netlink_answer_fn also, void *context);

void net_look_free(struct net_look *look);

/* How many bytes have arrived at an interface since it is there. 0 or -errno (netlink_ask()); -ENODEV: it has gone. */
int net_look_at_rx(struct netlink *nl, int32_t ifindex, uint64_t *ret_bytes);
