// SPDX-License-Identifier: LGPL-2.1-or-later
// Follows CPUs that are taken offline or come back: one read of a kept fd per pass tells. What they
// are is topology.c's work.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "colod/model.h"

/* The kernel shows the list in one page. */
#define HOTPLUG_TEXT_SIZE 4097

struct hotplug {
	int root_fd; /* borrowed */
	int fd;
	unsigned again; /* passes that read the topology though nothing changed since */
	size_t len;
	char text[HOTPLUG_TEXT_SIZE]; /* what was seen last */
};

/* To be called before the topology is read, so that no change falls between the two. A tree without
 * the file never changes. */
void hotplug_start(struct hotplug *hotplug, int root_fd);
void hotplug_stop(struct hotplug *hotplug);

/* Reads the topology again where the CPUs that are online are others, or were just now: a CPU is online
 * a moment before all its topology files are there. True when *node is another now; what cannot be read
 * leaves it as it was known. The flags as for topology_read(). */
bool hotplug_follow(struct hotplug *hotplug, bool use_smt, bool use_numa, struct node *node,
		    bool *ret_smt, bool *ret_numa);
