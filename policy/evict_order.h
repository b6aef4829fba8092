// SPDX-License-Identifier: LGPL-2.1-or-later
// An eviction that a person orders: the same never-rules as for those that memory needs, and the same mode. The limits
// (evict.cooldown, evict.per-hour), a budget's earlier refusal, and how much it would free do not bind it. Pure.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/manual.h"
#include "colod/modes.h"
#include "policy/evict.h"

/* Why not. Text: evict_order_text(). */
enum evict_order_no {
	EVICT_ORDER_YES,
	EVICT_ORDER_GONE,     /* no such pod is there any more */
	EVICT_ORDER_PENDING,  /* it was asked to go already */
	EVICT_ORDER_NO_FACTS, /* what it is, is not known */
	EVICT_ORDER_NO_RULE,  /* no rule of the policy matches it */
	EVICT_ORDER_NO_NEVER, /* static, or part of the system */
	EVICT_ORDER_NO_ONLINE,
	EVICT_ORDER_NO_ENDING, /* somebody deletes it */
	EVICT_ORDER_NO_OTHERS, /* another pod is inside, or something unseen */
	EVICT_ORDER_NO_MODE,   /* the mode does not allow it */
	EVICT_ORDER_NO_API,    /* the policy names Kubernetes, and no API server is known */
	EVICT_ORDER_NO_WAY,    /* no way that the policy names fits it */
	EVICT_ORDER_NO_ROOM,   /* as many as may be are under way */
	EVICT_ORDER_NO_RECORD, /* it cannot be written down */
	EVICT_ORDER_COUNT,
};

/* One order, with what more was looked at in the pass that took it up. */
struct evict_order {
	uint32_t slot;	 /* of the pod ... */
	uint64_t serial; /* ... and which of those that had this slot */
	bool kubernetes; /* there is an API server to ask */
	bool pending;	 /* this pod was asked already */
	bool room;	 /* one more may be asked */
	char who[MANUAL_WHO_SIZE];
	enum evict_order_no no; /* what came of it */
};

struct evict_order_input {
	const struct model *model;
	const struct policy *policy;
	const struct plan *plan; /* its assignments */
	const struct modes *modes;
};

/* The pod that is meant, or NULL. */
const struct pod *evict_order_pod(const struct model *model, const struct evict_order *order);

/* EVICT_ORDER_YES, or the first thing in the way. Looks at all of *order but `no`. */
enum evict_order_no evict_order_judge(const struct evict_order_input *in,
				      const struct evict_order *order);

/* The pod is asked to go now, where evict_has_room(). */
void evict_order_asked(struct evict *evict, const struct pod *pod, const struct samples *samples,
		       int64_t now_us);

/* Of those that were ordered: who is to be asked once more now, by its serial; 0: nobody. */
uint64_t evict_order_again(const struct evict *evict, int64_t now_us);

/* For people, one sentence without its end: why not, and what to do. */
const char *evict_order_text(enum evict_order_no no);
