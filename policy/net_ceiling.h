// SPDX-License-Identifier: LGPL-2.1-or-later
// What all offline work may send (or receive) together on one link while online work uses it: link − online use − headroom, never
// less than the offline levels are promised. Cut at once, grown gently, ended when online work is idle or nobody can
// tell what it does. A hold: mode squeeze, and never longer than the agent lives. Pure.
#pragma once

#include <stdbool.h>

#include "colod/net.h"

/* What was sent between two readings of the counters. */
struct net_use {
	uint64_t online_bytes_per_s; /* the unmarked and all online levels */
	uint64_t offline_bytes_per_s;
	uint64_t span_us;
};

/* Whether what was counted at `now_us` can be compared with what was at `before_us`: later by 10 ms to 12 s. */
bool net_ceiling_compares(int64_t before_us, int64_t now_us);

/* Bytes a second, of what was counted in `span_us` > 0. */
uint64_t net_ceiling_rate(uint64_t bytes, uint64_t span_us);

/* Whether `now` can be compared with `before`: of the same interface, later by 10 ms to 12 s, and no counter went
 * back (the qdisc was made anew). ret_use only then. */
bool net_ceiling_use(const struct net_counts *before, const struct net_counts *now,
		     const struct net_shape *shape, struct net_use *ret_use);

struct net_ceiling_look {
	int64_t now_us;		    /* CLOCK_BOOTTIME, > 0 */
	const char *name;	    /* of the link, for people */
	uint64_t speed_bytes_per_s; /* of the link, > 0 */
	uint64_t floor_bytes_per_s; /* what offline levels are promised (net_shape_floor) */
	uint32_t headroom_permille; /* of the link, left free */
	bool arrives; /* it is of what arrives, not of what is sent: the words for it are others */
	bool crowded; /* that fills the link while online work uses it (net_arrived_crowds): a reason of its own */
	uint64_t all_bytes_per_s;    /* only then: what arrived in all */
	uint64_t growth_bytes_per_s; /* only then: by how much online work is about to receive more */
	bool allowed;		     /* the mode is squeeze or more */
	bool offline;		     /* some pod has an offline level with a class */
	bool measured;		     /* the next is what was sent, or arrived, lately */
	uint64_t online_bytes_per_s;
};

/* One look. hold->ceil_bytes_per_s is 0 or floor..speed afterwards. */
void net_ceiling_step(struct net_hold *hold, const struct net_ceiling_look *look);
