// SPDX-License-Identifier: LGPL-2.1-or-later
// Pods that are back after their like was evicted, for whoever decides with what they start.
#pragma once

#include "policy/decide.h"
#include "policy/decide_tree.h"

/* What one of them starts with of one resource: adds to the plan. 0 or -errno. */
typedef int (*decide_returned_fn)(const struct decide_input *in, struct plan *plan,
				  const struct decide_node *node, const struct assignment *a);

/* Of each offline one that may be held, or goes and still takes memory that is short, and in which there is no online pod, none that waits for facts and none without a rule. 0, or what fn returned first. */
int decide_returned(const struct decide_input *in, struct plan *plan, decide_returned_fn fn);
