// SPDX-License-Identifier: LGPL-2.1-or-later
// What the properties of evictions draw, and whom none of them may ever take.
#pragma once

#include "tests/lib/fake_random.h"

/* Limits, ways and an order; some pods static, some that go, some not known. */
void evict_case_draw(struct fake *f, uint64_t *seed);

/* Fails where this one may not be evicted, whatever it would give. */
void evict_case_never(const struct fake *f, const struct pod *pod, int number);
