// SPDX-License-Identifier: LGPL-2.1-or-later
// See net_arrived.h.
#include "policy/net_arrived.h"

/* A look is an average: a link that was full now and then does not reach all of it. */
#define FULL_PERMILLE 900u
/* Held there may be less: what was dropped makes senders wait. */
#define FULL_HELD_PERMILLE 250u
/* Some ten small requests a second. What is sent is taken for this, as it is counted exactly: what is received is a difference
 * of two large numbers beside a download, and an error of half a percent of that would be more than all requests. */
#define TALKS_BYTES_PER_S 1000u
#define TALKS_HELD_BYTES_PER_S (TALKS_BYTES_PER_S / 2)
/* What is gained between two looks counts from so much of the link. */
#define GAIN_PERMILLE 10u
#define GROWTH_PERMILLE 100u
#define RECENT_US 3000000
#define PERMILLE 1000u

#define TUNNELS                                                                                    \
	"packets for pods arrive by tunnels, and over which of several uplinks cannot be told, "   \
	"or there are too many"

/* A packet counts for what it may have taken of the link, so that what only wraps it is no online work. */
static uint64_t offline_bytes(const struct net_count *before, const struct net_count *now,
			      bool wrapped)
{
	uint64_t bytes = now->bytes - before->bytes, packets = now->packets - before->packets;

	if (!wrapped)
		return bytes;
	return packets > (UINT64_MAX - bytes) / NET_ARRIVED_WRAP_BYTES
		       ? UINT64_MAX
		       : bytes + packets * NET_ARRIVED_WRAP_BYTES;
}

bool net_arrived_use(const struct net_counts *before, const struct net_counts *now, bool wrapped,
		     struct net_use *ret_use)
{
	int64_t span_us = now->rx_at_us - before->rx_at_us;
	uint64_t all, offline;

	if (!net_ceiling_compares(before->rx_at_us, now->rx_at_us) ||
	    now->ifindex != before->ifindex || now->rx_bytes < before->rx_bytes ||
	    now->rx_offline.bytes < before->rx_offline.bytes ||
	    now->rx_offline.packets < before->rx_offline.packets)
		return false;
	all = now->rx_bytes - before->rx_bytes;
	offline = offline_bytes(&before->rx_offline, &now->rx_offline, wrapped);
	if (offline > all)
		offline = all;
	*ret_use = (struct net_use){
		.online_bytes_per_s = net_ceiling_rate(all - offline, (uint64_t)span_us),
		.offline_bytes_per_s = net_ceiling_rate(offline, (uint64_t)span_us),
		.span_us = (uint64_t)span_us,
	};
	return true;
}

bool net_arrived_crowds(const struct net_use *sent, const struct net_use *arrived,
			uint64_t speed_bytes_per_s, bool held)
{
	uint64_t all = arrived->online_bytes_per_s + arrived->offline_bytes_per_s;

	if (sent->span_us == 0 || arrived->span_us == 0)
		return false;
	return sent->online_bytes_per_s >= (held ? TALKS_HELD_BYTES_PER_S : TALKS_BYTES_PER_S) &&
	       all >= speed_bytes_per_s / PERMILLE * (held ? FULL_HELD_PERMILLE : FULL_PERMILLE);
}

uint64_t net_arrived_growth(const struct net_hold *hold, const struct net_use *arrived,
			    uint64_t speed_bytes_per_s, int64_t now_us)
{
	uint64_t part = speed_bytes_per_s / PERMILLE, gained;

	if (hold->ceil_bytes_per_s == 0 || hold->looked_us == 0 ||
	    now_us - hold->looked_us > RECENT_US ||
	    arrived->online_bytes_per_s < hold->online_bytes_per_s)
		return 0;
	gained = arrived->online_bytes_per_s - hold->online_bytes_per_s;
	if (gained < part * GAIN_PERMILLE)
		return 0;
	return gained < part * GROWTH_PERMILLE ? gained : part * GROWTH_PERMILLE;
}

enum net_police net_arrived_police(const struct net_policy *net, const struct net_links *links,
				   bool holds)
{
	if (!net->police_ingress)
		return NET_POLICE_OFF;
	if (!holds)
		return NET_POLICE_MODE;
	if (links->n_tunnels > NET_TUNNELS || (links->n_tunnels > 0 && links->n > 1))
		return NET_POLICE_TUNNELS;
	return NET_POLICE_ON;
}

const char *net_arrived_words(enum net_police police)
{
	static const char *const words[NET_POLICE_COUNT] = {
		[NET_POLICE_OFF] = "the policy does not ask for it (net.police-ingress)",
		[NET_POLICE_MODE] = "the mode allows no holds",
		[NET_POLICE_TUNNELS] = TUNNELS,
		[NET_POLICE_ON] = "while online work receives, offline work is bounded",
	};

	return words[police];
}
