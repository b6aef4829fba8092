// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether a pod that may have to go for memory grows, or rests. Pure.
#pragma once

#include "policy/victim.h"

/* Fills what says so in *victim, of which the pod and what it uses are known; memory: what of that is what (NULL: nobody knows, and
 * it rests). `grows` is as far as the pod alone says. */
void victim_growth_see(const struct victim_input *in, const struct victim_memory *memory,
		       struct victim *victim);

/* By how much the pod grows in a second, file pages and all; 0: it does not, or that was not measured. */
uint64_t victim_growth_now(const struct victim_input *in, const struct pod *pod);

/* Whether pods that together take so much are why the room falls, so that to end them would help; going_bytes_per_s: what is taken
 * by who is going anyway, and ends with that. */
bool victim_growth_is_cause(const struct victim_input *in, uint64_t takes_bytes_per_s,
			    uint64_t going_bytes_per_s);

/* Negative: by this key a goes before b since it grows and b rests; positive: the other way round; 0: that does not say. */
int victim_growth_compare(const struct victim *a, const struct victim *b, enum evict_key key);
