// SPDX-License-Identifier: LGPL-2.1-or-later
// How two numbers of an incident's points become one. Pure.
#pragma once

#include <stdint.h>

/* By their time; of one that is `none` the other. a_ms + b_ms > 0. */
static inline uint32_t incident_mean(uint32_t a, uint32_t a_ms, uint32_t b, uint32_t b_ms,
				     uint32_t none)
{
	if (a == none || b == none)
		return a == none ? b : a;
	return (uint32_t)(((uint64_t)a * a_ms + (uint64_t)b * b_ms) / (a_ms + b_ms));
}
