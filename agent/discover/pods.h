// SPDX-License-Identifier: LGPL-2.1-or-later
// From the scanned tree to pods with stable slots. Knows which cgroups are pods, not what is in
// their knobs or facts.
#pragma once

#include <stdint.h>

#include "agent/discover/cgroup_tree.h"
#include "colod/pod.h"
#include "colod/policy.h"

/* The kubelet's default is 110 pods a node and its largest supported some 500; units come on top.
 * What exceeds this stays in the tree as a cgroup that is no pod. */
#define PODS_MAX 1024

struct pods {
	struct pod *list[PODS_MAX]; /* owned; by cgroup path */
	size_t n;
	uint32_t n_slots; /* one more than the largest slot in use */
	uint64_t serial;  /* the last one given */
	uint32_t refused; /* pods too many, or with a UID that another pod has */
	uint32_t said;	  /* of those, already in the log */
};

/* Works out from the tree, whose node->cgroup.kind and .pod it sets, which pods there are: those of
 * Kubernetes by their names, others where the policy (may be NULL) wants a unit or cgroup as one. A
 * pod whose cgroup is still the same keeps its object; new ones have facts_state FACT_UNKNOWN. 1
 * when pods or containers changed, 0 when not, -ENOMEM: pods without memory are missing. */
int pods_update(struct pods *pods, struct cgroup_tree *tree, const struct policy *policy);

/* Frees all pods, not `pods` itself. */
void pods_clear(struct pods *pods);
