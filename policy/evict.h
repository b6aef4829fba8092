// SPDX-License-Identifier: LGPL-2.1-or-later
// Evictions of offline pods: who was asked to go and what became of it, whom to leave alone for a while, how many
// there may be. Whom to ask next: evict_choose.h. Pure: it asks nobody; its memory is the caller's struct.
//
//              evict_asked()          accepted                      gone, 80 % back, or grace and margin over
//   (nobody) ───────────────▶ ASKED ─────────────▶ DYING ──────────────────────────────────────────▶ (nobody)
//                             │  ▲
//           conflict, no whole│  │evict_asked() again, later each time, and not for ever
//                       answer▼  │
//                             AGAIN
//
// Another answer ends it, and says how long this pod is left out, or that nobody is asked for a while.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "colod/evict.h"
#include "colod/model.h"
#include "colod/policy.h"
#include "policy/victim.h"

#define EVICT_PENDING 4
#define EVICT_LEFT_OUT 16
#define EVICT_RETURNS 8
#define EVICT_GOING 16
/* As many as `evict.per-hour` may say. */
#define EVICT_TIMES 240
#define EVICT_HOUR_US 3600000000ll
/* A client has given up long before. */
#define EVICT_ANSWER_US 30000000
/* Beyond its grace a pod has so long: the kubelet has to hear of it, and the runtime to clean up. */
#define EVICT_MARGIN_US 10000000
#define EVICT_TRIES 4
#define EVICT_BUDGET_US 60000000
#define EVICT_REFUSED_US 600000000
#define EVICT_OFF_US 300000000
#define EVICT_BUSY_MOST_US 60000000
/* So long a pod that somebody else deletes counts as memory that comes back. */
#define EVICT_GOING_US 60000000
/* After an eviction the node takes no new pods (where the policy says so), and one that comes back starts slowly. */
#define EVICT_COOL_US 300000000
/* So many in a row that freed less than a quarter of what was expected: the estimates are wrong. */
#define EVICT_POOR_MOST 3u
/* What is used and not kept is given back when the pod is gone, and taken by others as soon: only after so long it shows
 * whether whoever waits has it. */
#define EVICT_SETTLE_US 10000000
#define EVICT_RATE_STALE_US 5000000

enum evict_stage {
	EVICT_STAGE_NONE,
	EVICT_STAGE_ASKED, /* the answer is to come */
	EVICT_STAGE_AGAIN, /* to be asked once more */
	EVICT_STAGE_DYING, /* it goes */
	EVICT_STAGE_COUNT,
};

/* What was evicted comes back under another name and UID; what stays is who made it. */
struct evict_return {
	int64_t until_us;
	char namespace[EVICT_NAMESPACE_SIZE];
	char owner_kind[EVICT_NAMESPACE_SIZE];
	char stem[EVICT_NAME_SIZE]; /* its name, without what was generated */
};

struct evict_pending {
	enum evict_stage stage;
	uint64_t serial;
	int64_t asked_us; /* first */
	/* ASKED: no answer comes any more. AGAIN: it may be asked. DYING: it should have gone */
	int64_t until_us;
	uint32_t tries;
	bool counted; /* it is one of those in the limits */
	bool returned; /* it was back from an eviction itself, and held for that: it still is, until it goes */
	bool ordered; /* by a person: nobody estimated anything, and the node need not be short of memory */
	uint64_t estimate_bytes;
	uint64_t before_bytes; /* what it used when it was asked; 0: not measured */
	uint64_t freed_bytes;  /* of that, as far as measured */
	struct evict_return back;
	/* For another resource than memory (struct victim): what it used when it was asked, and all of offline work; of that,
	 * what is not used any more. */
	uint64_t estimate_rate; /* 0: it was for memory */
	uint64_t before_rate;
	uint64_t freed_rate;
	enum resource rate_of;
	int64_t gone_us; /* since then it is not there; 0: it is */
};

/* A pod that somebody deletes. */
struct evict_going {
	uint64_t serial; /* 0: free */
	int64_t since_us;
};

/* Zeroed: nothing yet. */
struct evict {
	struct evict_pending pending[EVICT_PENDING];
	struct victim_left_out left_out[EVICT_LEFT_OUT];
	struct evict_return returns[EVICT_RETURNS];
	struct evict_going going[EVICT_GOING];
	int64_t times_us[EVICT_TIMES]; /* of evictions, the oldest first */
	uint32_t n_times;
	uint32_t poor[RESOURCE_COUNT]; /* evictions in a row that freed far too little */
	uint32_t n_busy;	       /* answers in a row that the server has no time */
	int64_t busy_until_us;	       /* nobody is asked until then */
	int64_t off_until_us;	       /* the same, for what a person has to mend: off_answer */
	enum evict_answer off_answer;
	int64_t short_since_us
		[RESOURCE_COUNT]; /* it has been short since, but for moments; 0: it is not */
	int64_t short_us[RESOURCE_COUNT]; /* ... and when it was so last */
	/* Memory: the least there was since then (0: none was noted), what was wanted there, and when so much was back by
	 * itself. */
	uint64_t least_bytes;
	uint64_t least_wanted_bytes;
	int64_t back_us;
	uint64_t rate[RESOURCE_COUNT];	 /* but for memory: what offline work used of it */
	int64_t rate_us[RESOURCE_COUNT]; /* ... and when; 0: not measured */
	uint32_t disk_major, disk_minor; /* of IO: on which disk; 0:0: none yet */
	int64_t ended_us;		 /* when the last one was over; 0: none was */
	int64_t taint_until_us;		 /* 0: no cool-down is on */
};

/* What became of one that is over. */
struct evict_over {
	struct evict_pending pending;
	enum evict_end {
		EVICT_END_GONE,
		EVICT_END_FREED,   /* 80 % of the estimate is back, though it is still there */
		EVICT_END_OVERDUE, /* it had its grace and more */
		EVICT_END_LOST, /* it was never known whether it was taken up, and it is still there */
	} end;
	bool poor; /* it freed less than a quarter of what was expected */
};

/* Once a pass: which of the pending ones are over. Fills ret_over, EVICT_PENDING long; returns how many. */
size_t evict_pass(struct evict *e, const struct model *model, const struct samples *samples,
		  const struct policy *policy, int64_t now_us, struct evict_over *ret_over);

/* This pod is asked to go now, for the first time or again. usage_bytes: what it uses. */
void evict_asked(struct evict *e, const struct victim *victim, int64_t now_us);
void evict_asked_again(struct evict *e, uint64_t serial, int64_t now_us);

/* What was said. False: nobody with this token is asked (any more). */
bool evict_answered(struct evict *e, const struct evict_done *done, const struct policy *policy,
		    int64_t now_us);

/* One from before this start, by the pod's serial now; with its times already in. */
void evict_adopt(struct evict *e, const struct evict_pending *pending);
/* The same of one whose pod is not there any more. */
void evict_adopt_gone(struct evict *e, const struct evict_pending *pending, int64_t now_us);

/* One more eviction counts in the limits. Times may come in any order. */
void evict_count(struct evict *e, int64_t at_us);

/* Whether a limit refuses one more now, and until when (INT64_MAX: the policy allows none). */
enum evict_limit {
	EVICT_LIMIT_NONE,
	EVICT_LIMIT_COOLDOWN,
	EVICT_LIMIT_PER_HOUR,
};
enum evict_limit evict_limit(const struct evict *e, const struct evict_policy *policy,
			     int64_t now_us, int64_t *ret_until_us);

/* Whether estimates have been wrong so often that evictions for this resource have to stop. */
bool evict_doubts(const struct evict *e, enum resource resource);

/* A person has seen to it. */
void evict_trust(struct evict *e, enum resource resource);

/* What it is, or was, for. */
enum resource evict_resource(const struct evict_pending *pending);

/* Whether this pod comes from where one was evicted a moment ago, also while it is asked to go itself; *ret_until_us, not NULL:
 * until when that counts. */
bool evict_has_returned(const struct evict *e, const struct pod *pod, int64_t now_us,
			int64_t *ret_until_us);

/* Whether a PodDisruptionBudget keeps this pod (0: any) now. */
bool evict_budget_keeps(const struct evict *e, uint64_t serial, int64_t now_us);

const struct evict_pending *evict_find(const struct evict *e, uint64_t serial);

/* Whether one more may be pending. */
bool evict_has_room(const struct evict *e);

/* For people: "a PodDisruptionBudget keeps it". */
const char *evict_text_answer(enum evict_answer answer);
