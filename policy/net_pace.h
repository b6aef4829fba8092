// SPDX-License-Identifier: LGPL-2.1-or-later
// When a round over the network is due, and whether a brief one will do. Pure.
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Between rounds, however much there is to do. */
#define NET_PACE_SOON_US 1000000
/* Between whole ones where nothing has changed. */
#define NET_PACE_REST_US 10000000
/* Somebody who takes away each time what was put there is not answered each second for ever: after so many rounds in a row that
 * changed something, though the same was wanted, only as often as where nothing has changed. */
#define NET_PACE_CHANGING_MAX 10

/* What makes one due; the first that holds. */
enum net_pace_why {
	NET_PACE_NOTHING,
	NET_PACE_FIRST,	  /* there was none yet */
	NET_PACE_AGAIN,	  /* the last one was not done to its end, or changed something */
	NET_PACE_WANTED,  /* something else than ceilings is wanted */
	NET_PACE_REST,	  /* the last whole one was long ago */
	NET_PACE_CEILING, /* another ceiling is wanted: a brief one will do, as with the next */
	NET_PACE_FOLLOWS, /* some ceiling may have to follow what is sent */
	NET_PACE_WHY_COUNT,
};

enum net_pace_due { NET_PACE_NOT, NET_PACE_BRIEF, NET_PACE_WHOLE };

static inline enum net_pace_due net_pace_due(enum net_pace_why why)
{
	if (why == NET_PACE_NOTHING)
		return NET_PACE_NOT;
	return why < NET_PACE_CEILING ? NET_PACE_WHOLE : NET_PACE_BRIEF;
}

/* What is wanted, as far as it is compared with the last time. */
struct net_pace_wanted {
	uint64_t digest;   /* of all but the ceilings */
	uint64_t ceilings; /* of those that move */
	bool follows;	   /* some ceiling may have to move with what is sent */
};

/* All zero before the first round. */
struct net_pace {
	struct net_pace_wanted handed; /* `digest` is that of the last whole one */
	int64_t handed_us;	       /* 0: none yet */
	int64_t whole_us;
	bool again; /* the last one was not done to its end, or what came of it was not looked at */
	uint32_t n_changing;
};

/* Whether none is due, whatever is wanted. */
bool net_pace_rests(const struct net_pace *pace, int64_t now_us);

/* now_us > 0: CLOCK_BOOTTIME. */
enum net_pace_why net_pace_why(const struct net_pace *pace, const struct net_pace_wanted *wanted,
			       int64_t now_us);

/* One was handed in. */
void net_pace_handed(struct net_pace *pace, const struct net_pace_wanted *wanted, bool brief,
		     int64_t now_us);

/* What came of it: `again` where it failed or was not done to its end. */
void net_pace_found(struct net_pace *pace, bool brief, bool again, uint32_t n_steps);
