// SPDX-License-Identifier: LGPL-2.1-or-later
// The script that faults are tried in: colod starts over a node, pods appear, the mode is raised,
// an online pod waits for CPU and batch work is squeezed and released, memory stays short until a pod is evicted, another
// vanishes, somebody squeezes one by hand, the policy changes, the mode is lowered, colod stops, starts again, dies, and `colod restore` cleans up.
// What must hold whatever goes wrong is checked on the way.
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "agent/state.h"
#include "tests/faults/cluster.h"
#include "tests/faults/files.h"
#include "tests/faults/points.h"

struct story {
	struct points points;
	struct options options;
	struct state *state; /* NULL while colod does not run */
	char mount[256];
	int64_t now_us;
	unsigned load;	    /* steps of it so far */
	uint64_t waited_us; /* of the online pod, while there is pressure */
	unsigned hog_mib; /* in use, from when memory first got short */
	bool memory_falls;
	int64_t step_us;
	struct cluster cluster;
	bool memory_short;	   /* as long as the pod that fills it is there */
	uint64_t waited_memory_us; /* of the online pod */
	unsigned n_dying;	   /* steps since it was evicted */
	bool may_evict;
	size_t evicted; /* whom, in cluster.c; 0 where nobody was yet */
	unsigned n_tainted; /* times that the taint went up */
	bool pressure;
	bool killed; /* what is cleaned up here was killed */
	const char *phase;
	FILE *out; /* what is wrong, a line each */
	unsigned n_wrong;
	unsigned n_refused;	       /* starts that colod refused */
	size_t n_holds;		       /* the most holds that were seen at a time */
	bool memory_held;	       /* by a memory.high that ends with the pressure */
	bool held_by_hand;	       /* by an order, without any pressure */
	bool may_write;		       /* the mode is not observe any more */
	unsigned brief_from, brief_to; /* the points while the pod that vanishes is there */
	unsigned filler_from, filler_to; /* ... while that is which fills the memory */
	const struct files *base; /* before colod; NULL: not known yet, base_taken will be it */
	struct files base_taken;
	struct files calm;	       /* when all is quiet, before the end */
	const struct files *want_calm; /* of the run without a fault; NULL: this is it */
};

/* A tree below `parent`. Aborts where that cannot be made. */
void story_open(struct story *s, const char *parent, FILE *out);
void story_close(struct story *s);

/* The whole script; it may end early by points.what. s->n_wrong is 0 when all was well. */
void story_run(struct story *s);

/* What follows a kill, over the tree that is left in `dir`: `colod restore`, or a new start that goes on
 * for a while and then stops. `base`: as it must be then. */
void story_clean_up(const char *dir, const struct files *base, bool restart, FILE *out,
		    unsigned *ret_n_wrong);

__attribute__((format(printf, 2, 3))) void story_wrong(struct story *s, const char *format, ...);

/* Whether the pod that fills the memory is there. */
bool story_has_filler(const struct story *s);
