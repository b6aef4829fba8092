// SPDX-License-Identifier: LGPL-2.1-or-later
// The line that a held pod may grow along: from what it used when the hold began, by what it is allowed in a second.
// What is remembered of a pod is kept in the plan (struct plan_growth). Pure.
#pragma once

#include "colod/plan.h"
#include "policy/decide.h"
#include "policy/memory_growth.h"

/* colod's own hold of a cgroup's memory that stands, in bytes; 0: there is none. */
uint64_t growth_line_held(const struct model *model, const struct cgroup *cgroup);

/* Looks at every pod, before the ladder. A pod that is not held has no line. 0 or -ENOMEM. */
int growth_line_look(const struct decide_input *in, struct plan *plan);

/* Whether the pod has stood at its bound within the last two seconds: without the hold it would grow. False for one that
 * is not held. */
bool growth_line_takes(const struct plan *plan, const struct pod *pod, int64_t now_us);

/* How fast it would grow without the hold; 0 for one that is not held, or has not met its bound lately. */
uint64_t growth_line_wants(const struct plan *plan, const struct pod *pod, int64_t now_us);

/* What memory.high is to be now for one that may grow by allowed_bytes in a second; the line goes on from there. Never
 * below what it uses, unless that bound stands already. */
uint64_t growth_line_bound(const struct decide_input *in, struct plan *plan, const struct pod *pod,
			   const struct memory_growth *growth, uint64_t allowed_bytes);
