// SPDX-License-Identifier: LGPL-2.1-or-later
// Why a value is what it is: the numbers that were used, kept as data from the decision to the
// log line. policy/reason.c turns it into the one sentence that everybody prints.
#pragma once

#include <stdint.h>

#include "colod/level.h"

#define REASON_WHO_SIZE 128

enum reason_code {
	REASON_NONE,
	REASON_WEIGHT_REQUEST, /* observed: CPU request in milli */
	REASON_WEIGHT_FIXED,   /* limit: weight of the level */
	REASON_YIELD_RATIO, /* observed: weight of the online siblings, limit: ratio, extra: sharers */
	REASON_YIELD_REQUEST, /* observed, limit as above; extra: the weight that its request allows;
			       * who: the sibling with less for its own request, "" for none */
	REASON_YIELD_IDLE,    /* the policy's opt-in */
	REASON_MIXED_IDLE,    /* offline pod in a class that also holds an online pod (who) */
	REASON_MIXED_WEIGHT, /* that class: observed W of its siblings, limit: ratio; never lowered */
	REASON_MEMORY_REQUEST,	/* observed: memory request in bytes */
	REASON_MEMORY_FIXED,	/* limit: bytes from the policy */
	REASON_MEMORY_CHILDREN, /* observed: what the children need, extra: how many pods */
	REASON_MEMORY_BOUND,	/* observed: wanted, limit: what the node can promise */
	REASON_MEMORY_OF_LIMIT, /* observed: limit in bytes, limit: permille */
	REASON_MEMORY_OF_NODE,	/* no limit: observed: allocatable bytes, limit: permille */
	REASON_MEMORY_HEADROOM, /* observed: request, limit: permille, extra: limit or allocatable */
	REASON_MEMORY_SYSTEM,	/* limit: bytes, by the built-in rule */
	REASON_EASED, /* observed: bytes in use, limit: what could not be reclaimed down to, for_us: rest */
	REASON_IO_LEVEL, /* limit: weight of the level */
	REASON_IO_CLASS, /* the largest weight of the levels below: limit, extra: how many pods */
	REASON_SQUEEZE,	 /* who waited; observed: permille, limit: threshold, for_us: window,
				   * extra: the quota's share of the node in permille */
	REASON_SQUEEZE_FLOOR, /* as SQUEEZE, the floor decided */
	REASON_RELEASED,      /* a hold ended: for_us: calm for so long */
	REASON_INEFFECTIVE, /* a hold did not help who: observed: permille that it waits, limit: what it
			       * waited before, for_us: not tried again for so long */
	REASON_NOT_PLANNED, /* no rule asks for it any more: the original comes back */
	REASON_MODE,	    /* the mode does not allow it any more: the original comes back */
	REASON_STOP,	    /* the agent stops: the original comes back */
	REASON_GAP,	    /* for_us: nobody looked for so long, so every hold ended */
	REASON_COUNT,
};

struct reason {
	enum reason_code code;
	enum level level; /* LEVEL_NONE for a class */
	int32_t rule;	  /* index into policy->rules, -1 for none */
	uint64_t observed;
	uint64_t limit;
	uint64_t for_us;
	uint64_t extra;
	char who[REASON_WHO_SIZE]; /* the pod that is the cause, for people; "" for none */
};
