// SPDX-License-Identifier: LGPL-2.1-or-later
// PSI triggers: the kernel tells when an online pod waits for CPU, so that a pass starts at once and
// not at the next second. A trigger only wakes a look; what happens is decided from samples.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/base/lanes.h"
#include "agent/observe/observe.h"
#include "colod/model.h"
#include "colod/plan.h"
#include "colod/policy.h"

/* Each one costs a real-time kernel thread that looks ten times per window while there is a stall. */
#define OBSERVE_TRIGGERS_MAX 32
/* 6.1 refuses shorter windows, every kernel longer ones. */
#define TRIGGER_WINDOW_MIN_US 500000
#define TRIGGER_WINDOW_MAX_US 10000000

struct trigger_spec {
	uint64_t threshold_us;
	uint64_t window_us;
};

struct trigger {
	int fd;
	uint32_t slot;
	uint64_t serial;
};

struct trigger_slot {
	bool wanted;	 /* in the pass under way */
	bool refused;	 /* to the pod with refused_serial, for as long as the terms stay */
	bool may_return; /* the file was not there: tried again when the model has changed */
	uint64_t refused_serial;
	uint64_t refused_generation;
};

/* The armed triggers. */
struct trigger_set {
	struct trigger armed[OBSERVE_TRIGGERS_MAX];
	uint32_t n;
	struct trigger_spec spec;   /* of all that are armed */
	struct trigger_slot *slots; /* owned */
	size_t n_slots;
	bool said;
	struct lanes *lanes; /* borrowed; NULL: closed in line */
};

void trigger_init(struct trigger_set *set);

/* What the rule asks for, within the kernel's bounds: 1 <= threshold_us <= window_us. */
struct trigger_spec trigger_spec_of(const struct pressure_rule *rule);

/* Brings the armed set to what model, plan and policy ask for; see observe_triggers(). A pod whose
 * trigger the kernel refuses is left out until the policy's rule changes. 0 or -ENOMEM. */
int trigger_update(struct trigger_set *set, int cgroup_fd, const struct model *model,
		   const struct plan *plan, const struct policy *policy,
		   const struct observe_trigger_ops *ops);

/* Disarms the one with this fd; nothing when there is none. */
void trigger_drop(struct trigger_set *set, int fd, const struct observe_trigger_ops *ops);

/* Closes all without a call of on_disarm, and frees what the set holds. */
void trigger_done(struct trigger_set *set);
