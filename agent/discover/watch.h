// SPDX-License-Identifier: LGPL-2.1-or-later
// inotify on cgroup directories: who says that a child cgroup came or went; and on single knob files:
// that somebody wrote. Only the parent's watch tells of an end: 6.1 and 6.12 say nothing on a
// directory or a file that is itself removed, so the caller removes those watches.
#pragma once

#include <stdbool.h>

struct watch;

/* What a watch is for: a directory's children, or else the caller's number of a file. */
#define WATCH_CHILDREN (-1)

typedef void (*watch_fn)(void *context, void *key, int what);

/* What a watch is for is an opaque key. -errno when there is no inotify. */
int watch_new(struct watch **ret_watch);
void watch_free(struct watch *watch);
int watch_fd(const struct watch *watch);

/* Watches the directory behind `dirfd`. The caller lists the directory after this, not before, so
 * that no child is missed. *ret_wd is positive. -ENOSPC: the user's inotify watches are used up. */
int watch_add(struct watch *watch, int dirfd, void *key, int *ret_wd);

/* Watches writes to the file `name` in that directory; on_change() is called with `what` (not
 * negative). Not a whole directory of files: the kernel's own memory.events would wake the agent. The
 * caller reads the file after this, so that no write is missed. Errors as above; -ENOENT without it. */
int watch_add_file(struct watch *watch, int dirfd, const char *name, void *key, int what,
		   int *ret_wd);

/* Ends a watch; one that the kernel has dropped already is fine. */
void watch_remove(struct watch *watch, int wd);

/* Reads all events that wait and calls on_change(context, key, what) for each directory whose
 * subdirectories changed and each file that was written (perhaps several times for one). Allocates
 * nothing. 1 when events were lost, or so many wait that a full rescan is cheaper: everything must be
 * looked at; 0; or -errno. */
int watch_drain(struct watch *watch, watch_fn on_change, void *context);
