// SPDX-License-Identifier: LGPL-2.1-or-later
// colod --replay FILE --policy OTHER: what another policy would have decided on the same series.
#pragma once

#include "agent/options.h"
#include "agent/replay_side.h"

struct replay_other {
	struct policy *policy; /* owned */
	struct replay_side recorded, other;
	struct replay_told *told; /* what was printed of each cgroup, by id; owned */
	size_t n_told;
	uint64_t *levels; /* ... and of each pod, by slot; owned */
	size_t n_levels;
	int apart[RESOURCE_COUNT];	   /* by how many rungs */
	const struct policy *keys_checked; /* the record's policy, once its labels were looked at */
	uint64_t passes;
	uint64_t differences;
	bool pass_said; /* the line that begins this pass */
};

/* Reads the policy; says what keeps it from being tried. 0 or a negative errno. */
int replay_other_init(struct replay_other *o, const struct options *options,
		      const struct record_reader *reader);
void replay_other_done(struct replay_other *o);

/* Prints where the two differ, if that is new. 0 or -ENOMEM. */
int replay_other_pass(struct replay_other *o, const struct record_replayed *given);

/* The last line; exit status. */
int replay_other_end(struct replay_other *o);
