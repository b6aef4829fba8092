// SPDX-License-Identifier: LGPL-2.1-or-later
// See net_worker.h.
#include "agent/net_worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/base/clock.h"
#include "agent/base/sys.h"
#include "agent/base/thread.h"

/* A plan of all uplinks and their steps are on the heap; what a walk through a pod's cgroups takes is here. */
#define STACK_BYTES (256 * 1024)

/* Whose turn it is. */
enum turn {
	TURN_IDLE,  /* the loop's: a round may be handed in */
	TURN_ROUND, /* the thread's */
	TURN_OVER,  /* the loop's: there is something to take up */
};

struct net_worker {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	enum turn turn; /* the rest is of whose turn it is */
	bool ends;
	int event_fd;
	struct net_round *round;
	struct net_round_wanted wanted;
	struct net_round_found found;
	struct net_round_pod *pods;
	size_t pods_room;
	char *paths; /* of the pods, one after another */
	size_t paths_room;
};

static void raise_event(int event_fd)
{
	const uint64_t one = 1;

	/* Full means raised. */
	if (event_fd >= 0)
		(void)!sys_write(event_fd, &one, sizeof(one));
}

static void *run(void *context)
{
	struct net_worker *w = context;

	(void)pthread_mutex_lock(&w->lock);
	while (!w->ends) {
		if (w->turn != TURN_ROUND) {
			(void)pthread_cond_wait(&w->changed, &w->lock);
			continue;
		}
		(void)pthread_mutex_unlock(&w->lock);
		net_round_run(w->round, &w->wanted, &w->found);
		(void)pthread_mutex_lock(&w->lock);
		w->turn = TURN_OVER;
		(void)pthread_cond_broadcast(&w->changed);
		raise_event(w->event_fd);
	}
	(void)pthread_mutex_unlock(&w->lock);
	return NULL;
}

static void free_all(struct net_worker *w)
{
	net_round_free(w->round);
	net_round_found_done(&w->found);
	free(w->pods);
	free(w->paths);
	(void)pthread_cond_destroy(&w->changed);
	(void)pthread_mutex_destroy(&w->lock);
	free(w);
}

int net_worker_new(int root_fd, int cgroup_fd, int event_fd, struct net_worker **ret)
{
	struct net_worker *w = calloc(1, sizeof(*w));
	pthread_condattr_t attributes;
	int r;

	if (!w)
		return -ENOMEM;
	w->event_fd = event_fd;
	(void)pthread_mutex_init(&w->lock, NULL);
	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&w->changed, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	r = net_round_new(root_fd, cgroup_fd, &w->round);
	if (r == 0)
		r = thread_start("colod-net", STACK_BYTES, run, w, &w->thread);
	if (r < 0) {
		free_all(w);
		return r;
	}
	*ret = w;
	return 0;
}

void net_worker_free(struct net_worker *w)
{
	if (!w)
		return;
	(void)pthread_mutex_lock(&w->lock);
	w->ends = true;
	(void)pthread_cond_broadcast(&w->changed);
	(void)pthread_mutex_unlock(&w->lock);
	(void)pthread_join(w->thread, NULL);
	free_all(w);
}

static bool grow(void **buffer, size_t *room, size_t wanted, size_t size)
{
	void *larger;

	if (wanted <= *room)
		return true;
	larger = reallocarray(*buffer, wanted, size);
	if (!larger)
		return false;
	*buffer = larger;
	*room = wanted;
	return true;
}

static int copy(struct net_worker *w, const struct net_round_wanted *wanted)
{
	size_t n_text = 0;
	char *at;

	for (size_t i = 0; i < wanted->n_pods; i++)
		n_text += strlen(wanted->pods[i].cgroup_path) + 1;
	if (!grow((void **)&w->pods, &w->pods_room, wanted->n_pods, sizeof(*w->pods)) ||
	    !grow((void **)&w->paths, &w->paths_room, n_text, 1))
		return -ENOMEM;
	w->wanted = *wanted;
	w->wanted.pods = w->pods;
	at = w->paths;
	for (size_t i = 0; i < wanted->n_pods; i++) {
		size_t size = strlen(wanted->pods[i].cgroup_path) + 1;

		w->pods[i] = wanted->pods[i];
		w->pods[i].cgroup_path = memcpy(at, wanted->pods[i].cgroup_path, size);
		at += size;
	}
	return 0;
}

int net_worker_start(struct net_worker *w, const struct net_round_wanted *wanted)
{
	int r;

	(void)pthread_mutex_lock(&w->lock);
	r = w->turn == TURN_IDLE ? copy(w, wanted) : -EBUSY;
	if (r == 0) {
		w->turn = TURN_ROUND;
		(void)pthread_cond_broadcast(&w->changed);
	}
	(void)pthread_mutex_unlock(&w->lock);
	return r;
}

const struct net_round_found *net_worker_take(struct net_worker *w)
{
	bool over;

	(void)pthread_mutex_lock(&w->lock);
	over = w->turn == TURN_OVER;
	if (over)
		w->turn = TURN_IDLE;
	(void)pthread_mutex_unlock(&w->lock);
	return over ? &w->found : NULL;
}

bool net_worker_wait(struct net_worker *w, uint32_t patience_ms)
{
	struct timespec until;
	int r = 0;
	bool over;

	clock_in_ms(patience_ms, &until);
	(void)pthread_mutex_lock(&w->lock);
	while (w->turn == TURN_ROUND && r == 0)
		r = pthread_cond_timedwait(&w->changed, &w->lock, &until);
	over = w->turn != TURN_ROUND;
	(void)pthread_mutex_unlock(&w->lock);
	return over;
}
