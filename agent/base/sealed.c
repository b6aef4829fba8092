// SPDX-License-Identifier: LGPL-2.1-or-later
// See sealed.h.
#include "agent/base/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/sys.h"

int sealed_end(int fd)
{
	if (lseek(fd, 0, SEEK_SET) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		return -errno;
	return 0;
}

int sealed_new(const char *name, const char *text, size_t len, int *ret_fd)
{
	_cleanup_close_ int fd = sys_memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r;

	if (fd < 0)
		return -errno;
	r = fs_write_all(fd, text, len);
	if (r == 0)
		r = sealed_end(fd);
	if (r == 0)
		*ret_fd = TAKE_FD(fd);
	return r;
}
