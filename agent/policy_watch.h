// SPDX-License-Identifier: LGPL-2.1-or-later
// Notices that policy files changed, so that nobody has to ask for a reload. Looks once a second, at
// times and sizes alone, and waits until what changes has come to rest.
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Starts zeroed. */
struct policy_watch {
	uint64_t loaded; /* what the files were when they were last read; 0: not looked at yet */
	uint64_t seen;	 /* and at the last look */
	int64_t looked_us;
};

/* The files are being read now. */
void policy_watch_loaded(struct policy_watch *watch, int root_fd);

/* Whether they differ from what was read, and have been the same for a second. */
bool policy_watch_changed(struct policy_watch *watch, int root_fd, int64_t now_us);
