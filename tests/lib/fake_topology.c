// SPDX-License-Identifier: LGPL-2.1-or-later
// See fake_topology.h.
#include "tests/lib/fake_topology.h"

#include <stdlib.h>
#include <string.h>

static int by_id(const void *a, const void *b)
{
	const struct node_cpu *x = a, *y = b;

	return x->id - y->id;
}

static unsigned id_of(const struct fake_topology *s, unsigned n_cores, unsigned core,
		      unsigned thread)
{
	return s->side_by_side ? core * s->threads + thread : thread * n_cores + core;
}

void fake_topology(struct node *node, struct fake_topology shape)
{
	unsigned n_cores = shape.numa * shape.llc * shape.cores;

	free(node->cpus);
	node->n_cpus = (size_t)n_cores * shape.threads;
	node->cpus = calloc(node->n_cpus, sizeof(*node->cpus));
	if (!node->cpus)
		abort();
	for (unsigned i = 0; i < node->n_cpus; i++) {
		unsigned core = i / shape.threads, group = core / shape.cores * shape.cores;

		node->cpus[i].id = (uint16_t)id_of(&shape, n_cores, core, i % shape.threads);
		node->cpus[i].core_first = (uint16_t)id_of(&shape, n_cores, core, 0);
		node->cpus[i].llc_first = (uint16_t)id_of(&shape, n_cores, group, 0);
		node->cpus[i].numa = (uint16_t)(core / (shape.llc * shape.cores));
	}
	qsort(node->cpus, node->n_cpus, sizeof(*node->cpus), by_id);
	node->n_cores = n_cores;
	node->n_numa = shape.numa;
	node->smt = shape.threads > 1;
}

void fake_topology_plain(struct node *node, unsigned n_cpus)
{
	fake_topology(
		node,
		(struct fake_topology){
			.numa = 1, .llc = 1, .cores = n_cpus, .threads = 1, .side_by_side = true});
}

void fake_topology_offline(struct node *node, unsigned id)
{
	uint16_t next = UINT16_MAX;

	for (size_t i = 0; i < node->n_cpus; i++) {
		if (node->cpus[i].id != id)
			continue;
		node->n_cpus--;
		memmove(&node->cpus[i], &node->cpus[i + 1],
			(node->n_cpus - i) * sizeof(*node->cpus));
		break;
	}
	/* The core is named by the lowest that is left. */
	for (size_t i = 0; i < node->n_cpus; i++) {
		if (node->cpus[i].core_first != id)
			continue;
		if (next == UINT16_MAX)
			next = node->cpus[i].id;
		node->cpus[i].core_first = next;
	}
}
