// SPDX-License-Identifier: LGPL-2.1-or-later
// What a counter of the kernel grew by a second.
#pragma once

#include <stdint.h>

/* span_us > 0. One that went back has grown by nothing that anybody knows of. */
static inline uint64_t per_s(uint64_t now, uint64_t before, uint64_t span_us)
{
	return now > before ? (uint64_t)((unsigned __int128)(now - before) * 1000000 / span_us) : 0;
}
