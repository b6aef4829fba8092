// SPDX-License-Identifier: LGPL-2.1-or-later
// See credential.h.
#include "agent/base/credential.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"

int credential_read(int root_fd, const char *path, char *buf, size_t size, size_t *ret_len)
{
	_cleanup_close_ int fd = -EBADF;
	int r = fs_open_following(root_fd, path, &fd);

	return r < 0 ? r : fs_pread(fd, buf, size, ret_len);
}

/* It stands in a header line: nothing but visible characters. */
static bool is_token(const char *text)
{
	for (const char *p = text; *p; p++) {
		if (*p <= ' ' || *p > '~')
			return false;
	}
	return text[0] != '\0';
}

int credential_token(int root_fd, const char *path, char *buf, size_t size)
{
	size_t len = 0;
	int r = credential_read(root_fd, path, buf, size, &len);

	if (r < 0)
		return r;
	while (len > 0 && strchr(" \t\r\n", buf[len - 1]))
		buf[--len] = '\0';
	return is_token(buf) ? 0 : -EBADMSG;
}
