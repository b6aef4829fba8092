// SPDX-License-Identifier: LGPL-2.1-or-later
// See kept_file.h.
#include "agent/observe/kept_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/fs.h"
#include "agent/base/log.h"
#include "agent/base/sys.h"
#include "policy/kernel_text.h"

int kept_file_open(int dirfd, const char *name, int *fd)
{
	return *fd >= 0 ? 0 : fs_open(dirfd, name, O_RDONLY, fd);
}

/* One pread; the length that was read, or -errno. */
static ssize_t read_start(struct kept_reader *reader, int fd)
{
	ssize_t n;

	do {
		reader->n_reads++;
		n = sys_pread(fd, reader->text, sizeof(reader->text) - 1, 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	reader->text[n] = '\0';
	return n;
}

int kept_file_read(struct kept_reader *reader, int fd)
{
	ssize_t n = read_start(reader, fd);

	if (n < 0)
		return (int)n;
	if ((size_t)n == sizeof(reader->text) - 1)
		return -EFBIG;
	/* What does not end its last line was cut short, and maybe in a number. */
	return n == 0 || reader->text[n - 1] == '\n' ? 0 : -EBADMSG;
}

int kept_file_read_head(struct kept_reader *reader, int fd)
{
	ssize_t n = read_start(reader, fd);
	char *end;

	if (n < 0)
		return (int)n;
	if (n == 0)
		return 0;
	end = strrchr(reader->text, '\n');
	if (!end)
		return (size_t)n == sizeof(reader->text) - 1 ? -EFBIG : -EBADMSG;
	end[1] = '\0';
	return 0;
}

bool kept_file_is_absent(int error)
{
	return error == -ENOENT || error == -ENOTDIR || error == -ENODEV || error == -EOPNOTSUPP;
}

void kept_file_say(struct kept_reader *reader, const char *where, const char *what, int error)
{
	if (reader->said || kept_file_is_absent(error))
		return;
	reader->said = true;
	log_warning("observe.file",
		    "cannot use %s/%s: %s. What it tells is missing; other files with such a fault "
		    "are not named",
		    where, what,
		    error == -EBADMSG ? "its text is not as expected" : strerror(-error));
}

int kept_file_parsed(int parsed)
{
	return parsed < 0 ? -EBADMSG : 0;
}

int kept_file_psi(struct kept_reader *reader, int fd, struct psi_total *ret_psi)
{
	int r = kept_file_read(reader, fd);

	return r < 0 ? r : kept_file_parsed(kernel_text_psi(reader->text, ret_psi));
}
