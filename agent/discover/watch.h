// SPDX-License-Identifier: LGPL-2.1-or-later
// inotify on cgroup directories: who says that a child cgroup came or went. Only the parent's
// watch counts: 6.1 and 6.12 say nothing on a directory that is itself removed.
#pragma once

#include <stdbool.h>

struct watch;

/* What a watch is for is an opaque key. -errno when there is no inotify. */
int watch_new(struct watch **ret_watch);
void watch_free(struct watch *watch);
int watch_fd(const struct watch *watch);

/* Watches the directory behind `dirfd`. The caller lists the directory after this, not before, so
 * that no child is missed. *ret_wd is positive. -ENOSPC: the user's inotify watches are used up. */
int watch_add(struct watch *watch, int dirfd, void *key, int *ret_wd);

/* Ends a watch; one that the kernel has dropped already is fine. */
void watch_remove(struct watch *watch, int wd);

/* Reads all events that wait and calls on_change(context, key) for each directory whose
 * subdirectories changed (perhaps several times for one). Allocates nothing. 1 when events were lost, or so many wait
 * that a full rescan is cheaper: everything must be looked at; 0; or -errno. */
int watch_drain(struct watch *watch, void (*on_change)(void *context, void *key), void *context);
