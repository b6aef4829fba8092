// SPDX-License-Identifier: LGPL-2.1-or-later
// What a policy that is not in force would do on this node now.
#pragma once

#include <stdint.h>

#include "agent/state.h"
#include "colod/what_if.h"
#include "policy/read.h"

/* Cgroups whose knobs are read because only the other policy looks at them: 8 small files each. */
#define WHAT_IF_READS_MAX 512

typedef void (*what_if_fn)(void *context, const struct what_if *what_if);

/* Reads the sources as a load would, works out its plan on a copy of the model, and hands the
 * difference to `fn`, to be read until it returns; also where the policy is not good. Writes nothing
 * and leaves the state as it is; memory is bounded by what is on the node, and free again afterwards.
 * 0, or -errno without a call of fn (-ENOMEM; -ENODATA before the first pass). */
int what_if(struct state *state, const struct policy_source *sources, size_t n_sources,
	    int64_t now_us, what_if_fn fn, void *context);
