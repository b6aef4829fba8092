// SPDX-License-Identifier: LGPL-2.1-or-later
// What online work receives on a link: what arrived there, without what was for offline pods. Pure.
#pragma once

#include <stdbool.h>

#include "colod/net.h"
#include "policy/net_ceiling.h"

/* Whether `now` can be compared with `before`: of the same interface, later by 10 ms to 10 s, and no counter went back.
 * `wrapped`: some of what arrives for pods is wrapped in other packets, so each takes up to NET_ARRIVED_WRAP_BYTES more of the
 * link than it has at the pod's end. ret_use only then. */
bool net_arrived_use(const struct net_counts *before, const struct net_counts *now, bool wrapped,
		     struct net_use *ret_use);

/* What VXLAN (50 over IPv4, 70 over IPv6), Geneve or WireGuard (60, 80) add. */
#define NET_ARRIVED_WRAP_BYTES 80u

/* Whether what arrives on a link is bounded, of a link that is shaped. */
enum net_police net_arrived_police(const struct net_policy *net, const struct net_links *links,
				   bool holds);

/* "held", "the mode allows no holds", …: of a link for which the policy asks for it. */
const char *net_arrived_words(enum net_police police);
