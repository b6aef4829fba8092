// SPDX-License-Identifier: LGPL-2.1-or-later
// Cleanup attributes for memory: a reader sees in one function that nothing leaks. The pure code
// has only these; agent/base/cleanup.h adds those for descriptors and streams.
#pragma once

#include <stdlib.h>

#define _cleanup_(fn) __attribute__((cleanup(fn)))

/* Give ownership away: the variable is left empty, so its cleanup does nothing. */
#define TAKE_PTR(p)                                                                                \
	({                                                                                         \
		__typeof__(p) take_ = (p);                                                         \
		(p) = NULL;                                                                        \
		take_;                                                                             \
	})

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

#define _cleanup_free_ _cleanup_(cleanup_free)
