// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether a pod that may have to go for memory grows, or rests. Pure.
#pragma once

#include "policy/victim.h"

/* Fills what says so in *victim, of which the pod and what it uses are known; memory: what of that is what (NULL: nobody knows, and
 * it rests). `grows` is as far as the pod alone says. */
void victim_growth_see(const struct victim_input *in, const struct victim_memory *memory,
		       struct victim *victim);

/* Whether pods that together take so much are why the room falls: to end them would help. */
bool victim_growth_is_cause(uint64_t takes_bytes_per_s, uint64_t fall_bytes_per_s);
