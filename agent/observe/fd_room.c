// SPDX-License-Identifier: LGPL-2.1-or-later
// See fd_room.h.
#include "agent/observe/fd_room.h"

#include <errno.h>
#include <sys/resource.h>

#include "colod/disk.h"
#include "colod/memory_nodes.h"

/* Left for disks, triggers, inotify, the bus, and the files that discovery and apply open for a moment. */
#define RESERVED_FDS (128 + DISKS_MAX + MEMORY_NODES_MAX)

int fd_room_raise(uint64_t *ret_limit)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	if (limit.rlim_cur != limit.rlim_max) {
		struct rlimit raised = {limit.rlim_max, limit.rlim_max};

		if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
			limit = raised;
	}
	*ret_limit = limit.rlim_cur;
	return 0;
}

size_t fd_room_pods(uint64_t limit)
{
	uint64_t reserved = limit / 2 < RESERVED_FDS ? limit / 2 : RESERVED_FDS;

	return (size_t)((limit - reserved) / FD_ROOM_POD);
}
