// SPDX-License-Identifier: LGPL-2.1-or-later
// What a pod's spec says of whom would be hurt if the pod stood still: who shares memory or files with it, and
// who takes it for dead.
#pragma once

#include <cjson/cJSON.h>

#include "colod/pod.h"

/* Of the `spec` of a v1 Pod. What cannot be understood is taken for the worst, or makes the whole not known. 0 or
 * -ENOMEM; *freeze must be zeroed, and is to be freed by the caller in any case. */
int pod_freeze(const cJSON *spec, struct pod_freeze *freeze);
