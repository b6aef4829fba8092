// SPDX-License-Identifier: LGPL-2.1-or-later
// Tells at once when the kill switch, /etc/colod/disable, may have come or gone. Only wakes the loop:
// whether the file is there is looked up in the pass, which also finds what this misses.
#pragma once

#include <stdbool.h>

struct disable_watch {
	int fd; /* inotify, for the event loop; -EBADF: not watched */
	int root_fd;
	int folder_wd; /* of etc/colod, -1 while there is none */
	int parent_wd; /* of etc, only while there is no etc/colod; else -1 */
};

/* 0 or -errno (then fd is -EBADF and nothing is watched). `root_fd` is borrowed. */
int disable_watch_start(struct disable_watch *watch, int root_fd);
void disable_watch_stop(struct disable_watch *watch);

/* Takes what has happened. True where a pass should look; other files of the two folders are no
 * reason. */
bool disable_watch_take(struct disable_watch *watch);
