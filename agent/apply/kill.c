// SPDX-License-Identifier: LGPL-2.1-or-later
// See kill.h. A job's place goes from free to waiting, running, ended and free again; the lock is held for these
// steps, never during an act.
#include "agent/apply/kill.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/apply/lift_record.h"
#include "agent/base/cleanup.h"
#include "agent/base/memory_lock.h"
#include "agent/base/patience.h"
#include "agent/base/sys.h"
#include "agent/base/thread.h"

/* A walk of KILL_WALK_DEPTH levels, and the largest of what is read. */
#define STACK_BYTES (256u << 10)

_Static_assert(LIFT_RECORD_SLOTS >= KILL_THREADS, "a slot for each thread");

enum place_state {
	PLACE_FREE,
	PLACE_WAITING,
	PLACE_RUNNING,
	PLACE_ENDED,
};

struct place {
	enum place_state state;
	uint64_t order; /* when it came into this state */
	struct kill_job job;
	struct kill_done done;
};

struct kill {
	struct kill_place where;
	int event_fd;
	pthread_t threads[KILL_THREADS];
	unsigned n_threads;
	unsigned n_slots;
	pthread_mutex_t lock;
	pthread_cond_t more;
	atomic_bool ends;
	uint64_t order;
	struct place places[KILL_JOBS];
};

/* With the lock, as all below. */
static void set_state(struct kill *k, struct place *p, enum place_state state)
{
	p->state = state;
	p->order = ++k->order;
}

/* The one that is in this state for longest. */
static struct place *oldest(struct kill *k, enum place_state state)
{
	struct place *found = NULL;

	for (unsigned i = 0; i < KILL_JOBS; i++) {
		struct place *p = &k->places[i];

		if (p->state == state && (!found || p->order < found->order))
			found = p;
	}
	return found;
}

static void end(struct kill *k, struct place *p)
{
	static const uint64_t one = 1;

	set_state(k, p, PLACE_ENDED);
	/* It is full only when it was raised long ago already. */
	if (k->event_fd >= 0 && sys_write(k->event_fd, &one, sizeof(one)) < 0)
		return;
}

static void *run(void *argument)
{
	struct kill *k = argument;
	struct kill_place where = k->where;

	patience_unblock();
	memory_lock_touch_stack(STACK_BYTES / 2);
	(void)pthread_mutex_lock(&k->lock);
	where.slot = k->n_slots++;
	while (!atomic_load(&k->ends)) {
		struct place *p = oldest(k, PLACE_WAITING);

		if (!p) {
			(void)pthread_cond_wait(&k->more, &k->lock);
			continue;
		}
		set_state(k, p, PLACE_RUNNING);
		(void)pthread_mutex_unlock(&k->lock);
		kill_act(&where, &p->job, &k->ends, &p->done);
		(void)pthread_mutex_lock(&k->lock);
		end(k, p);
	}
	(void)pthread_mutex_unlock(&k->lock);
	return NULL;
}

static int start(struct kill *k)
{
	int r = 0;

	for (; r == 0 && k->n_threads < KILL_THREADS; k->n_threads += r == 0)
		r = thread_start("colod-kill", STACK_BYTES, run, k, &k->threads[k->n_threads]);
	/* One does, only not as fast. */
	return k->n_threads > 0 ? 0 : r;
}

int kill_new(const struct kill_place *place, int event_fd, struct kill **ret_kill)
{
	struct kill *k = calloc(1, sizeof(*k));
	int r;

	if (!k)
		return -ENOMEM;
	k->where = *place;
	k->event_fd = event_fd;
	(void)pthread_mutex_init(&k->lock, NULL);
	(void)pthread_cond_init(&k->more, NULL);
	r = start(k);
	if (r < 0) {
		kill_free(k);
		return r;
	}
	*ret_kill = k;
	return 0;
}

void kill_free(struct kill *k)
{
	if (!k)
		return;
	(void)pthread_mutex_lock(&k->lock);
	atomic_store(&k->ends, true);
	(void)pthread_cond_broadcast(&k->more);
	(void)pthread_mutex_unlock(&k->lock);
	for (unsigned i = 0; i < k->n_threads; i++)
		(void)pthread_join(k->threads[i], NULL);
	for (unsigned i = 0; i < KILL_JOBS; i++)
		if (k->places[i].state == PLACE_WAITING)
			(void)cleanup_close_fd(k->places[i].job.dir_fd);
	(void)pthread_cond_destroy(&k->more);
	(void)pthread_mutex_destroy(&k->lock);
	free(k);
}

int kill_start(struct kill *k, const struct kill_job *job)
{
	struct place *p;

	(void)pthread_mutex_lock(&k->lock);
	p = oldest(k, PLACE_FREE);
	if (p) {
		p->job = *job;
		set_state(k, p, PLACE_WAITING);
		(void)pthread_cond_signal(&k->more);
	}
	(void)pthread_mutex_unlock(&k->lock);
	return p ? 0 : -EBUSY;
}

bool kill_next(struct kill *k, struct kill_done *ret_done)
{
	struct place *p;

	(void)pthread_mutex_lock(&k->lock);
	p = oldest(k, PLACE_ENDED);
	if (p) {
		*ret_done = p->done;
		set_state(k, p, PLACE_FREE);
	}
	(void)pthread_mutex_unlock(&k->lock);
	return p != NULL;
}
