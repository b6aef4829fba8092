// SPDX-License-Identifier: LGPL-2.1-or-later
// What online work receives on a link: what arrived there, without what was for offline pods. Pure.
#pragma once

#include <stdbool.h>

#include "colod/net.h"
#include "policy/net_ceiling.h"

/* Whether `now` can be compared with `before`: of the same interface, later by 10 ms to 12 s, and no counter went back.
 * `wrapped`: some of what arrives for pods is wrapped in other packets, so each takes up to NET_ARRIVED_WRAP_BYTES more of the
 * link than it has at the pod's end. ret_use only then. */
bool net_arrived_use(const struct net_counts *before, const struct net_counts *now, bool wrapped,
		     struct net_use *ret_use);

/* What VXLAN (50 over IPv4, 70 over IPv6), Geneve or WireGuard (60, 80) add. */
#define NET_ARRIVED_WRAP_BYTES 80u

/* Whether what arrives fills a link of this speed (> 0), so that it waits before it, while online work sends at least some requests
 * by it. Such work waits in that queue for its answers, however little it receives. `held`: offline work is, so less of both
 * is enough. false where either was not measured (span_us 0). */
bool net_arrived_crowds(const struct net_use *sent, const struct net_use *arrived,
			uint64_t speed_bytes_per_s, bool held);

/* By how much more than now online work is about to receive: as much as it gained since the last look, of a link that is held and crowded.
 * Its streams take what is free within a few round trips; were offline work left all but that, they would win as much as the
 * headroom each look. 0: no more than noise, not held, or the last look was long ago. At most a tenth of the link. */
uint64_t net_arrived_growth(const struct net_hold *hold, const struct net_use *arrived,
			    uint64_t speed_bytes_per_s, int64_t now_us);

/* Whether what arrives on a link is bounded, of a link that is shaped. */
enum net_police net_arrived_police(const struct net_policy *net, const struct net_links *links,
				   bool holds);

/* "held", "the mode allows no holds", …: of a link for which the policy asks for it. */
const char *net_arrived_words(enum net_police police);
