// SPDX-License-Identifier: LGPL-2.1-or-later
// See net_pace.h.
#include "policy/net_pace.h"

/* A pass may be a little early. */
#define EARLY_US (NET_PACE_SOON_US / 10)

bool net_pace_rests(const struct net_pace *pace, int64_t now_us)
{
	return pace->handed_us > 0 && now_us - pace->handed_us < NET_PACE_SOON_US - EARLY_US;
}

enum net_pace_why net_pace_why(const struct net_pace *pace, const struct net_pace_wanted *wanted,
			       int64_t now_us)
{
	if (pace->handed_us == 0)
		return NET_PACE_FIRST;
	if (net_pace_rests(pace, now_us))
		return NET_PACE_NOTHING;
	if (pace->again && pace->n_changing < NET_PACE_CHANGING_MAX)
		return NET_PACE_AGAIN;
	if (wanted->digest != pace->handed.digest)
		return NET_PACE_WANTED;
	if (now_us - pace->whole_us >= NET_PACE_REST_US)
		return NET_PACE_REST;
	if (wanted->ceilings != pace->handed.ceilings)
		return NET_PACE_CEILING;
	return wanted->follows ? NET_PACE_FOLLOWS : NET_PACE_NOTHING;
}

void net_pace_handed(struct net_pace *pace, const struct net_pace_wanted *wanted, bool brief,
		     int64_t now_us)
{
	pace->handed_us = now_us;
	pace->handed.ceilings = wanted->ceilings;
	if (brief)
		return;
	pace->whole_us = now_us;
	if (wanted->digest != pace->handed.digest)
		pace->n_changing = 0;
	pace->handed.digest = wanted->digest;
}

void net_pace_found(struct net_pace *pace, bool brief, bool again, uint32_t n_steps)
{
	pace->again = again || (!brief && n_steps > 0);
	if (!brief)
		pace->n_changing = n_steps > 0 ? pace->n_changing + 1 : 0;
}
