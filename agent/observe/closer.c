// SPDX-License-Identifier: LGPL-2.1-or-later
// See closer.h.
#include "agent/observe/closer.h"

#include <signal.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "agent/base/sys.h"

static void *run(void *argument)
{
	struct closer *c = argument;

	(void)pthread_mutex_lock(&c->lock);
	for (;;) {
		int fd;

		while (c->n == 0 && !c->ends)
			(void)pthread_cond_wait(&c->more, &c->lock);
		if (c->n == 0)
			break;
		fd = c->fds[--c->n];
		(void)pthread_mutex_unlock(&c->lock);
		cleanup_close_fd(fd);
		(void)pthread_mutex_lock(&c->lock);
	}
	(void)pthread_mutex_unlock(&c->lock);
	return NULL;
}

void closer_init(struct closer *c)
{
	*c = (struct closer){0};
	(void)pthread_mutex_init(&c->lock, NULL);
	(void)pthread_cond_init(&c->more, NULL);
}

/* Signals are the loop's: the thread must not take one from it. */
static bool start(struct closer *c)
{
	sigset_t all, saved;

	if (c->runs)
		return true;
	sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &saved) != 0)
		return false;
	c->runs = sys_fault(SYS_THREAD, NULL) == 0 && pthread_create(&c->thread, NULL, run, c) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &saved, NULL);
	return c->runs;
}

void closer_close(struct closer *c, int fd)
{
	bool taken = false;

	if (start(c)) {
		(void)pthread_mutex_lock(&c->lock);
		taken = c->n < CLOSER_MAX;
		if (taken) {
			c->fds[c->n++] = fd;
			(void)pthread_cond_signal(&c->more);
		}
		(void)pthread_mutex_unlock(&c->lock);
	}
	if (!taken)
		cleanup_close_fd(fd);
}

void closer_done(struct closer *c)
{
	if (c->runs) {
		(void)pthread_mutex_lock(&c->lock);
		c->ends = true;
		(void)pthread_cond_signal(&c->more);
		(void)pthread_mutex_unlock(&c->lock);
		(void)pthread_join(c->thread, NULL);
	}
	(void)pthread_cond_destroy(&c->more);
	(void)pthread_mutex_destroy(&c->lock);
}
