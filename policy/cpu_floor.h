// SPDX-License-Identifier: LGPL-2.1-or-later
// How little CPU a quota may leave to offline work. Pure.
#pragma once

#include <stdint.h>

#include "colod/model.h"

/* So much of the node's CPU as the policy says; more on kernels that throttle a whole run queue, where a task that is
 * throttled keeps its kernel locks. */
uint64_t cpu_floor_milli(const struct node *node, uint64_t capacity_milli, uint64_t floor_permille);
