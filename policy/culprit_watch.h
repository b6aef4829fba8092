// SPDX-License-Identifier: LGPL-2.1-or-later
// When it is asked who makes an online pod wait: only where its score says that it lost something to others, one pod and
// resource a second, and each again after five. What was found is kept for a while, so that who did it can be
// told when it is over. Pure; allocates nothing.
#pragma once

#include "colod/culprit.h"
#include "colod/model.h"
#include "colod/plan.h"
#include "colod/score.h"
#include "colod/seconds.h"

struct culprit_watch_look {
	const struct model *model;
	const struct seconds *seconds;
	const struct plan *plan; /* for the assignments */
	const struct scores *scores;
	int64_t now_us;
};

/* Once a pass, after it was scored. */
void culprit_watch_step(struct culprit_watch *watch, const struct culprit_watch_look *look);

/* What was found last; NULL: nothing, or it is too long ago. `watch` may be NULL. */
const struct culprits_kept *culprit_watch_of(const struct culprit_watch *watch,
					     const struct pod *pod, enum resource resource,
					     int64_t now_us);

/* What that says now. A list of an earlier time (`kept`, which may be NULL) does not make it RANKED. */
enum culprits_state culprit_watch_state(const struct score_value *value,
					const struct culprits_kept *kept, int64_t now_us);
