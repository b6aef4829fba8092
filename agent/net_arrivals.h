// SPDX-License-Identifier: LGPL-2.1-or-later
// What arrives, in a round (net_round.h): a token bucket for each uplink that is policed, the filters that offline pods'
// host ends are to have, and what both count. See agent/apply/net_police.h.
#pragma once

#include "agent/net_ends.h"

/* Which buckets are there, and what they and their links have counted. 0 or -errno. */
int net_arrivals_look(struct net_round *round, struct net_round_found *found);

/* Makes the buckets as they are wanted, and says in round->polices which filters lead to those that are there. */
void net_arrivals_apply(struct net_round *round, const struct net_round_wanted *wanted,
			struct net_round_found *found);

/* Where a bucket is there, its rate alone. */
void net_arrivals_follow(struct net_round *round, const struct net_round_wanted *wanted,
			 struct net_round_found *found);

/* Once the pods' ends are as they are wanted: buckets that nobody wants any more. */
void net_arrivals_drop(struct net_round *round, const struct net_round_wanted *wanted,
		       struct net_round_found *found);

/* Lets all through, whoever made them. How many the kernel kept, or -errno. */
int net_arrivals_widen(struct netlink *nl);
