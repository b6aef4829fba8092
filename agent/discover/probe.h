// SPDX-License-Identifier: LGPL-2.1-or-later
// Which optional features this kernel and system have, found by looking at files, never by version.
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Those that files below the root and the cgroup2 mount show, as 1 << enum capability. SMT, NUMA,
 * INOTIFY and RECURSIVE_PROT are found elsewhere: the caller puts them into `found`, and gets back
 * what is left when `switched_off` and everything that needs what is missing are taken out. */
uint32_t probe(int root_fd, int cgroup_fd, uint32_t found, uint32_t switched_off);
