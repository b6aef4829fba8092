// SPDX-License-Identifier: LGPL-2.1-or-later
// What goes through the network a second, by two counts of it: for people, nothing is decided by it. Pure.
#pragma once

#include "colod/net.h"

/* What all shaped uplinks of `links` sent and received from `before` to `now` (one each, in their order), and what waits now. `plan` is
 * that of the time in between. Its drops stay as they are. */
void net_flow_measure(const struct net_links *links, const struct net_plan *plan,
		      const struct net_counts *before, const struct net_counts *now,
		      struct net_flow *flow);

/* The same of the drops alone; of two whole rounds. */
void net_flow_drops(const struct net_links *links, const struct net_plan *plan,
		    const struct net_counts *before, const struct net_counts *now,
		    struct net_flow *flow);

/* Sets `rated` and `bytes_per_s` of `now` by the count before, in the same slot: of the same pod, marked and counted in both, and not
 * begun anew in between. */
void net_flow_rate(const struct net_sent *before, struct net_sent *now);
