// SPDX-License-Identifier: LGPL-2.1-or-later
// Calibration, an opt-in: where it is never calm, all offline work is held for a second now and then, and what online pods
// wait in that second is what they wait without it. When one is due, and what it has shown: who holds, and how, is
// not this file's. Pure: its memory is the caller's struct. Nothing calls it yet.
//
// At most 0.5 % of the time: after a hold that lasted T (it may last longer than a second, where a pass came late)
// there is none for 199 T. None while a rung is up or was lately, as that holds the same pods for other reasons.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/score.h"
#include "policy/calm.h"

#define CALIBRATE_HOLD_US 1000000
/* Of so many parts of the time one is held. */
#define CALIBRATE_PARTS 200
#define CALIBRATE_PODS 16

enum calibrate_why {
	CALIBRATE_DUE,
	CALIBRATE_NOT_ASKED, /* the policy does not */
	CALIBRATE_RUNG,	     /* offline work is held for online pods, or was within 30 s */
	CALIBRATE_SOON,	     /* the last one is not long enough ago */
	CALIBRATE_CALM, /* offline work does nothing that there is to hold, or the node is short of memory, or not measured */
	CALIBRATE_NO_NEED, /* every online pod that waits has a calm baseline */
	CALIBRATE_WHY_COUNT,
};

struct calibrate_pod {
	uint64_t serial;
	uint64_t stalled_us[RESOURCE_COUNT]; /* totals as the hold began */
	uint32_t valid;			     /* as of that sample */
	uint32_t before_permille[RESOURCE_COUNT];
};

struct calibration {
	int64_t began_us; /* of the hold that stands; 0: none does */
	int64_t rest_until_us;
	uint64_t n; /* so far */
	uint64_t held_us;
	uint32_t n_pods; /* whom it is for: those that have no calm baseline and waited most */
	struct calibrate_pod pods[CALIBRATE_PODS];
};

struct calibrate_look {
	struct calm_look calm; /* model, samples, plan, ladders and the time */
	const struct scores *scores;
	bool asked; /* by the policy, in a mode that holds */
};

/* What one pod waited before the hold and in it; a resource that was not measured in both is not valid. */
struct calibrate_result {
	uint64_t serial;
	bool valid[RESOURCE_COUNT];
	uint32_t before_permille[RESOURCE_COUNT];
	uint32_t without_permille[RESOURCE_COUNT];
};

enum calibrate_why calibrate_why(const struct calibration *c, const struct calibrate_look *look);

/* The hold is written now. Only where it is due. */
void calibrate_begin(struct calibration *c, const struct calibrate_look *look);

/* Whether the hold that stands has to end in this pass: its second is over, or a rung went up. */
bool calibrate_must_end(const struct calibration *c, const struct calibrate_look *look);

/* The hold is taken back now. Fills `results` with what it has shown, and returns how many there are: none where it
 * lasted for less than its second, or no sample is as new as that. */
uint32_t calibrate_end(struct calibration *c, const struct calibrate_look *look,
		       struct calibrate_result results[CALIBRATE_PODS]);
