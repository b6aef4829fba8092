// SPDX-License-Identifier: LGPL-2.1-or-later
// See lock.h.
#include "agent/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <time.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/sys.h"

#define TRY_MS 20

int lock_take(int state_fd, int wait_ms, int *ret_fd)
{
	static const struct timespec pause = {.tv_nsec = TRY_MS * 1000000};
	_cleanup_close_ int fd = -EBADF;
	int r = fs_open(state_fd, "lock", O_RDWR | O_CREAT, &fd);

	if (r < 0)
		return r;
	for (;; wait_ms -= TRY_MS) {
		if (sys_flock(fd, LOCK_EX | LOCK_NB) == 0)
			break;
		if (errno != EWOULDBLOCK)
			return -errno;
		if (wait_ms <= 0)
			return -EBUSY;
		(void)nanosleep(&pause, NULL);
	}
	*ret_fd = TAKE_FD(fd);
	return 0;
}
