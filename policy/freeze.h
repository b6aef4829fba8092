// SPDX-License-Identifier: LGPL-2.1-or-later
// Which offline pods may be made to stand still while memory runs out, and for how long. Pure; what it has to
// remember of a pod is kept in the plan (struct plan_freeze).
#pragma once

#include <stdbool.h>

#include "policy/decide.h"

/* After a freeze a pod runs for so long at least. */
#define FREEZE_REST_US 60000000
/* Less is not worth it: the pod would hardly notice. */
#define FREEZE_LEAST_US 1000000u
/* So much later than planned may be the pass that thaws. */
#define FREEZE_PASS_US 500000

/* For every pod of the model: whether it may be, or is and still may. After the tree of *plan was built, before the
 * ladders. A freeze that has been long enough, or that somebody else ended, ends here. 0 or -ENOMEM. */
int freeze_look(const struct decide_input *in, struct plan *plan);

/* For how long an order by hand may have this pod (by its place in the model) frozen now; 0: not now, and *ret_reason
 * says why. */
uint64_t freeze_would(const struct decide_input *in, const struct plan *plan, size_t pod,
		      struct reason *ret_reason);

/* Whether rung freeze has anybody to meet: a pod that is frozen, or one that may be and grows. Here and below those
 * whose freeze was ordered by hand do not count. */
bool freeze_has_somebody(const struct model *model, const struct plan *plan);

/* Whether colod's own freeze of this cgroup stands. */
bool freeze_stands(const struct cgroup *cgroup);

/* When the last of those that are to stand still now was told to; 0: there are none. */
int64_t freeze_newest_us(const struct model *model, const struct plan *plan);

/* Until when those that are to stand still now do at most, the last of them; 0: nobody is to. */
int64_t freeze_until_us(const struct model *model, const struct plan *plan);

/* The freeze is over; `code` says why. The pod rests. */
void freeze_end(struct plan_freeze *freeze, enum reason_code code, int64_t now_us);
