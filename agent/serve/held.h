// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether something is taken away from a pod right now.
#pragma once

#include <stdbool.h>

#include "colod/pod.h"

/* A hold of colod's stands on the pod's cgroup or on one above it: what holds a class holds all
 * pods in it. */
bool held_pod(const struct pod *pod);

/* It stands still: a freeze of colod's is written on it. The kernel stops its processes each at its next way back to
 * user space, which takes moments. */
bool held_frozen(const struct pod *pod);
