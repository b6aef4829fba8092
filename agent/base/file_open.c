// SPDX-License-Identifier: LGPL-2.1-or-later
// See file_open.h.
#include "agent/base/file_open.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/sys.h"
#include "agent/base/thread.h"

#define STACK_BYTES (64u * 1024)

enum { AT_WORK, OVER, LEFT };

/* Of this process: a thread that was left knows of nothing else that is still there when it ends. */
static atomic_uint n_left;

struct file_open {
	char path[FILE_OPEN_PATH_SIZE];
	int dir_fd, event_fd, flags;
	pthread_t thread;
	bool joined;
	atomic_int state; /* who comes second frees */
	int fd;		  /* what was opened; -EBADF: nothing, or it was taken */
	int result;
};

static void destroy(struct file_open *o)
{
	cleanup_close_fd(o->fd);
	cleanup_close_fd(o->event_fd);
	cleanup_close_fd(o->dir_fd);
	free(o);
}

static void *run(void *argument)
{
	struct file_open *o = argument;
	uint64_t one = 1;

	o->result = fs_open(o->dir_fd, o->path, o->flags, &o->fd);
	(void)sys_write(o->event_fd, &one, sizeof(one));
	if (atomic_exchange(&o->state, OVER) != LEFT)
		return NULL;
	destroy(o);
	(void)atomic_fetch_sub(&n_left, 1);
	return NULL;
}

int file_open_start(int dir_fd, const char *path, int flags, struct file_open **ret_open)
{
	struct file_open *o;
	int r = 0;

	if (atomic_load(&n_left) >= FILE_OPEN_LEFT_MAX)
		return -EBUSY;
	o = calloc(1, sizeof(*o));
	if (!o)
		return -ENOMEM;
	o->fd = -EBADF;
	o->flags = flags;
	o->event_fd = sys_eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (o->event_fd < 0)
		r = -errno;
	o->dir_fd = r == 0 ? sys_dup(dir_fd) : -EBADF;
	if (r == 0 && o->dir_fd < 0)
		r = -errno;
	if (strlen(path) >= sizeof(o->path))
		r = -ENAMETOOLONG;
	else
		memcpy(o->path, path, strlen(path));
	if (r == 0)
		r = thread_start("colod-open", STACK_BYTES, run, o, &o->thread);
	if (r < 0) {
		destroy(o);
		return r;
	}
	*ret_open = o;
	return 0;
}

int file_open_fd(const struct file_open *o)
{
	return o->event_fd;
}

int file_open_take(struct file_open *o, int *ret_fd)
{
	if (!o->joined)
		(void)pthread_join(o->thread, NULL);
	o->joined = true;
	if (o->result == 0)
		*ret_fd = TAKE_FD(o->fd);
	return o->result;
}

void file_open_free(struct file_open *o)
{
	pthread_t thread;

	if (!o)
		return;
	thread = o->thread;
	/* First, so that the thread never takes away what was not added. */
	(void)atomic_fetch_add(&n_left, 1);
	if (o->joined || atomic_exchange(&o->state, LEFT) == OVER) {
		if (!o->joined)
			(void)pthread_join(thread, NULL);
		destroy(o);
		(void)atomic_fetch_sub(&n_left, 1);
		return;
	}
	(void)pthread_detach(thread);
}
