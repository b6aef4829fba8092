// SPDX-License-Identifier: LGPL-2.1-or-later
// The sentence about the scheduling policy of a pod's threads; see reason_text.h.
#include "policy/reason_text.h"

void reason_text_sched(struct text_out *out, const struct reason *r)
{
	if (r->code == REASON_SCHED_IDLE)
		text_out_put(out,
			     "its level's threads yield wherever somebody wakes up: SCHED_IDLE, "
			     "but for those that have a policy of their own");
}
