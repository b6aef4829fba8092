// SPDX-License-Identifier: LGPL-2.1-or-later
// See boot_id.h.
#include "agent/base/boot_id.h"

#include <stdio.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"

void boot_id_read(char *buf, size_t size)
{
	_cleanup_close_ int fd = -EBADF;

	if (fs_open_root("/", &fd) < 0 ||
	    fs_read(fd, "proc/sys/kernel/random/boot_id", buf, size, NULL) < 0)
		(void)snprintf(buf, size, BOOT_ID_UNKNOWN);
	buf[strcspn(buf, " \n")] = '\0';
}

bool boot_id_is_same(const char *a, const char *b)
{
	return strcmp(a, b) == 0 || strcmp(a, BOOT_ID_UNKNOWN) == 0 ||
	       strcmp(b, BOOT_ID_UNKNOWN) == 0;
}
