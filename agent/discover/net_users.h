// SPDX-License-Identifier: LGPL-2.1-or-later
// Who else marks packets on this node, by the names that they give their devices. Pure.
#pragma once

#include "agent/discover/net_links.h"

/* A bit (1 << enum net_mark_user) for each that was seen. One that is not seen may be there all the same: those that are on
 * nearly every node are taken for there without a look (net_mark.h). */
uint32_t net_users_seen(const struct net_devices *devices);

/* The first interface of WireGuard that is up, by its kind; "": none. What it sends on has its own mark (its fwmark), not that of
 * the packet in it. */
void net_users_wireguard(const struct net_devices *devices, char ret_name[NET_NAME_SIZE]);
