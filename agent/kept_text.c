// SPDX-License-Identifier: LGPL-2.1-or-later
// See kept_text.h.
#include "agent/kept_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/kept_end.h"
#include "agent/base/log.h"
#include "agent/base/sys.h"
#include "agent/base/thread.h"

#define DIRECTORY "var/lib/colod"
#define STACK_BYTES (64u * 1024)
/* At the end, for a disk that is slow; what does not get there in time is at most what a kill would lose. */
#define STOP_WAIT_S 2

static int write_file(const struct kept_text *k)
{
	const struct record_buf *text = &k->text;
	_cleanup_close_ int fd = -EBADF;
	char end[KEPT_END_LEN + 1];
	int r;

	if (sys_mkdirat(k->root_fd, DIRECTORY, 0750) < 0 && errno != EEXIST)
		return -errno;
	if (k->directory && sys_mkdirat(k->root_fd, k->directory, 0750) < 0 && errno != EEXIST)
		return -errno;
	r = fs_open(k->root_fd, k->fresh, O_WRONLY | O_CREAT | O_TRUNC, &fd);
	if (r < 0)
		return r;
	kept_end_of(text->text, text->n, end);
	r = fs_write_all(fd, text->text, text->n);
	if (r == 0)
		r = fs_write_all(fd, end, KEPT_END_LEN);
	/* Else after a power cut the new name may stand for a file that is empty. */
	if (r == 0 && sys_fdatasync(fd) < 0)
		r = -errno;
	if (r == 0 && sys_renameat(k->root_fd, k->fresh, k->root_fd, k->file) < 0)
		r = -errno;
	if (r < 0)
		(void)sys_unlinkat(k->root_fd, k->fresh, 0);
	else if (k->then)
		k->then(k->context, k->root_fd);
	return r;
}

static void finish(struct kept_text *k, int result)
{
	record_buf_free(&k->text);
	k->text = (struct record_buf){0};
	if (result < 0 && !k->said)
		log_warning("kept.write", "%s cannot be kept in /%s (%s): %s. Trying again",
			    k->what, k->file, strerror(-result),
			    k->costs ? k->costs : "after a restart it is learned again");
	if (result == 0 && k->said)
		log_info("kept.write", "%s can be kept again", k->what);
	k->said = result < 0;
}

static void *run(void *argument)
{
	struct kept_text *k = argument;

	k->result = write_file(k);
	atomic_store(&k->done, true);
	return NULL;
}

void kept_text_save(struct kept_text *k)
{
	int r = k->text.failed ? -ENOMEM : 0;

	atomic_store(&k->done, false);
	if (r == 0)
		r = thread_start(k->thread, STACK_BYTES, run, k, &k->id);
	k->runs = r == 0;
	/* The thread may have said already what came of it. */
	if (r < 0) {
		k->result = r;
		finish(k, r);
	}
}

bool kept_text_busy(struct kept_text *k)
{
	if (k->runs && atomic_load(&k->done)) {
		(void)pthread_join(k->id, NULL);
		k->runs = false;
		finish(k, k->result);
	}
	return k->runs;
}

int kept_text_load(const struct kept_text *k, size_t max, char **ret_text, size_t *ret_len)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	int r = fs_read_alloc(k->root_fd, k->file, max, &text, &len);

	if (r == 0)
		r = kept_end_take(text, &len);
	if (r < 0)
		return r;
	*ret_text = TAKE_PTR(text);
	*ret_len = len;
	return 0;
}

void kept_text_say_unread(const struct kept_text *k, int result)
{
	if (result < 0 && result != -ENOENT)
		log_warning("kept.read", "%s cannot be read from /%s (%s): it is learned again",
			    k->what, k->file,
			    result == -EBADMSG
				    ? "it was cut, changed, or written by another version"
				    : strerror(-result));
}

int kept_text_open(struct kept_text *k, int root_fd)
{
	return fs_open_dir(root_fd, "", &k->root_fd);
}

/* False where the disk holds the thread for too long. */
static bool end_thread(struct kept_text *k)
{
	/* One that was waited for is not waited for again: a stop has its end. */
	k->late = !thread_join_for(k->id, k->late ? 0 : STOP_WAIT_S);
	if (k->late)
		return false;
	k->runs = false;
	finish(k, k->result);
	return true;
}

bool kept_text_wait(struct kept_text *k)
{
	return !k->runs || end_thread(k);
}

bool kept_text_close(struct kept_text *k)
{
	if (!kept_text_wait(k)) {
		/* It still uses all of this; the process ends with it. */
		(void)pthread_detach(k->id);
		log_warning("kept.write", "the disk does not take %s: what is new of that is lost",
			    k->what);
		return false;
	}
	cleanup_close_fd(k->root_fd);
	return true;
}
