// SPDX-License-Identifier: LGPL-2.1-or-later
// What the properties of evictions draw, and whom none of them may ever take.
#pragma once

#include "policy/victim.h"
#include "tests/lib/fake_random.h"

/* Limits, ways and an order; some pods static, some that go, some not known. */
void evict_case_draw(struct fake *f, uint64_t *seed);

/* By usage, or by what is over a request that nobody made; half of the pods rest, the others take up to 8 MiB a second, for 4 s until
 * FAKE_RANDOM_NOW_US, beyond what `memory` says, which is kept up. Both by slot; rates: in bytes. */
void evict_case_grow(struct fake *f, uint64_t *seed, struct victim_memory *memory, uint64_t *rates);

/* Fails where this one may not be evicted, whatever it would give. */
void evict_case_never(const struct fake *f, const struct pod *pod, int number);
