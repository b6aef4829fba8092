// SPDX-License-Identifier: LGPL-2.1-or-later
// Orders by hand: which of them may be in force, what they make of a pod's level, and when they end. What an
// order does is decided where the same is decided without one: decide_manual.c, freeze.c. Pure.
#pragma once

#include <stdbool.h>

#include "colod/manual.h"
#include "colod/model.h"
#include "colod/modes.h"
#include "colod/plan.h"
#include "colod/policy.h"
#include "colod/reason.h"

/* For how long, unless it is said, and at most. A freeze has bounds of its own (freeze.h). */
#define MANUAL_DEFAULT_S 600u
#define MANUAL_MOST_S (24u * 3600)

/* Why an order is refused, or ends. */
enum manual_no {
	MANUAL_YES,
	MANUAL_OVER,	  /* it has been as long as it may */
	MANUAL_RELEASED,  /* somebody said so */
	MANUAL_REPLACED,  /* by a newer one, or one that is its opposite */
	MANUAL_GONE,	  /* the pod is */
	MANUAL_NO_MODE,	  /* the mode does not allow it */
	MANUAL_NO_FACTS,  /* what the pod is, is not known */
	MANUAL_NO_RULE,	  /* no rule of the policy matches the pod */
	MANUAL_NO_LEVEL,  /* the policy does not define it */
	MANUAL_NO_NEVER,  /* this pod is never offline */
	MANUAL_NO_ONLINE, /* holds are for offline pods */
	MANUAL_NO_ENDING, /* the pod is being deleted */
	MANUAL_NO_HOLD,	  /* the policy has no bound for its level */
	MANUAL_NO_FREEZE, /* freeze.h says why */
	MANUAL_NO_THAWED, /* somebody ordered that it is not to be frozen */
	MANUAL_NO_ROOM,	  /* as many as may be are in force */
	MANUAL_NO_COUNT,
};

/* What is looked at. */
struct manual_view {
	const struct manual *manual;
	const struct policy *policy;
	const struct modes *modes;
};

/* The order of this kind that stands for the pod, or NULL. `manual` may be NULL. */
const struct manual_order *manual_find(const struct manual *manual, const struct pod *pod,
				       enum manual_kind kind);

/* The assignment by the rules, or at the level that was ordered, as far as the pod may have that. */
void manual_assign(const struct manual *manual, const struct policy *policy, const struct pod *pod,
		   struct assignment *ret_assignment);

/* Whether the pod may be treated so now: MANUAL_YES, or the first thing in the way. `level` of MANUAL_LEVEL
 * only. What more there is to a freeze, freeze_refusal() says. */
enum manual_no manual_judge(const struct manual_view *view, const struct pod *pod,
			    enum manual_kind kind, enum level level);

/* Puts the order where one of its kind for its pod stands, or behind all others; its opposite is taken away.
 * What was taken away is told to `fn`. false: as many as may be are in force. */
typedef void (*manual_end_fn)(void *context, const struct manual_order *order, enum manual_no why);
bool manual_add(struct manual *manual, const struct manual_order *order, manual_end_fn fn,
		void *context);

/* Takes the orders away that may not be in force any more, and tells each to `fn`. */
void manual_look(struct manual *manual, const struct model *model, const struct policy *policy,
		 const struct modes *modes, int64_t now_us, manual_end_fn fn, void *context);

/* Takes all orders of a pod away; how many that were. */
size_t manual_release(struct manual *manual, const struct pod *pod, manual_end_fn fn,
		      void *context);

/* When the first of them ends; INT64_MAX without one. */
int64_t manual_next_us(const struct manual *manual);

/* The order as the reason for a value. */
struct reason manual_reason(const struct manual_order *order);

/* One sentence without its end: why not, and what to do. Static text. */
const char *manual_text(enum manual_no why);

/* "level", "squeeze", "freeze", "thaw". */
const char *manual_kind_name(enum manual_kind kind);
