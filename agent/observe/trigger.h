// SPDX-License-Identifier: LGPL-2.1-or-later
// PSI triggers of one resource: the kernel tells when an online pod waits for it, so that a pass starts at once
// and not at the next second. A trigger only wakes a look; what happens is decided from samples, of which the next says that it fired.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/base/lanes.h"
#include "agent/observe/observe.h"
#include "agent/observe/trigger_file.h"
#include "colod/model.h"
#include "colod/plan.h"
#include "colod/policy.h"

/* Each one costs a real-time kernel thread that looks ten times per window while there is a stall. */
#define OBSERVE_TRIGGERS_MAX 32

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
	enum resource resource;
	uint32_t max; /* may be armed; at most OBSERVE_TRIGGERS_MAX */
	struct trigger armed[OBSERVE_TRIGGERS_MAX];
	uint32_t n;
	struct trigger_spec spec;   /* of all that are armed */
	struct trigger_slot *slots; /* owned */
	size_t n_slots;
	bool said;
	struct lanes *lanes; /* borrowed; NULL: closed in line */
};

void trigger_init(struct trigger_set *set, enum resource resource);

/* Brings the armed set to what model, plan and rule ask for (NULL: none); see observe_triggers(). A pod whose
 * trigger the kernel refuses is left out until the rule changes. 0 or -ENOMEM. */
int trigger_update(struct trigger_set *set, int cgroup_fd, const struct model *model,
		   const struct plan *plan, const struct pressure_rule *rule,
		   const struct observe_trigger_ops *ops);

/* The one with this fd, NULL for none of the set's. */
const struct trigger *trigger_find(const struct trigger_set *set, int fd);

/* Disarms the one with this fd; nothing when there is none. */
void trigger_drop(struct trigger_set *set, int fd, const struct observe_trigger_ops *ops);

/* Closes all without a call of on_disarm, and frees what the set holds. */
void trigger_done(struct trigger_set *set);
