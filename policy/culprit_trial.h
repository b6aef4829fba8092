// SPDX-License-Identifier: LGPL-2.1-or-later
// What a hold proves: the ladder judges whether it helped those who waited (efficacy.h), and this says of whom that is
// told. A pod that was held counts where the hold really took something from it, at least a fifth of what it used
// before; one that was idle anyway proves nothing. Nor does one that would have rested by itself meanwhile: how long it waited
// under the hold tells how long it wanted to run, and so long the victim would have waited as before. A frozen pod does
// not wait by the kernel's count, so that a freeze confirms nobody. Pure; allocates nothing.
#pragma once

#include "colod/culprit.h"
#include "colod/pressure.h"
#include "colod/score.h"
#include "colod/seconds.h"
#include "policy/wait.h"

struct culprit_trial_look {
	struct wait_look wait;	       /* the resource, and the rule that the hold is for */
	const struct efficacy *before; /* as of the pass before, and of this one */
	const struct efficacy *after;
	const struct seconds *seconds;
	const struct scores *scores; /* for the usual ups and downs; may be NULL */
};

/* Once a pass for each ladder, while the hold still stands on the model's knobs. */
void culprit_trial_step(struct culprit_trials *trials, const struct culprit_trial_look *look);

/* Whether a quota, or a bound of memory, of colod's stands on it or above. */
bool culprit_trial_is_held(const struct model *model, const struct pod *pod,
			   enum resource resource);

/* Those whom one hold took something from: `lost` is how many that are, and of the ones that are found those stay that lost
 * most. Kept in place of what was known of the same two. */
struct culprit_trial_found {
	struct culprit_trial most[CULPRIT_TRIALS_EACH];
	uint32_t n;
	uint32_t lost;
};
void culprit_trial_find(struct culprit_trial_found *found, const struct culprit_trial *one);
void culprit_trial_keep(struct culprit_trials *trials, struct culprit_trial_found *found);

/* The next one of a victim behind `*at` (first: 0), which is moved on; NULL: no more. `trials` may be NULL. */
const struct culprit_trial *culprit_trial_next(const struct culprit_trials *trials,
					       const struct pod *victim, enum resource resource,
					       int64_t now_us, size_t *at);
