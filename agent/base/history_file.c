// SPDX-License-Identifier: LGPL-2.1-or-later
// See history_file.h.
#include "agent/base/history_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/history_text.h"
#include "agent/base/sys.h"

#define DIRECTORY "var/lib/colod"

int history_file_open(struct history_file *f, int root_fd)
{
	*f = HISTORY_FILE_NONE;
	return fs_open_dir(root_fd, "", &f->root_fd);
}

void history_file_close(struct history_file *f)
{
	f->fd = cleanup_close_fd(f->fd);
	f->dir_fd = cleanup_close_fd(f->dir_fd);
	f->root_fd = cleanup_close_fd(f->root_fd);
}

/* When it is needed: what could not be made at the start may be made later. */
static int open_directory(struct history_file *f, bool make)
{
	if (f->dir_fd >= 0)
		return 0;
	if (make && sys_mkdirat(f->root_fd, DIRECTORY, 0750) < 0 && errno != EEXIST)
		return -errno;
	return fs_open_dir(f->root_fd, DIRECTORY, &f->dir_fd);
}

static int read_at(int fd, off_t from, char *buf, size_t size, size_t *ret_len)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = sys_pread(fd, buf + len, size - len, from + (off_t)len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	*ret_len = len;
	return 0;
}

/* The end of a file, from the begin of a line on where it is too large as a whole. */
static int read_end(int dir_fd, const char *name, char *buf, size_t *ret_from, size_t *ret_len)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st;
	size_t len = 0;
	int r = fs_open(dir_fd, name, O_RDONLY, &fd);
	bool whole;

	if (r < 0)
		return r;
	if (sys_fstat(fd, &st) < 0)
		return -errno;
	whole = st.st_size <= (off_t)HISTORY_FILE_BYTES;
	r = read_at(fd, whole ? 0 : st.st_size - (off_t)HISTORY_FILE_BYTES, buf, HISTORY_FILE_BYTES,
		    &len);
	if (r < 0)
		return r;
	*ret_from = 0;
	*ret_len = len;
	if (!whole) {
		const char *newline = memchr(buf, '\n', len);

		*ret_from = newline ? (size_t)(newline - buf) + 1 : len;
	}
	return 0;
}

static int load_one(struct history_file *f, const char *name, char *buf, history_file_fn fn,
		    void *context, struct history_found *found)
{
	struct history_record record;
	size_t from = 0, len = 0;
	int r = open_directory(f, false);

	if (r == 0)
		r = read_end(f->dir_fd, name, buf, &from, &len);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	found->torn = false;
	while (from < len) {
		const char *line = buf + from, *newline = memchr(line, '\n', len - from);
		size_t n = newline ? (size_t)(newline - line) : len - from;

		if (!newline)
			found->torn = true;
		else if (history_text_parse(line, n, &record) < 0)
			found->n_bad++;
		else
			fn(context, &record, line, n + 1);
		from += n + 1;
	}
	return 0;
}

void history_file_load(struct history_file *f, history_file_fn fn, void *context,
		       struct history_found *ret_found)
{
	_cleanup_free_ char *buf = malloc(HISTORY_FILE_BYTES);
	struct history_found found = {0};
	int r = -ENOMEM, r2 = -ENOMEM;

	if (buf) {
		r = load_one(f, HISTORY_FILE_OLD, buf, fn, context, &found);
		r2 = load_one(f, HISTORY_FILE, buf, fn, context, &found);
	}
	found.error = r < 0 ? r : r2;
	*ret_found = found;
}

/* A line that was cut by a kill would garble the one that is appended to it. */
static int cut_torn_end(struct history_file *f)
{
	char end[HISTORY_TEXT_SIZE];
	size_t size = f->n_bytes < sizeof(end) ? (size_t)f->n_bytes : sizeof(end), len = 0;
	const char *newline;
	int r = read_at(f->fd, (off_t)(f->n_bytes - size), end, size, &len);

	if (r < 0)
		return r;
	if (len == 0 || end[len - 1] == '\n')
		return 0;
	newline = memrchr(end, '\n', len);
	f->n_bytes -= newline ? len - (size_t)(newline - end) - 1 : len;
	return sys_ftruncate(f->fd, (off_t)f->n_bytes) < 0 ? -errno : 0;
}

static int open_to_append(struct history_file *f)
{
	struct stat st;
	int r = open_directory(f, true);

	if (r == 0)
		r = fs_open(f->dir_fd, HISTORY_FILE, O_RDWR | O_CREAT | O_APPEND, &f->fd);
	if (r < 0)
		return r;
	if (sys_fstat(f->fd, &st) < 0)
		return -errno;
	f->n_bytes = (uint64_t)st.st_size;
	return cut_torn_end(f);
}

/* Deleted by somebody: the next one is a new file. */
static bool is_deleted(const struct history_file *f)
{
	struct stat st;

	return sys_fstat(f->fd, &st) == 0 && st.st_nlink == 0;
}

/* The file with room for `len` bytes. */
static int prepare(struct history_file *f, size_t len)
{
	int r = 0;

	if (f->fd >= 0 && is_deleted(f))
		f->fd = cleanup_close_fd(f->fd);
	if (f->fd < 0)
		r = open_to_append(f);
	if (r < 0 || f->n_bytes == 0 || f->n_bytes + len <= HISTORY_FILE_BYTES)
		return r;
	if (sys_renameat(f->dir_fd, HISTORY_FILE, f->dir_fd, HISTORY_FILE_OLD) < 0)
		return -errno;
	f->fd = cleanup_close_fd(f->fd);
	return open_to_append(f);
}

int history_file_append(struct history_file *f, const char *lines, size_t len)
{
	ssize_t n;
	int r = prepare(f, len);

	if (r < 0) {
		f->fd = cleanup_close_fd(f->fd);
		return r;
	}
	n = sys_write(f->fd, lines, len);
	if (n == (ssize_t)len) {
		f->n_bytes += len;
		return 0;
	}
	r = n < 0 ? -errno : -ENOSPC;
	/* What was cut is taken back now, or when the file is opened again. */
	if (n > 0 && sys_ftruncate(f->fd, (off_t)f->n_bytes) < 0)
		f->fd = cleanup_close_fd(f->fd);
	return r;
}
