// SPDX-License-Identifier: LGPL-2.1-or-later
// memory.high of an online pod, where the policy asks for one (strict-memory): never what makes it crawl. Pure.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/pod.h"
#include "colod/sample.h"

/* From the policy's value to the limit in so many steps. */
#define MEMORY_STRICT_STEPS 4

/* What one pod's memory.high goes by. */
struct memory_strict {
	uint64_t base_bytes; /* what the policy asks for */
	uint64_t cap_bytes; /* the pod's limit, or what pods may use on the node; the most it is raised to */
	uint64_t had_bytes;  /* colod's own value; 0: none yet */
	uint64_t used_bytes; /* now; meaningful while nothing stands or it stalls */
	bool stalls;	     /* it met that value just now, and stood still */
	uint64_t page_bytes;
};

/* Not under what is in use, and not under what stands: once raised, it stays so for as long as the pod lives. At most the
 * limit, where it bounds nothing any more, and never under the policy's value. */
uint64_t memory_strict_high(const struct memory_strict *strict);

/* Whether the pod stood still for more than 1 % of the last seconds, and met a bound of its own at the same time and at
 * the end of it. *ret_permille and *ret_span_us: how much, of how long. False where that was not measured now: each sample is
 * a reason in its own pass alone. */
bool memory_strict_stalls(const struct samples *samples, const struct pod *pod, int64_t now_us,
			  uint64_t *ret_permille, uint64_t *ret_span_us);

/* What it uses, as measured lately. */
bool memory_strict_used(const struct samples *samples, const struct pod *pod, int64_t now_us,
			uint64_t *ret_bytes);
