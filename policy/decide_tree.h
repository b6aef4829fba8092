// SPDX-License-Identifier: LGPL-2.1-or-later
// What every cgroup's subtree holds, counted once per pass: the deciders ask for "the highest
// all-offline cgroup" or "a class that also holds an online pod" and walk arrays instead of the
// tree. Pure; its memory is kept from pass to pass.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "colod/cpu_set.h"
#include "colod/model.h"
#include "colod/plan.h"
#include "colod/policy.h"

#define DECIDE_NONE UINT32_MAX	    /* no node, no pod */
#define DECIDE_NO_DEMAND UINT64_MAX /* not measured */

/* One cgroup, at the same index as in model->cgroups. */
struct decide_node {
	struct cgroup *cgroup;
	const struct pod *pod; /* the pod that this cgroup is; NULL for all others */
	uint32_t parent;       /* index of the parent, always lower; DECIDE_NONE for the root */

	/* pods in the subtree, this one too */
	uint32_t online;
	uint32_t offline;
	uint32_t waiting;      /* for facts */
	uint32_t unmatched;    /* by any rule */
	uint32_t holdable;     /* offline pods that a quota may meet */
	uint32_t boundable;    /* offline pods whose IO may be bounded */
	uint32_t requesting;   /* offline Kubernetes pods that are not BestEffort */
	uint32_t levels;       /* 1 << level of each pod that has one */
	uint32_t first_online; /* index into model->pods, in path order; DECIDE_NONE */
	uint32_t first_offline;

	bool others; /* populated cgroups that are no pod's and hold no pod; or some that were not seen */
	bool in_pod;  /* a pod's cgroup, or below one */
	bool blocked; /* an undecided pod's cgroup, or below one: never touched */

	/* working space of decide_cpu */
	struct cpu_set place;	  /* where it runs */
	struct cpu_set room;	  /* where its children run that hold offline pods */
	bool apart;		  /* it can meet no offline work beside it */
	uint64_t weight;	  /* planned or present */
	uint64_t siblings_weight; /* of this node's online children */
	uint32_t n_yielding;	  /* children that yield by weight */
	uint32_t lightest; /* online pod below with the least weight for its request; DECIDE_NONE */
	uint64_t demand_milli; /* what the pods of a held cgroup used lately */
	bool held;	       /* gets a quota of its own */
	uint64_t share_us;     /* what that would be, and what it is while near that */
	uint64_t quota_us;

	/* working space of decide_io_hold */
	struct io_max io_use; /* what the pods of a held cgroup do on the disk, a second */
	bool io_uses;	      /* they did something there lately */

	/* working space of decide_cores */
	struct cpu_set cores; /* sum of the own cores below */
	bool has_cores;

	/* working space of floor */
	uint64_t children_weight; /* that stand now, of populated children */
	bool children_unknown;	  /* of one of them it is not known */
	uint32_t floor_at;	  /* which branch this is; DECIDE_NONE for none */

	/* working space of decide_memory, for min and low */
	uint64_t need[2];	   /* planned here */
	uint32_t need_pods[2];	   /* 1 where that is for the pod itself */
	uint64_t children_need[2]; /* sum over the children, planned or present */
	uint32_t children_pods[2]; /* protected pods below */
};

/* An offline pod with nobody else's below: what is done to all of it is done to it alone. */
static inline bool decide_tree_is_offline_pod(const struct decide_node *node)
{
	return node->pod && node->online == 0 && node->offline == 1 &&
	       node->waiting + node->unmatched == 0 && !node->blocked;
}

struct decide_tree {
	struct decide_node *nodes; /* owned */
	size_t n_nodes;
	size_t cap_nodes;
	uint32_t *of_pod; /* index into model->pods to index of its node; owned */
	size_t cap_pods;
	uint32_t *index; /* hash of cgroup to node; owned */
	size_t n_index;
};

/* Counts model under the assignments of *plan into plan->tree. 0 or -ENOMEM. */
int decide_tree_build(const struct model *model, const struct policy *policy, struct plan *plan);

/* Accepts NULL. */
void decide_tree_free(struct decide_tree *tree);

/* Only offline pods below (at least one), no other process, no pod whose level is open. Never the
 * root, which has no knobs. */
bool decide_tree_all_offline(const struct decide_node *node);

/* As all-offline, but some of its pods wait for facts, and colod already made it yield: its weight
 * stays until the facts are there, else each new pod would lift it for a moment. */
bool decide_tree_kept(const struct decide_node *node);

/* Whether online pods or processes of no pod live below: what offline work yields to. */
bool decide_tree_is_online(const struct decide_node *node);

/* What the knob would be without colod: the original while colod's own value is still there, else
 * what is there. The plan is worked out from this, so that writing it does not change it. */
const struct knob_value *decide_tree_base(const struct cgroup *cgroup, enum knob knob);

/* Adds an entry for this cgroup; level and rule of the reason are the pod's, or none for a class.
 * Does nothing where the knob was not read. 0 or -ENOMEM. */
int decide_tree_add(struct plan *plan, const struct decide_node *node, enum knob knob,
		    enum effect effect, struct knob_value want, const struct reason *reason);

/* The node of model->pods[pod] if it has a level and may be touched, else NULL. */
struct decide_node *decide_tree_pod(const struct decide_tree *tree, size_t pod);

/* Whether a knob was read, so that an entry for it makes sense. */
static inline bool decide_tree_has(const struct cgroup *cgroup, enum knob knob)
{
	return cgroup->knobs[knob].now.state == KNOB_KNOWN;
}
