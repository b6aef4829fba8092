// SPDX-License-Identifier: LGPL-2.1-or-later
// See task_jobs.h. A ring of jobs: those up to `done` have ended, those up to `n` wait, in their order.
#include "agent/apply/task_jobs.h"

#include <errno.h>
#include <linux/capability.h>
#include <pthread.h>
#include <stdlib.h>

#include "agent/base/cleanup.h"
#include "agent/base/log.h"
#include "agent/base/memory_lock.h"
#include "agent/base/sys.h"
#include "agent/base/thread.h"

/* A walk of KILL_WALK_DEPTH levels, and the largest of what is read. */
#define STACK_BYTES (256u << 10)

struct task_jobs {
	int root_fd;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock;
	pthread_cond_t more;
	bool ends;
	struct task_jobs_done ring[TASK_JOBS_MAX];
	unsigned first; /* the oldest */
	unsigned n;	/* all of them */
	unsigned done;	/* of those: ended */
};

static struct task_jobs_done *at(struct task_jobs *s, unsigned i)
{
	return &s->ring[(s->first + i) % TASK_JOBS_MAX];
}

static void act(const struct task_jobs *s, struct task_jobs_done *d)
{
	struct task_jobs_job *job = &d->job;
	const struct task_walk_place place = {
		.attr = job->attr,
		.root_fd = s->root_fd,
		.dir_fd = job->dir_fd,
		.path = job->path,
	};

	switch (job->act) {
	case TASK_JOBS_LOOK:
		d->result = task_walk_look(&place, &d->seen);
		break;
	case TASK_JOBS_CHANGE:
		d->result = task_walk_change(&place, job->from, job->to, job->first, &d->seen);
		break;
	case TASK_JOBS_CHANGE_ALL:
		d->result = task_walk_change_all(&place, job->from, job->to, &d->seen);
		break;
	}
	job->dir_fd = cleanup_close_fd(job->dir_fd);
}

static void *run(void *argument)
{
	struct task_jobs *s = argument;

	memory_lock_touch_stack(STACK_BYTES / 2);
	if (sys_drop_capability(CAP_SYS_RESOURCE) < 0)
		log_debug("tasks.thread", "the thread keeps CAP_SYS_RESOURCE");
	(void)pthread_mutex_lock(&s->lock);
	while (!s->ends) {
		struct task_jobs_done *d = at(s, s->done);

		if (s->done == s->n) {
			(void)pthread_cond_wait(&s->more, &s->lock);
			continue;
		}
		(void)pthread_mutex_unlock(&s->lock);
		act(s, d);
		(void)pthread_mutex_lock(&s->lock);
		s->done++;
	}
	(void)pthread_mutex_unlock(&s->lock);
	return NULL;
}

static int start(struct task_jobs *s)
{
	int r = thread_start("colod-tasks", STACK_BYTES, run, s, &s->thread);

	s->started = r == 0;
	return r;
}

int task_jobs_new(int root_fd, struct task_jobs **ret_jobs)
{
	struct task_jobs *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->root_fd = root_fd;
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_cond_init(&s->more, NULL);
	r = start(s);
	if (r < 0) {
		task_jobs_free(s);
		return r;
	}
	*ret_jobs = s;
	return 0;
}

void task_jobs_free(struct task_jobs *s)
{
	if (!s)
		return;
	(void)pthread_mutex_lock(&s->lock);
	s->ends = true;
	(void)pthread_cond_broadcast(&s->more);
	(void)pthread_mutex_unlock(&s->lock);
	if (s->started)
		(void)pthread_join(s->thread, NULL);
	for (unsigned i = s->done; i < s->n; i++)
		(void)cleanup_close_fd(at(s, i)->job.dir_fd);
	(void)pthread_cond_destroy(&s->more);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
}

static bool is_there(struct task_jobs *s, const struct task_jobs_job *job)
{
	for (unsigned i = 0; i < s->n; i++)
		if (at(s, i)->job.inode == job->inode && at(s, i)->job.attr == job->attr)
			return true;
	return false;
}

int task_jobs_start(struct task_jobs *s, const struct task_jobs_job *job)
{
	bool taken;

	(void)pthread_mutex_lock(&s->lock);
	taken = s->n < TASK_JOBS_MAX && !is_there(s, job);
	if (taken) {
		*at(s, s->n++) = (struct task_jobs_done){.job = *job};
		(void)pthread_cond_signal(&s->more);
	}
	(void)pthread_mutex_unlock(&s->lock);
	return taken ? 0 : -EBUSY;
}

bool task_jobs_is_busy(struct task_jobs *s)
{
	bool busy;

	(void)pthread_mutex_lock(&s->lock);
	busy = s->n > 0;
	(void)pthread_mutex_unlock(&s->lock);
	return busy;
}

bool task_jobs_next(struct task_jobs *s, struct task_jobs_done *ret_done)
{
	bool any;

	(void)pthread_mutex_lock(&s->lock);
	any = s->done > 0;
	if (any) {
		*ret_done = *at(s, 0);
		s->first = (s->first + 1) % TASK_JOBS_MAX;
		s->n--;
		s->done--;
	}
	(void)pthread_mutex_unlock(&s->lock);
	return any;
}
