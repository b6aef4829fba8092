// SPDX-License-Identifier: LGPL-2.1-or-later
// To which memory nodes online pods are bound: each such set of nodes can run out of memory by itself, whatever the others
// have. Pure.
#pragma once

#include "policy/decide.h"

/* Sets plan->bounds, by the assignments that *plan has: each set once, by the first pod that is bound to it, or that has a
 * container which is. Who may use all nodes is bound to none, and so is who is bound in a way that no cgroup shows (numactl). */
void memory_bounds_look(const struct model *model, struct plan *plan);

/* The nodes to which this pod, or what of it is bound at all, is bound; 0: to none. */
uint64_t memory_bounds_of(const struct model *model, const struct pod *pod);

/* The nodes on which somebody may have to be chosen soon, the tightest of such sets: memory goes, there or on the machine, or
 * what is there is below a watermark. 0: on none by themselves. After decide(), from the same. */
uint64_t memory_bounds_short(const struct decide_input *in, const struct plan *plan);
