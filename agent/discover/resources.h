// SPDX-License-Identifier: LGPL-2.1-or-later
// What a pod asks for and may use, worked out from its cgroup's knobs where nobody tells. Every
// value is FACT_DERIVED, or has none.
#pragma once

#include "colod/pod.h"

/* The kubelet's weight of a pod or class for a CPU request: 1000 milli give 39. */
uint32_t resources_weight_of_milli(uint64_t milli);

/* A request that gives this weight: of all that do, the roundest number, because requests are
 * written by people. 1 gives 0. Weight 1..10000. */
uint64_t resources_milli_of_weight(uint64_t weight);

/* From the pod's knobs as others left them (not colod's own values). `previous` is what an earlier
 * call gave: it stands where the knob says nothing now, because colod made the group idle.
 * Where the pod's facts are still to come, what no knob shows is FACT_UNKNOWN, else FACT_ABSENT. */
struct pod_resources resources_derive(const struct pod *pod, const struct pod_resources *previous);
