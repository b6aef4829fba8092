// SPDX-License-Identifier: LGPL-2.1-or-later
// What a pod is one of: the name that stays when its pods are made anew, so that what was learned of one
// holds for the next. Pure.
#pragma once

#include "colod/pod.h"

#define WORKLOAD_KEY_SIZE 352

/* "ReplicaSet:default/web" of default/web-7d4b9c6f5-x2x4z: owner's kind, namespace, and the name without the
 * parts that its owner's kind generates. A pod without an owner keeps its whole name, one of which no facts are known has that of its
 * cgroup, and so have units and plain cgroups. Cut to fit. */
void workload_key(const struct pod *pod, char key[WORKLOAD_KEY_SIZE]);
