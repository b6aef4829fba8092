// SPDX-License-Identifier: LGPL-2.1-or-later
// The model as discovery would make it under another policy: which cgroups are pods, and what is known
// of them, follow from the policy. A copy that borrows from the live model and changes nothing of it.
#pragma once

#include "agent/discover/discover.h"

struct shadow;

/* Knob values are those that discovery has; of cgroups that only `policy` makes it look at, they are read,
 * of at most `max_reads` cgroups. Where `policy` takes facts from elsewhere, nobody is asked: they are
 * unknown. Costs one object for each cgroup (at most CGROUP_TREE_MAX, 1 KiB each). `discover` must not
 * be updated, and `policy` not be freed, before shadow_free(). 0, -ENOMEM, or -ENODATA before the
 * first update. */
int shadow_new(struct discover *discover, const struct policy *policy, size_t max_reads,
	       struct shadow **ret_shadow);
void shadow_free(struct shadow *shadow);

const struct model *shadow_model(const struct shadow *shadow);

/* The live cgroup that a cgroup of the shadow is a copy of. */
const struct cgroup *shadow_live(const struct shadow *shadow, const struct cgroup *copy);

/* The copy of a live cgroup, or NULL. */
struct cgroup *shadow_copy(const struct shadow *shadow, const struct cgroup *live);

/* Cgroups beyond max_reads, whose knobs are not known. */
size_t shadow_unread(const struct shadow *shadow);

/* Whether `policy` takes facts from where nobody has asked yet. */
bool shadow_facts_elsewhere(const struct shadow *shadow);
