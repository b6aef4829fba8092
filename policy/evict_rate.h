// SPDX-License-Identifier: LGPL-2.1-or-later
// What an eviction for a resource that is used and not kept (the CPU, a disk) gave: what offline work as a whole uses less of it,
// since what one leaves the others may take at once. Pure.
#pragma once

#include "policy/evict.h"

/* The pod it is about, as long as it can use anything: a cgroup may be left behind empty, which is noticed late, and then
 * uses nothing. NULL: it is gone. */
const struct pod *evict_rate_there(const struct evict_pending *pending, const struct pod *pod,
				   const struct samples *samples, int64_t now_us);

/* It is asked now: what is used before it goes. */
void evict_rate_note(const struct evict *e, struct evict_pending *pending, int64_t now_us);

/* Once a pass. */
void evict_rate_measure(const struct evict *e, struct evict_pending *pending, bool gone,
			int64_t now_us);

/* Of one that is gone: whether it can be seen by now what came of it. */
bool evict_rate_has_settled(const struct evict_pending *pending, int64_t now_us);

/* Whether it freed far less than expected; false where nobody measured that: it then says nothing. */
bool evict_rate_judge(const struct evict *e, const struct evict_pending *pending, int64_t now_us,
		      bool *ret_poor);
