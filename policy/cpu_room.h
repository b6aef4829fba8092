// SPDX-License-Identifier: LGPL-2.1-or-later
// On which CPUs those run that a quota may meet, and what of others' use lies there. Pure.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/plan.h"
#include "colod/policy.h"
#include "policy/cpu_place.h"

/* Whether a quota may meet pods of this assignment. */
bool cpu_room_may_hold(const struct policy *policy, const struct assignment *a);

/* A pod inside another pod's cgroup is part of that one's use. */
bool cpu_room_is_nested(const struct pod *pod);

/* The CPUs of all that may be held. Only where places->bounded. */
struct cpu_set cpu_room_look(const struct cpu_places *places, const struct model *model,
			     const struct policy *policy, const struct plan *plan);

/* What of a pod's use (NULL: of what no pod accounts for) lies in `room`; all of it where nothing is bounded. */
uint64_t cpu_room_part(const struct cpu_places *places, const struct cpu_set *room, uint64_t milli,
		       const struct pod *pod);
