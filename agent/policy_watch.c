// SPDX-License-Identifier: LGPL-2.1-or-later
// See policy_watch.h.
#include "agent/policy_watch.h"

#include <string.h>

#include "agent/policy_files.h"

#define LOOK_US 900000

void policy_watch_loaded(struct policy_watch *watch, int root_fd)
{
	watch->loaded = watch->seen = policy_files_stamp(root_fd);
}

bool policy_watch_changed(struct policy_watch *watch, int root_fd, int64_t now_us)
{
	uint64_t now, before = watch->seen;

	if (watch->loaded == 0 || now_us - watch->looked_us < LOOK_US)
		return false;
	watch->looked_us = now_us;
	now = policy_files_stamp(root_fd);
	watch->seen = now;
	/* An editor may still be writing: the next look tells. */
	return now != watch->loaded && now == before;
}
