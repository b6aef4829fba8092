// SPDX-License-Identifier: LGPL-2.1-or-later
// The parts of the CPU decider that have a name of their own. Pure.
#pragma once

#include <stdint.h>

#include "colod/plan.h"

struct decide_input;

/* The kubelet's own formula for a pod's or class's cpu.weight; 1..10000. */
uint64_t decide_cpu_request_weight(uint64_t milli);

/* While the ladder squeezes: cpu.max on the highest cgroups whose pods may all be held. 0 or
 * -ENOMEM. */
int decide_cpu_hold(const struct decide_input *in, struct plan *plan);
