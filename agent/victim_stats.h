// SPDX-License-Identifier: LGPL-2.1-or-later
// What offline pods hold, as memory.stat of each says: read when a victim is looked for, and not before.
#pragma once

#include <stddef.h>

#include "agent/state.h"
#include "policy/victim.h"

struct victim_stats {
	struct victim_memory *list; /* by pod->slot; owned */
	size_t n;
};

/* In calm times: there is no memory to be had when it is needed. */
void victim_stats_reserve(struct victim_stats *stats, size_t n_slots);

/* Of every offline pod of the model, as far as it lies on these memory nodes (0: on any); `going`: also of those that are being deleted. Allocates nothing. */
void victim_stats_measure(const struct state *state, struct victim_stats *stats, uint64_t nodes,
			  bool going);

void victim_stats_done(struct victim_stats *stats);
