// SPDX-License-Identifier: LGPL-2.1-or-later
// The memory nodes of a machine with several of them (NUMA). A set of nodes is a mask: bit N is the kernel's node N. A node
// without memory is none.
#pragma once

#include <stdint.h>

/* On a machine with more of them, or with a larger id, memory is looked at as a whole, as on one with a single node. */
#define MEMORY_NODES_MAX 16
#define MEMORY_NODE_IDS 64

struct memory_node {
	uint32_t id;
	uint64_t bytes;
	uint64_t high_bytes; /* below the sum of its zones' high watermarks the kernel reclaims; 0: not known */
};

/* Ascending ids. n is 0, not 1, where there is nothing to tell apart. */
struct memory_nodes {
	uint32_t n;
	struct memory_node list[MEMORY_NODES_MAX];
};

/* What one of them had when it was measured. */
struct memory_node_use {
	uint64_t free_bytes;
	uint64_t inactive_file_bytes;
	uint64_t active_file_bytes;
};

/* What of a pod lies on some nodes, measured while these run short (memory.numa_stat); and the same at least a second before,
 * at before_us (0: not measured then). */
struct memory_there {
	uint64_t serial; /* of the pod; 0: nothing was measured */
	uint64_t nodes;
	int64_t at_us;
	uint64_t bytes;
	int64_t before_us;
	uint64_t before_bytes;
};

static inline uint64_t memory_nodes_mask(const struct memory_nodes *nodes)
{
	uint64_t mask = 0;

	for (uint32_t i = 0; i < nodes->n; i++)
		mask |= UINT64_C(1) << nodes->list[i].id;
	return mask;
}
