// SPDX-License-Identifier: LGPL-2.1-or-later
// The last minute of each pod, a moment a second: what culprits are told by (policy/culprit.h), and what incidents show. The rings of sample.h
// hold ten seconds only while something is wrong, as samples come faster then.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "colod/level.h"

/* A minute and what its ends need. sizeof(struct pod_seconds), 4 KiB, is the whole memory of a pod. */
#define SECONDS_RING 64

#define SECOND_UNKNOWN UINT32_MAX /* not measured */

/* Counters are the low 32 bits of the kernel's: only differences over some seconds mean something. */
struct second {
	int64_t at_us;
	uint32_t valid; /* as of the sample: enum sample_valid; what a quota did is not known where some sample since the one before says so */
	uint32_t cpu_us;
	uint32_t memory_kib; /* not a counter */
	uint32_t stalled_us[RESOURCE_COUNT];
	uint32_t memory_full_us; /* in which all of it waited, as the next */
	uint32_t io_full_us;
	uint32_t throttled_us; /* as in struct pod_sample */
	/* Sent, no counter: as last measured, which may be so long ago as NET_FLOW_FRESH_US and is a mean of the 10 s before that.
	 * SECOND_UNKNOWN: not measured, or longer ago. */
	uint32_t net_kib_s;
	/* As of struct pod_memory, no counters: SECOND_UNKNOWN where it was not measured about then. */
	uint32_t anon_kib;
	uint32_t file_kib;
	uint32_t refaults_per_s;
	uint32_t direct_per_s;
};

/* A ring: `count` of them, the newest at (head + SECONDS_RING - 1) % SECONDS_RING. */
struct pod_seconds {
	uint64_t serial; /* of the pod these belong to */
	uint32_t head;
	uint32_t count;
	struct second ring[SECONDS_RING];
};

_Static_assert(sizeof(struct pod_seconds) <= 4112, "the memory of a pod is as it is said above");

struct seconds {
	struct pod_seconds **pods; /* by pod->slot, NULL where no pod was; owned */
	size_t n_slots;
	int64_t fed_us; /* the last time; 0: never */
};
