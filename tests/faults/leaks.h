// SPDX-License-Identifier: LGPL-2.1-or-later
// What a run of the story must not leave behind: descriptors, allocated blocks, lost memory.
#pragma once

#include "tests/faults/story.h"

/* How many descriptors are open now. */
unsigned leaks_n_fds(void);

/* Says in s what is left over since fds_before (leaks_n_fds) and blocks_before (alloc_live) were
 * taken. */
void leaks_check(struct story *s, unsigned fds_before, long blocks_before);
