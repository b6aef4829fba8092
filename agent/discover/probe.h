// SPDX-License-Identifier: LGPL-2.1-or-later
// Which optional features this kernel and system have, found by looking at files, never by version.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct model;

/* Those that files below the root and the cgroup2 mount show, as 1 << enum capability. SMT, NUMA,
 * INOTIFY and RECURSIVE_PROT are found elsewhere: the caller puts them into `found`, and gets back
 * what is left when `switched_off` and everything that needs what is missing are taken out, in
 * *ret_capabilities. True where a file that is there could not be read: worth another try. */
bool probe(int root_fd, int cgroup_fd, uint32_t found, uint32_t switched_off,
	   uint32_t *ret_capabilities);

/* Adds what the knobs that were read show to be there since. */
void probe_learn(struct model *m);
