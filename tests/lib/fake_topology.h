// SPDX-License-Identifier: LGPL-2.1-or-later
// CPUs of a machine made up for tests, numbered as Linux numbers them on most: first one thread of each
// core, node by node, then the second threads in the same order; or siblings side by side.
#pragma once

#include "colod/model.h"

struct fake_topology {
	unsigned numa;	/* nodes */
	unsigned llc;	/* last-level caches of each */
	unsigned cores; /* of each cache */
	unsigned threads;
	bool side_by_side;
};

/* Replaces the CPUs of the node. Aborts without memory. */
void fake_topology(struct node *node, struct fake_topology shape);

/* CPUs 0..n_cpus-1, each a core of its own, all on one node. Aborts without memory. */
void fake_topology_plain(struct node *node, unsigned n_cpus);

/* Takes the CPU offline. */
void fake_topology_offline(struct node *node, unsigned id);
