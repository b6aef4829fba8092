// SPDX-License-Identifier: LGPL-2.1-or-later
// All PSI triggers: of the online pods by resource, and one of the whole node for memory. The node's tells that
// somebody, somewhere waits for memory, before an online pod does; that may be an offline pod's own bound, so that it
// is a reason to look and never one to act.
#pragma once

#include "agent/observe/trigger.h"

struct triggers {
	struct trigger_set cpu;
	struct trigger_set memory;
	struct trigger_set full; /* of memory, by the rule for memory.full */
	int node_fd;		 /* of the node's memory; -EBADF: not armed */
	bool node_refused;
	int64_t neighbours_us; /* when there was an offline pod last; INT64_MIN: never */
};

void triggers_init(struct triggers *t);
void triggers_use_lanes(struct triggers *t, struct lanes *lanes);

/* What one update goes by; nothing is owned. */
struct triggers_look {
	int root_fd; /* the stand-in for "/" */
	int cgroup_fd;
	const struct model *model;
	const struct plan *plan;
	const struct policy *policy;
	uint32_t resources; /* 1 << enum resource: may be armed at all (mode off: not) */
	int64_t now_us;
};

/* Brings them to what the look asks for; see observe_triggers(). 0 or -ENOMEM. */
int triggers_update(struct triggers *t, const struct triggers_look *look,
		    const struct observe_trigger_ops *ops);

/* Disarms the one with this fd; nothing when there is none. */
void triggers_drop(struct triggers *t, int fd, const struct observe_trigger_ops *ops);

/* Of what the fd tells: the resource, the pod's trigger (NULL for the node's own), and what it says of that pod's next
 * sample (enum sample_valid; 0 for the node's own). False: it is none of these. */
bool triggers_find(const struct triggers *t, int fd, enum resource *ret_resource,
		   const struct trigger **ret_trigger, uint32_t *ret_told);

uint32_t triggers_n(const struct triggers *t);

/* Closes all without a call of on_disarm, and frees what they hold. */
void triggers_done(struct triggers *t);
