// SPDX-License-Identifier: LGPL-2.1-or-later
// The API server of the story, as much of it as a pod that is evicted and a taint need. What it knows is in a file of the
// tree: it outlives an agent that is killed. What must never be asked of it is wrong in the story.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/evict.h"

struct story;

struct cluster {
	int64_t now_us;	  /* the story's clock, which goes on over a kill */
	unsigned n_asked; /* evictions that came here, again or for the first time */
	bool deleting;	  /* the pod that fills the memory, since one of them was accepted */
	bool tainted;
	/* From here on: what the agent that runs now waits for. */
	bool under_way, answered;
	struct evict_done done;
	bool told, told_done;
};

/* As it was left in the tree; with nothing there, as it begins. */
void cluster_load(struct story *s);

/* The agent that has just started asks it. */
void cluster_serve(struct story *s);

/* Time goes by: what was asked before can be answered. */
void cluster_step(struct story *s);

/* /run/colod/evictions; "" where it is not there. */
const char *cluster_evictions(const struct story *s);
/* Whether that says that colod put up the taint, and how many evictions count in the limits. */
bool cluster_remembers_taint(const struct story *s);
unsigned cluster_n_counted(const struct story *s);

/* Whether the one eviction of the story counts, once; where what was kept could not be read at the start, as if there
 * had been one before it. */
bool cluster_counts_right(const struct story *s);
