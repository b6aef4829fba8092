// SPDX-License-Identifier: LGPL-2.1-or-later
// See journal.h. An entry is a datagram of lines NAME=VALUE; a value with a newline would need another
// form, so newlines become blanks.
#include "agent/base/journal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "agent/base/sys.h"

#define SOCKET_PATH "/run/systemd/journal/socket"
#define ENTRY_SIZE 8192

static int journal_fd = -EBADF;

static bool is_stderr(const char *stream)
{
	uintmax_t device, inode;
	struct stat st;
	char end;

	return stream && sscanf(stream, "%ju:%ju%c", &device, &inode, &end) == 2 &&
	       sys_fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

bool journal_open(void)
{
	const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = SOCKET_PATH};
	_cleanup_close_ int fd = -EBADF;

	journal_close();
	if (!is_stderr(getenv("JOURNAL_STREAM")))
		return false;
	fd = sys_socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || sys_connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return false;
	journal_fd = TAKE_FD(fd);
	return true;
}

void journal_close(void)
{
	journal_fd = cleanup_close_fd(journal_fd);
}

/* False where the field does not fit. */
static bool put(char *entry, size_t *len, const struct journal_field *field)
{
	size_t name = strlen(field->name), value = strlen(field->value);
	char *p = entry + *len;

	if (value == 0)
		return true;
	if (name + value + 2 > ENTRY_SIZE - *len)
		return false;
	memcpy(p, field->name, name);
	p[name] = '=';
	memcpy(p + name + 1, field->value, value);
	for (char *c = p + name + 1; c < p + name + 1 + value; c++)
		if (*c == '\n')
			*c = ' ';
	p[name + 1 + value] = '\n';
	*len += name + value + 2;
	return true;
}

bool journal_send(const struct journal_field *fields, size_t n)
{
	char entry[ENTRY_SIZE];
	size_t len = 0;

	if (journal_fd < 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!put(entry, &len, &fields[i]))
			return false;
	/* A journal that was restarted is at another end of the same path. */
	if (sys_fault(SYS_WRITE, SOCKET_PATH) == 0 &&
	    send(journal_fd, entry, len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len)
		return true;
	if (errno == ECONNREFUSED || errno == ENOTCONN)
		return journal_open() &&
		       send(journal_fd, entry, len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len;
	return false;
}
