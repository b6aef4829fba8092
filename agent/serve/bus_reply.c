// SPDX-License-Identifier: LGPL-2.1-or-later
// See bus_reply.h.
#include "agent/serve/bus_reply.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "agent/base/sys.h"

static int sealed_fd(const char *name, const char *text, int *ret_fd)
{
	_cleanup_close_ int fd = sys_memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	size_t len = strlen(text);

	if (fd < 0)
		return -errno;
	for (size_t done = 0; done < len;) {
		ssize_t n = sys_write(fd, text + done, len - done);

		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	if (lseek(fd, 0, SEEK_SET) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		return -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int bus_reply_json(sd_bus_message *call, const char *name, cJSON *json)
{
	_cleanup_close_ int fd = -EBADF;
	_cleanup_free_ char *text = json ? cJSON_PrintUnformatted(json) : NULL;
	int r;

	cJSON_Delete(json);
	if (!text)
		return -ENOMEM;
	r = sealed_fd(name, text, &fd);
	return r < 0 ? r : sys_bus(sd_bus_reply_method_return(call, "h", fd));
}
