// SPDX-License-Identifier: LGPL-2.1-or-later
// See net_file.h.
#include "agent/apply/net_file.h"

#include <errno.h>
#include <fcntl.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/sys.h"

int net_file_put(int state_fd)
{
	static const char text[] = "colod has classes and marks in the network\n";
	_cleanup_close_ int fd = -EBADF;
	int r = fs_open(state_fd, NET_FILE, O_WRONLY | O_CREAT | O_TRUNC, &fd);

	return r < 0 ? r : fs_write_all(fd, text, sizeof(text) - 1);
}

int net_file_remove(int state_fd)
{
	return sys_unlinkat(state_fd, NET_FILE, 0) < 0 && errno != ENOENT ? -errno : 0;
}

bool net_file_may_be(int state_fd)
{
	return fs_exists(state_fd, NET_FILE) != 0;
}

bool net_file_is_here(int state_fd)
{
	_cleanup_close_ int root_fd = -EBADF;
	uint64_t file = 0, here = 0;

	/* Below the root, wherever this program was called. */
	return state_fd >= 0 && fs_inode(state_fd, NET_FILE, &file) == 0 &&
	       fs_open_root("/", &root_fd) == 0 &&
	       fs_inode(root_fd, "run/colod/" NET_FILE, &here) == 0 && file == here;
}
