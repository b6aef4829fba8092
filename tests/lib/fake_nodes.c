// SPDX-License-Identifier: LGPL-2.1-or-later
// Memory nodes of a fake machine; see fake.h.
#include <stdlib.h>
#include <string.h>

#include "tests/lib/fake.h"

void fake_memory_nodes(struct fake *f, uint32_t n, uint64_t bytes)
{
	f->model.node.n_numa = n;
	f->model.node.memory_nodes = (struct memory_nodes){.n = n};
	for (uint32_t i = 0; i < n; i++)
		f->model.node.memory_nodes.list[i] = (struct memory_node){.id = i, .bytes = bytes};
}

void fake_sample_memory_node(struct fake *f, uint32_t id, uint64_t free_bytes)
{
	struct node_history *h = &f->samples.node;
	struct node_sample *last = &h->ring[(h->head + SAMPLE_RING - 1) % SAMPLE_RING];

	last->memory_nodes = memory_nodes_mask(&f->model.node.memory_nodes);
	last->memory_node[id].free_bytes = free_bytes;
}

void fake_there(struct fake *f, const struct pod *pod, uint64_t nodes, int64_t at_us,
		uint64_t bytes, uint64_t before_bytes)
{
	if (pod->slot >= f->samples.n_there) {
		size_t n = (size_t)pod->slot + 1;
		struct memory_there *there = reallocarray(f->samples.there, n, sizeof(*there));

		if (!there)
			abort();
		memset(there + f->samples.n_there, 0, (n - f->samples.n_there) * sizeof(*there));
		f->samples.there = there;
		f->samples.n_there = n;
	}
	f->samples.there[pod->slot] = (struct memory_there){
		.serial = pod->serial,
		.nodes = nodes,
		.at_us = at_us,
		.bytes = bytes,
		.before_us = at_us - 1000000,
		.before_bytes = before_bytes,
	};
}
