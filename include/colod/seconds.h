// SPDX-License-Identifier: LGPL-2.1-or-later
// The last minute of each pod, a moment a second: what culprits are told by (policy/culprit.h). The rings of sample.h
// hold ten seconds only while something is wrong, as samples come faster then.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "colod/level.h"

/* A minute and what its ends need. sizeof(struct pod_seconds), 2.5 KiB, is the whole memory of a pod. */
#define SECONDS_RING 64

#define SECOND_NET_UNKNOWN UINT32_MAX

/* Counters are the low 32 bits of the kernel's: only differences over some seconds mean something. */
struct second {
	int64_t at_us;
	uint32_t valid; /* as of the sample: enum sample_valid */
	uint32_t cpu_us;
	uint32_t memory_kib; /* not a counter */
	uint32_t stalled_us[RESOURCE_COUNT];
	/* Sent, no counter: as last measured, which may be so long ago as NET_FLOW_FRESH_US and is a mean of the 10 s before that.
	 * SECOND_NET_UNKNOWN: not measured, or longer ago. */
	uint32_t net_kib_s;
};

/* A ring: `count` of them, the newest at (head + SECONDS_RING - 1) % SECONDS_RING. */
struct pod_seconds {
	uint64_t serial; /* of the pod these belong to */
	uint32_t head;
	uint32_t count;
	struct second ring[SECONDS_RING];
};

_Static_assert(sizeof(struct pod_seconds) <= 2576, "the memory of a pod is as it is said above");

struct seconds {
	struct pod_seconds **pods; /* by pod->slot, NULL where no pod was; owned */
	size_t n_slots;
	int64_t fed_us; /* the last time; 0: never */
};
