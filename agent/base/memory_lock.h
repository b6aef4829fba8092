// SPDX-License-Identifier: LGPL-2.1-or-later
// Memory that is there when it is needed: the agent's own pages are not taken from it while the node
// is out of memory, and what it calls then has been in memory before.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Locks what is mapped and what will be, each page from its first use on (MCL_ONFAULT: the libraries
 * are ten times as large as what is used of them), and touches what an emergency needs: this program,
 * libc and libsystemd, the calling thread's stack, and a reserve of heap that malloc keeps. Raises
 * RLIMIT_MEMLOCK where it may; under a finite limit nothing is locked, since every later allocation
 * could fail by it. 0 or -errno (-EPERM: that limit); then only the reserve is there. Threads started
 * before keep what they have, later ones are locked too. */
int memory_lock(void);

/* Whether memory_lock() succeeded in this process. */
bool memory_lock_is_on(void);

/* Touches `bytes` of the calling thread's stack. */
void memory_lock_touch_stack(size_t bytes);

/* Touches what a question over HTTPS runs through (libcurl, TLS, HTTP/2, JSON; some 7 MB), whatever was used of it
 * before. Reads them from the disk where they are not in memory: for a thread that may wait. */
void memory_lock_touch_https(void);
