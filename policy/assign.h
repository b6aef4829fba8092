// SPDX-License-Identifier: LGPL-2.1-or-later
// Which level a pod gets: the first rule that matches. Pure.
#pragma once

#include <stdbool.h>

#include "colod/model.h"
#include "colod/plan.h"
#include "colod/policy.h"

/* Three-valued matching, rule by rule: a rule that needs an unknown fact stops the search with
 * ASSIGNMENT_WAITING; an absent fact makes the rule not match. Never offline, whatever the policy
 * says: static and mirror pods, system-*-critical pods, the kubelet, the container runtime and
 * colod itself. may_hold is false where pod facts are absent for a Kubernetes pod. */
void assign_pod(const struct policy *policy, const struct pod *pod, struct assignment *ret_assignment);

/* Whether some unit or cgroup rule makes this cgroup (path below the mount, outside the
 * Kubernetes root) a pod of its own: POD_UNIT, POD_CGROUP, or -ENOENT. */
int assign_wants_cgroup(const struct policy *policy, const char *path);
