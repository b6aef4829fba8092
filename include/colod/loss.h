// SPDX-License-Identifier: LGPL-2.1-or-later
// What was taken from each pod since the agent started: counted once per pass (agent/account_losses.c).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pod_loss {
	uint64_t serial;  /* of the pod; another one in its slot starts at 0 */
	uint64_t held_us; /* a hold of colod's stood on it or above it */
	uint32_t holds;	  /* how often one began */
	bool held;	  /* in the last pass */
	bool frozen;
	uint32_t freezes;   /* how often it was made to stand still */
	uint64_t frozen_us; /* of held_us: it stood still */
};

struct losses {
	struct pod_loss *pods; /* by pod->slot; owned */
	size_t n_slots;
	int64_t at_us; /* of the last pass; 0 before the first */
};
