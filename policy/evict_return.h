// SPDX-License-Identifier: LGPL-2.1-or-later
// What was evicted comes back: by whom it was made, and for how long that is remembered. Whether a pod is such a one:
// evict_has_returned() in evict.h. Pure.
#pragma once

#include "policy/evict.h"

/* What of this pod will be the same of its successor. False, and all empty: nothing is. */
bool evict_return_describe(const struct pod *pod, struct evict_return *ret);

/* Until then, whoever comes from there has returned. In a full table the one that is over first makes room. */
void evict_return_expect(struct evict *evict, const struct evict_return *who, int64_t until_us);
