// SPDX-License-Identifier: LGPL-2.1-or-later
// See originals_file.h. A line is appended with one write(2); where that is cut (no space), the
// file is cut back to what it was.
#include "agent/apply/originals_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/sys.h"

/* Lines are gathered up to this much. On the stack, as every buffer here: a record must be possible
 * when there is no memory to be had. */
#define BUFFER_SIZE (2 * ORIGINALS_LINE_SIZE)

/* A file being written, in large pieces. */
struct output {
	int fd;
	size_t len;
	uint64_t n_bytes;
	char buf[BUFFER_SIZE];
};

static int flush(struct output *out)
{
	for (size_t done = 0; done < out->len;) {
		ssize_t n = sys_write(out->fd, out->buf + done, out->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		done += (size_t)n;
	}
	out->n_bytes += out->len;
	out->len = 0;
	return 0;
}

static int put_line(struct output *out, const struct originals_line *line)
{
	size_t len = 0;
	int r;

	if (BUFFER_SIZE - out->len < ORIGINALS_LINE_SIZE) {
		r = flush(out);
		if (r < 0)
			return r;
	}
	r = originals_text_format(line, out->buf + out->len, &len);
	if (r == 0)
		out->len += len;
	return r;
}

static int put_all(const struct originals *o, struct output *out, struct originals_line *line)
{
	int r;

	line->kind = ORIGINALS_HEADER;
	memcpy(line->boot_id, o->boot_id, sizeof(line->boot_id));
	r = put_line(out, line);
	for (size_t i = 0; i < o->n_buckets && r == 0; i++) {
		for (const struct original *at = o->buckets[i]; at && r == 0; at = at->next) {
			line->kind = ORIGINALS_OWN;
			line->inode = at->inode;
			line->knob = at->knob;
			line->held = at->held;
			line->since_us = at->since_us;
			line->owner = at->owner;
			line->original = at->original;
			line->written = at->written;
			line->previous = at->previous;
			(void)snprintf(line->path, sizeof(line->path), "%s", at->path);
			r = put_line(out, line);
		}
	}
	return r < 0 ? r : flush(out);
}

static int write_new(const struct originals *o, int *ret_fd, uint64_t *ret_bytes)
{
	struct originals_line line = {0};
	_cleanup_close_ int fd = -EBADF;
	struct output out;
	int r;

	r = fs_open(o->dir_fd, ORIGINALS_FILE_NEW, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, &fd);
	if (r < 0)
		return r;
	out.fd = fd;
	out.len = 0;
	out.n_bytes = 0;
	r = put_all(o, &out, &line);
	if (r == 0 && sys_renameat(o->dir_fd, ORIGINALS_FILE_NEW, o->dir_fd, ORIGINALS_FILE) < 0)
		r = -errno;
	if (r < 0) {
		(void)sys_unlinkat(o->dir_fd, ORIGINALS_FILE_NEW, 0);
		return r;
	}
	*ret_bytes = out.n_bytes;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int originals_file_rewrite(struct originals *o)
{
	uint64_t n_bytes = 0;
	int fd = -EBADF;
	int r = write_new(o, &fd, &n_bytes);

	if (r < 0)
		return r;
	cleanup_close_fd(o->fd);
	o->fd = fd;
	o->n_bytes = n_bytes;
	o->n_lines = o->n + 1;
	o->broken = false;
	return 0;
}

int originals_file_append(struct originals *o, const struct originals_line *line)
{
	char text[ORIGINALS_LINE_SIZE];
	size_t len = 0;
	ssize_t n;
	int r = originals_text_format(line, text, &len);

	if (r < 0)
		return r;
	if (o->n_bytes + len > ORIGINALS_MAX_BYTES)
		return -EFBIG;
	do
		n = sys_write(o->fd, text, len);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)len) {
		o->n_bytes += len;
		o->n_lines++;
		return 0;
	}
	r = n < 0 ? -errno : -ENOSPC;
	/* The next line must not be glued to what there is of this one. */
	if (n > 0 && sys_ftruncate(o->fd, (off_t)o->n_bytes) < 0)
		o->broken = true;
	return r;
}

int originals_file_delete(struct originals *o)
{
	o->fd = cleanup_close_fd(o->fd);
	o->n_bytes = 0;
	o->n_lines = 0;
	o->broken = false;
	if (sys_unlinkat(o->dir_fd, ORIGINALS_FILE, 0) < 0 && errno != ENOENT)
		return -errno;
	return 0;
}

/* The damaged file under another name; the rewrite that follows replaces the first one. */
static bool keep_aside(const struct originals *o)
{
	(void)sys_unlinkat(o->dir_fd, ORIGINALS_FILE_BAD, 0);
	return sys_linkat(o->dir_fd, ORIGINALS_FILE, o->dir_fd, ORIGINALS_FILE_BAD, 0) == 0;
}

static int open_file(struct originals *o)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st;
	int r = fs_open(o->dir_fd, ORIGINALS_FILE, O_WRONLY | O_APPEND, &fd);

	if (r < 0)
		return r;
	if (sys_fstat(fd, &st) < 0)
		return -errno;
	o->n_bytes = (uint64_t)st.st_size;
	o->fd = TAKE_FD(fd);
	return 0;
}

int originals_file_load(struct originals *o, struct originals_found *ret_found)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	int r = fs_read_alloc(o->dir_fd, ORIGINALS_FILE, ORIGINALS_MAX_BYTES, &text, &len);

	if (r == -ENOENT)
		return 0;
	if (r == -EFBIG)
		ret_found->n_bad = 1;
	else if (r < 0)
		return r;
	else
		r = originals_parse(o, text, len, ret_found);
	if (r == -ENOMEM)
		return r;
	if (ret_found->n_bad > 0)
		ret_found->bad_kept = keep_aside(o);
	if (ret_found->n_bad == 0 && !ret_found->torn && !ret_found->other_boot && o->n > 0)
		return open_file(o);
	/* A disk that is full must not keep colod from restoring what it has just read. */
	if (originals_compact(o) < 0)
		o->broken = true;
	return 0;
}
