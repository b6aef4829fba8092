// SPDX-License-Identifier: LGPL-2.1-or-later
// How many pods can be measured at once: file descriptors are what observation can run out of.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "agent/observe/kept_set.h"

/* Its own files; while somebody waits for IO two more; and of a few pods, those that wait, memory.events, memory.stat and one for
 * each container. */
#define FD_ROOM_POD (KEPT_SET_COUNT + 4)

/* Raises the soft limit, which is low (1024) for programs that use select(2), to the hard one. What it is then, in *ret_limit;
 * 0 or -errno. */
int fd_room_raise(uint64_t *ret_limit);

/* For so many pods there is room; the rest is left to others. */
size_t fd_room_pods(uint64_t limit);
