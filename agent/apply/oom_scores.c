// SPDX-License-Identifier: LGPL-2.1-or-later
// See oom_scores.h. A ring of jobs: those up to `done` have ended, those up to `n` wait, in their order.
#include "agent/apply/oom_scores.h"

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

struct oom_scores {
	int root_fd;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock;
	pthread_cond_t more;
	bool ends;
	struct oom_scores_done ring[OOM_SCORES_JOBS];
	unsigned first; /* the oldest */
	unsigned n;	/* all of them */
	unsigned done;	/* of those: ended */
};

static struct oom_scores_done *at(struct oom_scores *s, unsigned i)
{
	return &s->ring[(s->first + i) % OOM_SCORES_JOBS];
}

static void act(const struct oom_scores *s, struct oom_scores_done *d)
{
	struct oom_scores_job *job = &d->job;
	const struct score_walk_place place = {
		.root_fd = s->root_fd,
		.dir_fd = job->dir_fd,
		.path = job->path,
	};

	switch (job->act) {
	case OOM_SCORES_LOOK:
		d->result = score_walk_look(&place, &d->seen);
		break;
	case OOM_SCORES_CHANGE:
		d->result = score_walk_change(&place, job->from, job->to, job->first, &d->seen);
		break;
	case OOM_SCORES_CHANGE_ALL:
		d->result = score_walk_change_all(&place, job->from, job->to, &d->seen);
		break;
	}
	job->dir_fd = cleanup_close_fd(job->dir_fd);
}

static void *run(void *argument)
{
	struct oom_scores *s = argument;

	memory_lock_touch_stack(STACK_BYTES / 2);
	if (sys_drop_capability(CAP_SYS_RESOURCE) < 0)
		log_debug("oom.scores", "the thread keeps CAP_SYS_RESOURCE");
	(void)pthread_mutex_lock(&s->lock);
	while (!s->ends) {
		struct oom_scores_done *d = at(s, s->done);

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

static int start(struct oom_scores *s)
{
	int r = thread_start("colod-oom", STACK_BYTES, run, s, &s->thread);

	s->started = r == 0;
	return r;
}

int oom_scores_new(int root_fd, struct oom_scores **ret_scores)
{
	struct oom_scores *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->root_fd = root_fd;
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_cond_init(&s->more, NULL);
	r = start(s);
	if (r < 0) {
		oom_scores_free(s);
		return r;
	}
	*ret_scores = s;
	return 0;
}

void oom_scores_free(struct oom_scores *s)
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

static bool is_there(struct oom_scores *s, uint64_t inode)
{
	for (unsigned i = 0; i < s->n; i++)
		if (at(s, i)->job.inode == inode)
			return true;
	return false;
}

int oom_scores_start(struct oom_scores *s, const struct oom_scores_job *job)
{
	bool taken;

	(void)pthread_mutex_lock(&s->lock);
	taken = s->n < OOM_SCORES_JOBS && !is_there(s, job->inode);
	if (taken) {
		*at(s, s->n++) = (struct oom_scores_done){.job = *job};
		(void)pthread_cond_signal(&s->more);
	}
	(void)pthread_mutex_unlock(&s->lock);
	return taken ? 0 : -EBUSY;
}

bool oom_scores_is_busy(struct oom_scores *s)
{
	bool busy;

	(void)pthread_mutex_lock(&s->lock);
	busy = s->n > 0;
	(void)pthread_mutex_unlock(&s->lock);
	return busy;
}

bool oom_scores_next(struct oom_scores *s, struct oom_scores_done *ret_done)
{
	bool any;

	(void)pthread_mutex_lock(&s->lock);
	any = s->done > 0;
	if (any) {
		*ret_done = *at(s, 0);
		s->first = (s->first + 1) % OOM_SCORES_JOBS;
		s->n--;
		s->done--;
	}
	(void)pthread_mutex_unlock(&s->lock);
	return any;
}
