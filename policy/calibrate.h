// SPDX-License-Identifier: LGPL-2.1-or-later
// Calibration, an opt-in: where it is never calm, all offline work is held to its CPU floor for a second now and then
// (decide_cpu_hold.c), and what online pods wait for CPU in that second is at least what they wait without it. When one is due,
// what it has shown, and of whom that tells something: who holds, and keeps what was learned, is not this file's
// (agent/calibrator.c). Pure: its memory is the caller's struct.
//
// CPU only: what a second without the reads or the growth of others shows of memory and IO is what was pushed out or queued
// before it.
//
// At most 0.5 % of the time: after a hold that lasted T (it may last longer than a second, where a pass came late)
// there is none for 199 T, and none in the first 200 s of an agent. None while a rung is up or was lately, as that holds
// the same pods for other reasons, nor while anything else is done to them that it would be mixed up with.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/culprit.h"
#include "colod/score.h"
#include "policy/calm.h"

#define CALIBRATE_HOLD_US 1000000
/* Longer than this is no second: the machine slept, or a pass came very late. */
#define CALIBRATE_MOST_US 2500000
/* No hold is left to itself for longer. */
#define CALIBRATE_LATE_US 60000000
/* Of so many parts of the time one is held. */
#define CALIBRATE_PARTS 200
#define CALIBRATE_PODS 16
/* What holds have shown is looked at again after so long. */
#define CALIBRATE_AGAIN_US 3600000000ull

enum calibrate_why {
	CALIBRATE_DUE,
	CALIBRATE_NOT_ASKED, /* the policy does not */
	CALIBRATE_NO_MODE,   /* none of those that hold */
	CALIBRATE_RUNG,	     /* offline work is held for online pods, or was within 30 s */
	CALIBRATE_BUSY,	     /* an order by hand is in force, or somebody is evicted or killed */
	CALIBRATE_SOON,	     /* the last one is not long enough ago */
	CALIBRATE_CALM, /* offline work does nothing that there is to hold, or the node is short of memory, or not measured */
	CALIBRATE_NO_NEED, /* every online pod that waits for CPU has a baseline */
	CALIBRATE_LITTLE, /* more than half of what offline work uses would go on, or nobody may be held */
	CALIBRATE_WHY_COUNT,
};

struct calibrate_pod {
	uint64_t serial;
	struct pod_sample begin; /* as the hold began */
	uint32_t before_permille;
	uint32_t load_milli; /* which of its baselines it is about: the upper end of that one's load */
};

struct calibration {
	int64_t began_us; /* of the hold that stands; 0: none does */
	int64_t rest_until_us;
	uint64_t n; /* so far */
	uint64_t held_us;
	int64_t ended_us;	/* the last one; 0: there was none */
	enum calibrate_why why; /* as of the last look */
	uint32_t n_pods;	/* whom it is for: those that have no baseline and waited most */
	struct calibrate_pod pods[CALIBRATE_PODS];
};

struct calibrate_look {
	struct calm_look calm; /* model, samples, plan, ladders and the time */
	const struct scores *scores;
	const struct policy *policy;
	bool may_hold; /* the mode allows it */
	bool busy;     /* orders, evictions or kills are under way */
};

/* What one pod waited for CPU before the hold and in it. */
struct calibrate_result {
	uint64_t serial;
	uint32_t before_permille;
	uint32_t without_permille;
	uint32_t load_milli; /* as above */
};

enum calibrate_why calibrate_why(const struct calibration *c, const struct calibrate_look *look);

/* "" for CALIBRATE_DUE, else why there is none now: "the policy does not ask for it". Static text. */
const char *calibrate_text(enum calibrate_why why);

/* The hold is written now. Only where it is due. */
void calibrate_begin(struct calibration *c, const struct calibrate_look *look);

/* Whether the hold that stands has to end in this pass: its second is over, or a rung went up, or whatever it needs is no more. */
bool calibrate_must_end(const struct calibration *c, const struct calibrate_look *look);

/* When that is by the clock; INT64_MAX: none stands. */
int64_t calibrate_next_us(const struct calibration *c);

/* The hold is taken back now, and its quotas still stand on the model's knobs. Fills `results` with what it has shown, and
 * returns how many there are: none where it lasted for less than its second or far longer, was cut short, was not in force,
 * or no sample is as new as that. */
uint32_t calibrate_end(struct calibration *c, const struct calibrate_look *look,
		       struct calibrate_result results[CALIBRATE_PODS]);

/* There is none before the time that one costs has passed: from the start of an agent on, after whatever an earlier one held, and
 * where nobody could be held after all. */
void calibrate_rest(struct calibration *c, int64_t now_us);

/* Once what holds have shown makes a baseline (`held`, of basis SCORE_BASIS_HELD): whether it is offline work that makes the
 * pod wait, told of each pod that this hold took at least a fifth from. Says nothing where what it waited before is neither
 * clearly more than in any of them nor at most as usual. */
void calibrate_judge(struct culprit_trials *trials, const struct calibrate_look *look,
		     const struct calibrate_result *result, const struct score_baseline *held,
		     int64_t began_us);
