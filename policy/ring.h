// SPDX-License-Identifier: LGPL-2.1-or-later
// Rings of samples: append, and look back over a window. Pure, allocation-free.
#pragma once

#include "colod/sample.h"

/* Samples that come faster thin out: the newest is always there, but those before it are at least this far apart, so
 * that the ring holds ten seconds whatever wakes the agent. */
#define RING_SPACING_US 160000

/* Appends in place; the oldest falls out. Samples must come with growing at_us: an older or equal
 * one is ignored and -EINVAL returned. */
int ring_add(struct pod_history *history, const struct pod_sample *sample);
int ring_add_node(struct node_history *history, const struct node_sample *sample);

/* The newest sample, or NULL. */
const struct pod_sample *ring_last(const struct pod_history *history);
const struct node_sample *ring_last_node(const struct node_history *history);

/* The sample `back` places before the newest (0: the newest), or NULL. */
const struct pod_sample *ring_at(const struct pod_history *history, uint32_t back);

/* The newest sample that is at least window_us older than the last one, else the oldest; NULL
 * when there is none. Both must have all bits of `valid`, else NULL. */
const struct pod_sample *ring_back(const struct pod_history *history, uint64_t window_us,
				   uint32_t valid);
const struct node_sample *ring_back_node(const struct node_history *history, uint64_t window_us,
					 uint32_t valid);

/* History of a slot, NULL where nothing was measured for the pod with this serial. */
const struct pod_history *ring_of(const struct samples *samples, uint32_t slot, uint64_t serial);
