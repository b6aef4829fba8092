// SPDX-License-Identifier: LGPL-2.1-or-later
// What discover.c and shadow.c share. For these two alone.
#pragma once

#include "agent/discover/cgroup_tree.h"
#include "agent/discover/discover.h"
#include "agent/discover/facts.h"
#include "agent/discover/hotplug.h"
#include "agent/discover/knob_watch.h"
#include "agent/discover/pods.h"
#include "agent/discover/watch.h"

struct discover {
	int root_fd; /* borrowed */
	int cgroup_fd;
	struct watch *watch; /* NULL: switched off, or the kernel has none */
	struct cgroup_tree *tree;
	struct knob_watch knob_watch;
	struct pods pods;
	struct facts facts;
	struct hotplug hotplug;
	const struct policy *policy; /* borrowed */
	uint32_t knobs_of_policy;    /* bits of enum knob; see knobs.h */
	struct model model;
	struct knob_disks disks; /* see discover_ask_disks() */
	uint32_t found;		 /* capabilities that probe() does not look for */
	bool probe_again;	 /* something could not be read when it was asked for */
	bool rescan;		 /* asked for */
	bool rescan_next;	 /* in the update after the present one */
	bool policy_is_new;	 /* which cgroups are pods may have changed */
	bool knobs_are_new;	 /* the policy needs other knobs than the last one */
	bool dirty;		 /* some directory is */
	int64_t scanned_us;	 /* the last full scan */
};

/* Bits of the knobs to read: of pods, every cgroup above them, and the siblings of both, because
 * weights compare siblings; of containers where the policy needs it. */
uint32_t discover_wants_knobs(const struct cgroup_node *node, uint32_t of_policy);

/* Reads the topology, of which *found gets what was readable. As discover_new(). */
int discover_node_start(struct discover *discover, uint32_t *found, const char **ret_why);

/* Asks again for capabilities: something could not be read the last time. */
void discover_node_probe(struct discover *discover);

/* CPUs that went offline or came back; in a full pass also disks. True where the model is another now. */
bool discover_node_follow(struct discover *discover, bool full);
