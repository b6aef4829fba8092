// SPDX-License-Identifier: LGPL-2.1-or-later
// When a pod has to be killed for memory: the node would be empty within the time that the policy names, as it falls,
// that is no burst, and it still does. Whom: victim.h. Pure; its memory is the caller's struct.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/model.h"
#include "colod/plan.h"
#include "colod/policy.h"
#include "colod/reason.h"
#include "colod/sample.h"
#include "policy/victim.h"

/* The sign has to stand in so many samples in a row, and for so long: one that starts up, or stops, kills nobody. */
#define MEMORY_KILL_LOOKS 3u
#define MEMORY_KILL_STANDS_US 400000

struct memory_kill {
	int64_t since_us; /* the sign stands since; 0: it does not */
	int64_t look_us;  /* of the newest sample that was counted */
	uint32_t looks;
	int64_t ended_us; /* of the last kill: a sample from before does not show what it gave back */
	uint64_t serial;      /* of the last victim */
	uint64_t freed_bytes; /* by it, as far as measured */
	struct victim_state victims;
};

/* This one is killed now. */
void memory_kill_taken(struct memory_kill *kill, const struct victim *victim, int64_t now_us);

/* A kill is over (victim_ended()). What an earlier victim gives back late is not the last one's. */
void memory_kill_ended(struct memory_kill *kill, uint64_t serial, bool dead, uint64_t freed_bytes,
		       int64_t now_us);

/* How much would have to come back for the node to last for the time that the policy names, and why. */
struct memory_kill_need {
	uint64_t bytes;
	struct reason
		reason; /* REASON_MEMORY_EMPTY, with the numbers that were used; its nodes are those that count */
};

/* Whether somebody has to be killed now. False, too, where the policy has no rule, where memory was not measured
 * lately, on a node that rests wherever it is, and while the last victim's memory is still to come. What fell
 * before stopped_us, when a pod was made to stand still (0: none was), is no reason. */
bool memory_kill_due(struct memory_kill *kill, const struct model *model,
		     const struct samples *samples, const struct policy *policy,
		     const struct plan *plan, int64_t stopped_us, int64_t now_us,
		     struct memory_kill_need *ret_need);
