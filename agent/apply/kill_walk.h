// SPDX-License-Identifier: LGPL-2.1-or-later
// All cgroups of a pod that is to be killed, and their processes. Allocates nothing. What vanishes meanwhile
// is passed over: that is normal, and more so here.
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* Deeper, or with more cgroups, a pod cannot be looked at as a whole, and is left alone. */
#define KILL_WALK_DEPTH 16
#define KILL_WALK_CGROUPS 8192

/* One cgroup: its directory, and its name ("" for the topmost). Not 0: the walk ends with that. */
typedef int (*kill_walk_fn)(void *context, int dir_fd, const char *name);

/* dir_fd itself, then everything below, parents first. 0, what `fn` ended it with, -ELOOP (too deep), -E2BIG (too
 * many) or another -errno. *ret_n (may be NULL) is how many there were, if all. */
int kill_walk(int dir_fd, kill_walk_fn fn, void *context, uint32_t *ret_n);

/* One process; 0 is one of another PID namespace. Not 0: ends it. */
typedef int (*kill_walk_pid_fn)(void *context, pid_t pid);

/* The processes of one cgroup, without those below. 0, what `fn` ended it with, or -errno. A threaded cgroup shows
 * none: they are those of the one above. */
int kill_walk_pids(int dir_fd, kill_walk_pid_fn fn, void *context);

/* The same of its threads; a threaded cgroup shows its own. */
int kill_walk_threads(int dir_fd, kill_walk_pid_fn fn, void *context);
