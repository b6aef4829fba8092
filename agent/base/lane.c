// SPDX-License-Identifier: LGPL-2.1-or-later
// See lane.h. A job's place goes from free to waiting, running, ended and free again; the lock is
// held for these steps and never during a system call of a job.
#include "agent/base/lane.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "agent/base/clock.h"
#include "agent/base/fs.h"
#include "agent/base/memory_lock.h"
#include "agent/base/patience.h"
#include "agent/base/sys.h"
#include "agent/base/thread.h"

/* The threads call little, but what they have is locked into memory. */
#define STACK_BYTES (128u << 10)
#define NONE UINT16_MAX

enum place_state {
	PLACE_FREE,
	PLACE_WAITING,
	PLACE_RUNNING,
	PLACE_ENDED, /* a write that was not reported yet */
};

struct place {
	enum place_state state;
	uint16_t next; /* in the list of its state */
	bool closes;   /* instead of writing */
	bool cancelled;
	int fd; /* to close; of the directory to write in */
	const char *file;
	const char *measured; /* NULL: nothing is */
	int flags;
	uint32_t len;
	struct lane_done done;
	char text[LANE_TEXT_SIZE];
};

/* First in, first out. */
struct list {
	uint16_t first;
	uint16_t last;
};

struct lane {
	const char *name;
	int event_fd; /* borrowed */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more;
	bool ready; /* the thread is there, or could not be: `error` */
	int error;
	bool ends;
	uint64_t patience_us;
	struct patience patience;
	struct lane_count count;
	struct list waiting;
	struct list ended;
	struct place places[LANE_JOBS];
};

static void list_push(struct lane *lane, struct list *list, uint16_t i)
{
	lane->places[i].next = NONE;
	if (list->first == NONE)
		list->first = i;
	else
		lane->places[list->last].next = i;
	list->last = i;
}

static uint16_t list_pop(struct lane *lane, struct list *list)
{
	uint16_t i = list->first;

	if (i != NONE)
		list->first = lane->places[i].next;
	return i;
}

static void list_remove(struct lane *lane, struct list *list, uint16_t i)
{
	struct list kept = {NONE, NONE};

	for (uint16_t j = list_pop(lane, list); j != NONE; j = list_pop(lane, list))
		if (j != i)
			list_push(lane, &kept, j);
	*list = kept;
}

/* With the lock. */
static void end_write(struct lane *lane, uint16_t i, int result)
{
	static const uint64_t one = 1;
	struct place *p = &lane->places[i];

	p->state = PLACE_ENDED;
	p->done.result = result;
	p->fd = -EBADF;
	lane->count.waiting--;
	list_push(lane, &lane->ended, i);
	/* It is full only when it was raised long ago already. */
	if (lane->event_fd >= 0 && sys_write(lane->event_fd, &one, sizeof(one)) < 0)
		return;
}

static void measure(const struct place *p, char text[LANE_NUMBER_SIZE])
{
	if (p->measured && fs_read(p->fd, p->measured, text, LANE_NUMBER_SIZE, NULL) < 0)
		text[0] = '\0';
}

static int do_write(const struct place *p)
{
	_cleanup_close_ int fd = -EBADF;
	int r = fs_open(p->fd, p->file, O_WRONLY | p->flags, &fd);
	ssize_t n;

	if (r < 0)
		return r;
	n = sys_write(fd, p->text, p->len);
	if (n < 0)
		return -errno;
	return (size_t)n == p->len ? 0 : -EIO;
}

/* With the lock, which is let go meanwhile. */
static void do_job(struct lane *lane, uint16_t i)
{
	struct place *p = &lane->places[i];
	int64_t began_us;
	int r = 0;

	p->state = PLACE_RUNNING;
	lane->count.running = true;
	if (!p->closes)
		patience_start(&lane->patience, lane->patience_us);
	(void)pthread_mutex_unlock(&lane->lock);
	began_us = clock_now_us();
	measure(p, p->done.before);
	if (!p->closes)
		r = do_write(p);
	measure(p, p->done.after);
	cleanup_close_fd(p->fd);
	(void)pthread_mutex_lock(&lane->lock);
	lane->count.running = false;
	if (p->closes) {
		p->state = PLACE_FREE;
		lane->count.closed++;
		lane->count.waiting--;
		return;
	}
	p->done.cut = patience_stop(&lane->patience);
	p->done.took_us = (uint64_t)(clock_now_us() - began_us);
	lane->count.written++;
	lane->count.cut += p->done.cut && !p->cancelled;
	if (p->done.took_us > lane->count.longest_us)
		lane->count.longest_us = p->done.took_us;
	end_write(lane, i, r);
}

static void *run(void *argument)
{
	struct lane *lane = argument;
	uint16_t i;

	patience_unblock();
	memory_lock_touch_stack(STACK_BYTES / 2);
	(void)pthread_mutex_lock(&lane->lock);
	lane->error = patience_open(&lane->patience);
	lane->ready = true;
	(void)pthread_cond_broadcast(&lane->more);
	while (lane->error == 0) {
		i = list_pop(lane, &lane->waiting);
		if (i != NONE)
			do_job(lane, i);
		else if (lane->ends)
			break;
		else
			(void)pthread_cond_wait(&lane->more, &lane->lock);
	}
	(void)pthread_mutex_unlock(&lane->lock);
	patience_close(&lane->patience);
	return NULL;
}

static int start(struct lane *lane)
{
	int r = thread_start(lane->name, STACK_BYTES, run, lane, &lane->thread);

	if (r != 0)
		return r;
	(void)pthread_mutex_lock(&lane->lock);
	while (!lane->ready)
		(void)pthread_cond_wait(&lane->more, &lane->lock);
	r = lane->error;
	(void)pthread_mutex_unlock(&lane->lock);
	if (r < 0)
		(void)pthread_join(lane->thread, NULL);
	return r;
}

static void destroy(struct lane *lane)
{
	(void)pthread_cond_destroy(&lane->more);
	(void)pthread_mutex_destroy(&lane->lock);
	free(lane);
}

int lane_new(const char *name, int event_fd, uint64_t patience_us, struct lane **ret_lane)
{
	struct lane *lane = calloc(1, sizeof(*lane));
	int r;

	if (!lane)
		return -ENOMEM;
	lane->name = name;
	lane->event_fd = event_fd;
	lane->patience_us = patience_us;
	lane->waiting = lane->ended = (struct list){NONE, NONE};
	(void)pthread_mutex_init(&lane->lock, NULL);
	(void)pthread_cond_init(&lane->more, NULL);
	r = start(lane);
	if (r < 0) {
		destroy(lane);
		return r;
	}
	*ret_lane = lane;
	return 0;
}

/* With the lock. */
static void cancel(struct lane *lane, uint16_t i)
{
	struct place *p = &lane->places[i];

	if (p->closes)
		return;
	p->cancelled = true;
	if (p->state == PLACE_RUNNING)
		patience_hurry(&lane->patience);
	if (p->state != PLACE_WAITING)
		return;
	list_remove(lane, &lane->waiting, i);
	cleanup_close_fd(p->fd);
	end_write(lane, i, -ECANCELED);
}

void lane_free(struct lane *lane, bool drain)
{
	if (!lane)
		return;
	(void)pthread_mutex_lock(&lane->lock);
	for (uint16_t i = 0; i < LANE_JOBS && !drain; i++)
		cancel(lane, i);
	lane->ends = true;
	(void)pthread_cond_broadcast(&lane->more);
	(void)pthread_mutex_unlock(&lane->lock);
	(void)pthread_join(lane->thread, NULL);
	destroy(lane);
}

/* With the lock. */
static int hand_in(struct lane *lane, const struct place *job)
{
	for (uint16_t i = 0; i < LANE_JOBS; i++) {
		if (lane->places[i].state != PLACE_FREE)
			continue;
		lane->places[i] = *job;
		lane->places[i].state = PLACE_WAITING;
		lane->count.waiting++;
		list_push(lane, &lane->waiting, i);
		(void)pthread_cond_broadcast(&lane->more);
		return 0;
	}
	lane->count.full++;
	return -EBUSY;
}

int lane_write_measured(struct lane *lane, int dir_fd, const char *file, int flags,
			const char *text, uint64_t token, const char *measured)
{
	struct place job = {
		.fd = dir_fd,
		.file = file,
		.measured = measured,
		.flags = flags,
		.done = {.token = token},
	};
	size_t len = strlen(text);
	int r;

	if (len > sizeof(job.text))
		return -E2BIG;
	memcpy(job.text, text, len);
	job.len = (uint32_t)len;
	(void)pthread_mutex_lock(&lane->lock);
	r = hand_in(lane, &job);
	(void)pthread_mutex_unlock(&lane->lock);
	return r;
}

int lane_write(struct lane *lane, int dir_fd, const char *file, int flags, const char *text,
	       uint64_t token)
{
	return lane_write_measured(lane, dir_fd, file, flags, text, token, NULL);
}

int lane_close(struct lane *lane, int fd)
{
	const struct place job = {.fd = fd, .closes = true};
	int r;

	(void)pthread_mutex_lock(&lane->lock);
	r = hand_in(lane, &job);
	(void)pthread_mutex_unlock(&lane->lock);
	return r;
}

bool lane_cancel(struct lane *lane, uint64_t token)
{
	bool found = false;

	(void)pthread_mutex_lock(&lane->lock);
	for (uint16_t i = 0; i < LANE_JOBS; i++) {
		const struct place *p = &lane->places[i];

		if ((p->state != PLACE_WAITING && p->state != PLACE_RUNNING) || p->closes ||
		    p->done.token != token)
			continue;
		cancel(lane, i);
		found = true;
	}
	(void)pthread_mutex_unlock(&lane->lock);
	return found;
}

bool lane_next(struct lane *lane, struct lane_done *ret_done)
{
	uint16_t i;

	(void)pthread_mutex_lock(&lane->lock);
	i = list_pop(lane, &lane->ended);
	if (i != NONE) {
		*ret_done = lane->places[i].done;
		lane->places[i].state = PLACE_FREE;
	}
	(void)pthread_mutex_unlock(&lane->lock);
	return i != NONE;
}

struct lane_count lane_counts(struct lane *lane)
{
	struct lane_count count;

	(void)pthread_mutex_lock(&lane->lock);
	count = lane->count;
	(void)pthread_mutex_unlock(&lane->lock);
	return count;
}
