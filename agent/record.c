// SPDX-License-Identifier: LGPL-2.1-or-later
// See record.h. Two texts: the loop fills one while a thread writes the other, so that a slow disk
// delays no pass. Only whole passes are handed over, and what was written of one that did not fit on
// the disk is cut off again.
#include "agent/record.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/log.h"
#include "agent/base/sys.h"
#include "agent/base/thread.h"
#include "policy/record_write.h"

/* More than this is waiting only where the disk does not keep up at all. */
#define WAITING_MAX (16u * 1024 * 1024)
/* The thread calls write() and nothing else; the default of 8 MiB would be locked memory. */
#define STACK_BYTES (64u * 1024)

struct record {
	const char *path;
	uint64_t max_bytes;
	uint64_t handed_bytes; /* to the thread, since the start */
	struct record_writer *writer;
	struct record_buf text; /* the loop's */
	bool ended;

	int fd;
	pthread_t thread;
	bool runs;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct record_buf writing; /* the thread's while it is not empty */
	bool stop;
	int error; /* of the thread */
};

static void *run(void *argument)
{
	struct record *r = argument;
	off_t good = 0;

	(void)pthread_mutex_lock(&r->lock);
	for (;;) {
		int error;

		while (r->writing.n == 0 && !r->stop)
			(void)pthread_cond_wait(&r->more, &r->lock);
		if (r->writing.n == 0)
			break;
		(void)pthread_mutex_unlock(&r->lock);
		error = fs_write_all(r->fd, r->writing.text, r->writing.n);
		if (error < 0)
			(void)sys_ftruncate(r->fd, good);
		else
			good += (off_t)r->writing.n;
		(void)pthread_mutex_lock(&r->lock);
		r->writing.n = 0;
		if (error < 0) {
			r->error = error;
			break;
		}
	}
	(void)pthread_mutex_unlock(&r->lock);
	return NULL;
}

static int start_thread(struct record *r)
{
	int error = thread_start("colod-record", STACK_BYTES, run, r, &r->thread);

	r->runs = error == 0;
	return error;
}

static int start(struct record *r, const struct options *o)
{
	struct record_names names;
	int error;

	if (o->record_pseudonyms && getrandom(&names, sizeof(names), 0) != sizeof(names))
		return -EIO;
	error = record_writer_new(o->record_pseudonyms ? &names : NULL, &r->writer);
	if (error < 0)
		return error;
	r->fd = sys_openat(AT_FDCWD, o->record_file,
			   O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (r->fd < 0)
		return -errno;
	error = start_thread(r);
	if (error < 0)
		(void)sys_unlinkat(AT_FDCWD, o->record_file, 0);
	return error;
}

struct record *record_open(const struct options *o)
{
	struct record *r;
	int error = -ENOMEM;

	if (!o->record_file)
		return NULL;
	r = calloc(1, sizeof(*r));
	if (r) {
		r->path = o->record_file;
		r->max_bytes = o->record_max_bytes;
		r->fd = -EBADF;
		(void)pthread_mutex_init(&r->lock, NULL);
		(void)pthread_cond_init(&r->more, NULL);
		error = start(r, o);
	}
	if (error < 0) {
		log_warning("record.open", "nothing is recorded: %s: %s", o->record_file,
			    error == -EEXIST ? "it is there already, and no record is overwritten. "
					       "Move it away, or name another file"
					     : strerror(-error));
		record_close(r);
		return NULL;
	}
	record_writer_begin(r->writer, COLOD_VERSION, true, &r->text);
	log_notice("record.open", "recording into %s, at most %llu MiB%s", r->path,
		   (unsigned long long)(r->max_bytes >> 20),
		   o->record_pseudonyms ? ", names replaced" : "");
	return r;
}

/* What was recorded so far stays. */
static void end(struct record *r, const char *why)
{
	r->ended = true;
	log_warning("record.end", "recording into %s has ended: %s. The record can be replayed",
		    r->path, why);
}

void record_policy(struct record *r, const struct policy_source *sources, size_t n)
{
	int error;

	if (!r || r->ended)
		return;
	error = record_writer_policy(r->writer, sources, n, &r->text);
	if (error == -EINVAL)
		end(r, "the names in the policy cannot be replaced");
	else if (error < 0)
		end(r, "no memory");
}

void record_pass(struct record *r, const struct record_pass *pass)
{
	size_t before;

	if (!r || r->ended)
		return;
	before = r->text.n;
	if (record_writer_pass(r->writer, pass, &r->text) < 0) {
		end(r, "no memory");
	} else if (r->handed_bytes + r->text.n > r->max_bytes) {
		r->text.n = before;
		end(r, "it is as large as --record-max allows");
	} else if (r->text.n > WAITING_MAX) {
		end(r, "the disk is too slow");
	}
}

void record_flush(struct record *r)
{
	struct record_buf empty;
	int error;

	if (!r || r->text.n == 0)
		return;
	(void)pthread_mutex_lock(&r->lock);
	error = r->error;
	if (error == 0 && r->writing.n == 0) {
		empty = r->writing;
		r->writing = r->text;
		r->text = empty;
		r->handed_bytes += r->writing.n;
		(void)pthread_cond_signal(&r->more);
	}
	(void)pthread_mutex_unlock(&r->lock);
	if (error == 0)
		return;
	r->text.n = 0;
	if (!r->ended)
		end(r, strerror(-error));
}

void record_close(struct record *r)
{
	if (!r)
		return;
	if (r->runs) {
		(void)pthread_mutex_lock(&r->lock);
		r->stop = true;
		(void)pthread_cond_signal(&r->more);
		(void)pthread_mutex_unlock(&r->lock);
		(void)pthread_join(r->thread, NULL);
		/* What the thread did not take any more. */
		if (r->error == 0 && r->text.n > 0)
			(void)fs_write_all(r->fd, r->text.text, r->text.n);
	}
	(void)pthread_cond_destroy(&r->more);
	(void)pthread_mutex_destroy(&r->lock);
	cleanup_close_fd(r->fd);
	record_writer_free(r->writer);
	record_buf_free(&r->text);
	record_buf_free(&r->writing);
	free(r);
}
