// SPDX-License-Identifier: LGPL-2.1-or-later
// See fd_reserve.h.
#include "agent/base/fd_reserve.h"

#include <errno.h>
#include <fcntl.h>

#include "agent/base/cleanup.h"

void fd_reserve_fill(struct fd_reserve *reserve, int fd)
{
	for (int i = 0; i < FD_RESERVE_SIZE; i++) {
		int copy;

		if (reserve->fds[i] >= 0)
			continue;
		copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		reserve->fds[i] = copy < 0 ? -EBADF : copy;
	}
}

void fd_reserve_lend(struct fd_reserve *reserve)
{
	for (int i = 0; i < FD_RESERVE_SIZE; i++)
		reserve->fds[i] = cleanup_close_fd(reserve->fds[i]);
}
