// SPDX-License-Identifier: LGPL-2.1-or-later
// What a look does not see for a moment is not gone: a default route while a lease is renewed, a link's speed while it is negotiated
// anew. What was known before counts a while longer, so that no root is removed and made again for that. Pure.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/discover/net_links.h"

/* So long after the last look that saw it. */
#define NET_KEPT_US (30 * INT64_C(1000000))

/* An uplink of ours, and the last look with a default route that leads to it, or, of one that was found there, the first look. */
struct net_kept_link {
	int32_t ifindex;
	int64_t at_us;
};

/* What a link said its speed was, when it last said so or had no carrier. */
struct net_kept_speed {
	int32_t ifindex;
	char name[NET_NAME_SIZE];
	uint64_t bytes_per_s;
	int64_t at_us;
};

/* All zero at first. */
struct net_kept {
	uint32_t n;
	struct net_kept_link links[2 * NET_LINKS]; /* more are not kept */
	struct net_kept_speed speeds[NET_LINKS];
};

/* Adds those to `routes` that led somewhere a moment ago. */
void net_kept_routes(const struct net_kept *kept, struct net_routes *routes, int64_t now_us);

/* Whether an uplink of ours is to stay for that alone. */
bool net_kept_is(const struct net_kept *kept, int32_t ifindex, int64_t now_us);

/* After a look: `routes` as they were read. */
void net_kept_note(struct net_kept *kept, const struct net_devices *devices,
		   const struct net_routes *routes, int64_t now_us);

/* The speed of a link that says `bytes_per_s` now (0: not known), or that it had. */
uint64_t net_kept_speed(struct net_kept *kept, const struct net_device *device,
			uint64_t bytes_per_s, int64_t now_us);
