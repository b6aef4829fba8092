// SPDX-License-Identifier: LGPL-2.1-or-later
// What an offline branch was promised by its weight, and what it got: the numbers behind floor.c.
// Pure.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/model.h"
#include "colod/plan.h"
#include "colod/sample.h"
#include "policy/decide_tree.h"

/* What one pass sees of a branch. */
struct floor_look {
	uint32_t node; /* index into the tree */
	/* set by the caller before the pods are looked at */
	int64_t since_us;
	uint64_t window_us;
	/* summed up over its pods */
	bool unmeasured;	 /* one was not, or not since since_us for a whole window */
	bool waits_for_quota;	 /* one waits all the time, and a quota may be why */
	const struct pod *waits; /* the one that waits longest for no such reason; NULL for none */
	uint64_t waited_permille;
	uint64_t span_us; /* of that one's samples */
	uint64_t got_ppm; /* CPU time of all of them, in millionths of one CPU */
	bool at_most; /* of one that is new it is the most that it can be, and was not measured */
};

/* Sums up the weights that stand now, for floor_look_promise(). Each node's floor_at is set to
 * DECIDE_NONE. */
void floor_look_weights(struct decide_tree *tree);

/* What a weight of `weight` on this node promises at least, in millionths of one CPU, while all
 * that it is weighed against is busy on all CPUs. 0 or -ENODATA where a weight is not known. */
int floor_look_promise(const struct decide_tree *tree, uint32_t node, uint64_t weight,
		       size_t n_cpus, uint64_t *ret_ppm);

/* How long must be measured so that half of the promise is more than the kernel's unevenness. */
uint64_t floor_look_window(uint64_t promised_ppm);

/* Adds model->pods[pod], which lives in the branch, to what is seen of that. */
void floor_look_pod(struct floor_look *look, const struct decide_tree *tree,
		    const struct model *model, size_t pod, const struct samples *samples,
		    const struct plan *plan, int64_t now_us);

/* Whether a quota stands on this node or above it. */
bool floor_look_has_quota(const struct decide_tree *tree, uint32_t node);
