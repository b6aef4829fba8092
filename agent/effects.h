// SPDX-License-Identifier: LGPL-2.1-or-later
// Each step (a change of rung, a kill) with how things stood for online work before it and 10 s after it. Allocates
// nothing. What cannot be followed, because an agent ends or too many are followed at once, has no second record.
#pragma once

#include <stdint.h>

#include "agent/base/history.h"
#include "policy/step_look.h"

#define EFFECTS_MAX 32

struct effects_step {
	int64_t at_us;
	enum resource resource;
	struct step_look before;
	uint64_t steps; /* taken until then, with this one */
	bool would;
	enum level level;
	char pod[POD_NAME_SIZE];
	char what[HISTORY_WHAT_SIZE];
	char knob[HISTORY_KNOB_SIZE];
	char from[HISTORY_KNOB_SIZE];
	char to[HISTORY_KNOB_SIZE];
};

struct effects {
	struct effects_step list[EFFECTS_MAX]; /* in the order of at_us */
	uint32_t n;
	uint64_t steps; /* of all resources, since start */
};

struct state;

/* A step is taken now: adds to its record how things stand, and looks again in 10 s. */
void effects_begin(struct state *state, enum resource resource, struct history_record *record);

/* Tells of those whose time has come. Once a pass, after it has decided. */
void effects_pass(struct state *state);
