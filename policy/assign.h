// SPDX-License-Identifier: LGPL-2.1-or-later
// Which level a pod gets: the first rule that matches. Pure.
#pragma once

#include <stdbool.h>

#include "colod/model.h"
#include "colod/plan.h"
#include "colod/policy.h"

/* Three-valued matching, rule by rule: a rule that needs an unknown fact stops the search with
 * ASSIGNMENT_WAITING (rule: where it stopped); an absent fact makes the rule not match. All
 * conditions of a rule must hold, so one that is known not to hold makes the others' facts moot.
 *
 * Level from-value: the pod's claim counts as far as it is a defined level and not above what the
 * rules below give; when they give nothing, neither does the claim. Where the rule trusts the
 * pod's namespace, the claim counts as it stands.
 *
 * Never offline, whatever the policy says: static and mirror pods, system-*-critical pods, the
 * kubelet, the container runtime and colod itself, and a unit or cgroup that holds one of these or
 * the Kubernetes pods. Where a rule gives them an offline level they get P1, online, with that
 * rule as `rule` and kept_online set. A pod whose facts are unknown might be one of them: an
 * offline level then has to wait too.
 *
 * Without a level (ASSIGNMENT_NONE, ASSIGNMENT_WAITING) level is LEVEL_NONE and role ROLE_INVALID.
 * may_hold is false where pod facts are not known for a Kubernetes pod, and for one that is being
 * deleted. */
void assign_pod(const struct policy *policy, const struct pod *pod,
		struct assignment *ret_assignment);

/* Puts a pod that the rules give a level to *assignment onto another one. false, and nothing changed: that one is
 * offline, and the pod never is, or might be one that never is. */
bool assign_level(const struct policy *policy, const struct pod *pod, enum level level,
		  struct assignment *assignment);

/* Whether it is certain that this pod is none of those that are never offline. */
bool assign_may_go_offline(const struct pod *pod);

/* How one rule was judged on the way to a level. */
enum assign_outcome {
	ASSIGN_NO,     /* `match` does not hold; `match` NULL: a rule without a condition */
	ASSIGN_WAITS,  /* nobody can judge `match` yet: the search stopped here */
	ASSIGN_CLAIMS, /* holds, level from-value: the pod asks for `claim` */
	ASSIGN_NO_CLAIM, /* holds, level from-value, but what stands there is no level of the policy */
	ASSIGN_MATCHES, /* holds: the search ended here */
	ASSIGN_OUTCOME_COUNT,
};

struct assign_step {
	int32_t rule; /* index into policy->rules */
	enum assign_outcome outcome;
	const struct match *match; /* the first condition that does not hold, or is not known */
	enum level claim;	   /* LEVEL_NONE but with ASSIGN_CLAIMS */
	bool trusted;		   /* ASSIGN_CLAIMS: nothing bounds it */
};
typedef void (*assign_step_fn)(void *context, const struct assign_step *step);

/* assign_pod(), with a call of `fn` for each rule that was tried, in their order; rules behind the one
 * where the search ended are not. */
void assign_explain(const struct policy *policy, const struct pod *pod, assign_step_fn fn,
		    void *context, struct assignment *ret_assignment);

/* Whether some unit or cgroup rule makes this cgroup (path below the mount, outside the
 * Kubernetes root) a pod of its own: POD_UNIT, POD_CGROUP, or -ENOENT. */
int assign_wants_cgroup(const struct policy *policy, const char *path);
