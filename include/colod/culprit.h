// SPDX-License-Identifier: LGPL-2.1-or-later
// Who seems to make an online pod wait, as it is shown: a ranking per resource, with how sure it is, and why there is
// none. For people, like the score: nothing is decided by it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/level.h"
#include "colod/reason.h"

#define CULPRITS_MAX 4
/* The most that is looked at, the least that something is said from, and the lags that are tried, in seconds. */
#define CULPRIT_SECONDS_MAX 60
#define CULPRIT_SECONDS_MIN 20
#define CULPRIT_LAG_MAX 2

enum culprit_confidence {
	CULPRIT_LOW, /* it went with it once or twice, or not well, or another did just the same, or its own use */
	CULPRIT_FAIR, /* half of what was left, and it came and went three times */
	CULPRIT_GOOD, /* seven tenths, and six times */
	CULPRIT_CONFIDENCE_COUNT,
};

struct culprit {
	uint64_t serial; /* of the pod */
	uint32_t slot;
	uint32_t share_permille; /* of how the stall moved; all together at most 1000 */
	uint32_t fit_permille; /* r²: how well its use goes with what was left when it was taken */
	uint32_t lag_s;	       /* so much before the stall */
	uint32_t swings;       /* how often its use came or went */
	bool alike;	       /* another one of the list did the same at the same times */
	bool with_own; /* so did the victim's own use, by no more than a disturbance makes of the same work */
	enum culprit_confidence confidence;
};

struct culprits {
	uint32_t seconds; /* that were looked at; less than CULPRIT_SECONDS_MIN: too few to say anything */
	bool moved;	       /* the stall did, so that something may go with it */
	uint32_t own_permille; /* of how it moved, by the victim's own use */
	uint32_t n;
	struct culprit list[CULPRITS_MAX]; /* the largest share first */
};

/* Whether there is a list now, and why not. */
enum culprits_state {
	CULPRITS_NONE, /* not measured, or not an online pod */
	CULPRITS_LEARNING, /* what is usual is not known, so that nobody knows whether it waits for others */
	CULPRITS_OWN,	    /* its own quota or memory limit stalls it */
	CULPRITS_NO_EXCESS, /* it waits no more than is usual */
	CULPRITS_DUE,	    /* nobody has looked yet: in one of the next passes */
	CULPRITS_SHORT,	    /* fewer seconds than CULPRIT_SECONDS_MIN were measured */
	CULPRITS_STEADY, /* it waited the same all the time, so that nothing tells who comes and goes with it */
	CULPRITS_OWN_LOAD, /* how it moved goes with its own load */
	CULPRITS_NOBODY,   /* it moved, and nobody with it */
	CULPRITS_RANKED,
	CULPRITS_STATE_COUNT,
};

struct culprit_who {
	char name[REASON_WHO_SIZE]; /* of the pod, cut to fit; it may be gone by now */
	enum role role;		    /* at that time; ROLE_INVALID: no rule decided it */
};

/* One ranking. */
struct culprits_kept {
	uint64_t serial; /* of the victim; 0: this place is free */
	enum resource resource;
	enum culprits_state state; /* NOBODY, RANKED and those between DUE and them */
	int64_t at_us;		   /* when */
	struct culprits found;
	struct culprit_who who[CULPRITS_MAX]; /* as found.list */
};

/* What came of holding a pod while another one waited. That is more than a suspicion; only in modes that hold. */
enum culprit_verdict {
	CULPRIT_CONFIRMED, /* the other one waited less by then, by more than its own usual ups and downs */
	CULPRIT_NO_EFFECT, /* it waited as before, and the hold was undone */
	CULPRIT_VERDICT_COUNT,
};

struct culprit_trial {
	uint64_t victim; /* serials; 0: this place is free */
	uint64_t suspect;
	enum resource resource;
	enum culprit_verdict verdict;
	int64_t at_us;
	uint32_t before_permille; /* stalled, of the victim, over what is usual for it (policy/usual.h) */
	uint32_t after_permille;
	uint32_t others; /* that the same hold took something from, so that each did it or all together */
	uint32_t lost_permille; /* of what the suspect used */
	bool calibrated; /* by seconds without it (policy/calibrate.h): `after` is the median of them */
	struct culprit_who who; /* the suspect */
};

/* The newest; of one hold those for each victim that lost most of what they used. */
#define CULPRIT_TRIALS 32
#define CULPRIT_TRIALS_EACH 4

struct culprit_trials {
	struct culprit_trial list[CULPRIT_TRIALS];
};

/* Of those that were looked at last; 24 KiB. */
#define CULPRITS_KEPT 32
/* Longer nobody is shown for what is over. */
#define CULPRITS_KEPT_US 600000000

struct culprit_watch {
	int64_t looked_us; /* the last time; 0: never */
	struct culprits_kept kept[CULPRITS_KEPT];
};

_Static_assert(sizeof(struct culprit_watch) <= 24 * 1024, "the memory is as it is said above");
