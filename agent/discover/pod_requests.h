// SPDX-License-Identifier: LGPL-2.1-or-later
// What a whole pod requests and may use, from its Kubernetes object. Pure.
#pragma once

#include <cjson/cJSON.h>

#include "colod/pod.h"

/* Follows the kubelet's own sum (component-helpers/resource): containers and sidecars together, or
 * the largest init step if that is more; pod-level spec.resources instead of it; overhead on top;
 * during an in-place resize, of a container or of the whole, the larger of what is wanted and what
 * is there; cpu_spec_milli is what is wanted alone. A limit exists only
 * when every container has one, else it is KNOB_VALUE_MAX. A quantity that cannot be read leaves
 * that one value FACT_UNKNOWN; all others are FACT_KNOWN. What it asks for as colod.io/batch-cpu or batch-memory is known only
 * where every container asks for some. */
struct pod_resources pod_requests(const cJSON *pod);
