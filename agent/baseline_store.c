// SPDX-License-Identifier: LGPL-2.1-or-later
// See baseline_store.h. The file is written anew under another name, brought to the disk and renamed, by a thread, which a
// slow disk may hold up for as long as it likes. Its last line is a checksum, by which one that is cut or
// damaged is told from a whole one.
#include "agent/baseline_store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/base/checksum.h"
#include "agent/base/cleanup.h"
#include "agent/base/clock.h"
#include "agent/base/fs.h"
#include "agent/base/log.h"
#include "agent/base/sys.h"
#include "agent/base/thread.h"
#include "agent/state.h"
#include "policy/baseline.h"
#include "policy/baseline_text.h"

#define DIRECTORY "var/lib/colod"
#define FILE_NEW BASELINE_STORE_FILE ".new"
#define END "end "
#define END_LEN (sizeof(END) - 1 + 9)
#define SECOND_US 1000000
#define STACK_BYTES (64u * 1024)
/* At the end, for a disk that is slow; what does not get there in time is at most what a kill would lose. */
#define STOP_WAIT_S 2

struct baseline_store {
	struct baselines *baselines;
	bool keeps;
	bool said; /* that it cannot be kept, in this spell */
	int64_t saved_us;
	uint64_t saved_windows;
	/* The thread's, while there is one. */
	int root_fd;
	struct record_buf text;
	pthread_t thread;
	bool runs;
	atomic_bool done;
	int result;
};

static int write_file(int root_fd, const struct record_buf *text)
{
	_cleanup_close_ int fd = -EBADF;
	char end[END_LEN + 1];
	int r;

	if (sys_mkdirat(root_fd, DIRECTORY, 0750) < 0 && errno != EEXIST)
		return -errno;
	r = fs_open(root_fd, FILE_NEW, O_WRONLY | O_CREAT | O_TRUNC, &fd);
	if (r < 0)
		return r;
	(void)snprintf(end, sizeof(end), END "%08" PRIx32 "\n",
		       checksum_crc32(text->text, text->n));
	r = fs_write_all(fd, text->text, text->n);
	if (r == 0)
		r = fs_write_all(fd, end, END_LEN);
	/* Else after a power cut the new name may stand for a file that is empty. */
	if (r == 0 && sys_fdatasync(fd) < 0)
		r = -errno;
	if (r == 0 && sys_renameat(root_fd, FILE_NEW, root_fd, BASELINE_STORE_FILE) < 0)
		r = -errno;
	if (r < 0)
		(void)sys_unlinkat(root_fd, FILE_NEW, 0);
	return r;
}

static int format(struct baseline_store *store, int64_t now_us)
{
	baseline_text_put(&store->text, store->baselines, now_us, clock_wall_us() / SECOND_US);
	store->saved_us = now_us;
	store->saved_windows = store->baselines->windows;
	return store->text.failed ? -ENOMEM : 0;
}

static void finish(struct baseline_store *store, int result)
{
	record_buf_free(&store->text);
	store->text = (struct record_buf){0};
	if (result < 0 && !store->said)
		log_warning("baselines.write",
			    "what is usual for the pods cannot be kept in /" BASELINE_STORE_FILE
			    " (%s): after a restart it is learned again. Trying again",
			    strerror(-result));
	if (result == 0 && store->said)
		log_info("baselines.write", "what is usual for the pods can be kept again");
	store->said = result < 0;
}

static void *run(void *argument)
{
	struct baseline_store *store = argument;

	store->result = write_file(store->root_fd, &store->text);
	atomic_store(&store->done, true);
	return NULL;
}

static int start_thread(struct baseline_store *store)
{
	int r;

	atomic_store(&store->done, false);
	r = thread_start("colod-baseline", STACK_BYTES, run, store, &store->thread);
	store->runs = r == 0;
	return r;
}

static void collect(struct baseline_store *store)
{
	(void)pthread_join(store->thread, NULL);
	store->runs = false;
	finish(store, store->result);
}

static void save(struct baseline_store *store, int64_t now_us)
{
	int r = format(store, now_us);

	if (r == 0)
		r = start_thread(store);
	if (r < 0)
		finish(store, r);
}

static bool has_news(const struct baseline_store *store)
{
	return store->keeps && store->saved_windows != store->baselines->windows;
}

/* A text of it takes memory, of which there may be none to spare while something is wrong. */
static bool is_calm(const struct state *s)
{
	for (int r = 0; r < RESOURCE_COUNT; r++)
		if (s->ladders.of[r].rung != RUNG_CALM)
			return false;
	return s->baseline_store->baselines->calm == CALM_YES;
}

void baseline_store_keep(struct state *s, int64_t now_us)
{
	struct baseline_store *store = s->baseline_store;

	if (!store)
		return;
	if (store->runs && atomic_load(&store->done))
		collect(store);
	if (!store->runs && has_news(store) && is_calm(s) &&
	    now_us - store->saved_us >= BASELINE_STORE_EVERY_US)
		save(store, now_us);
}

/* The text without its last line; -EBADMSG where that does not fit to it. */
static int take_end(const char *text, size_t *len)
{
	char end[END_LEN + 1];

	if (*len < END_LEN)
		return -EBADMSG;
	*len -= END_LEN;
	(void)snprintf(end, sizeof(end), END "%08" PRIx32 "\n", checksum_crc32(text, *len));
	return memcmp(text + *len, end, END_LEN) == 0 ? 0 : -EBADMSG;
}

static void load(struct baseline_store *store, int64_t now_us)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	int r = fs_read_alloc(store->root_fd, BASELINE_STORE_FILE, BASELINE_TEXT_MAX, &text, &len);

	if (r == -ENOENT)
		return;
	if (r == 0)
		r = take_end(text, &len);
	if (r == 0)
		r = baseline_text_get(text, len, store->baselines, now_us,
				      clock_wall_us() / SECOND_US);
	if (r < 0)
		log_warning("baselines.read",
			    "what was usual for the pods cannot be read from /" BASELINE_STORE_FILE
			    " (%s): it is learned again",
			    r == -EBADMSG ? "it was cut, changed, or written by another version"
					  : strerror(-r));
}

void baseline_store_start(struct state *s, int64_t now_us)
{
	struct baseline_store *store = calloc(1, sizeof(*store));
	int r = store ? baselines_new(&store->baselines) : -ENOMEM;

	if (r == 0)
		r = fs_open_dir(s->root_fd, "", &store->root_fd);
	if (r < 0) {
		log_warning("baselines.start", "what is usual for the pods cannot be learned: %s",
			    strerror(-r));
		if (store)
			baselines_free(store->baselines);
		free(store);
		return;
	}
	store->keeps = s->options->action == OPTIONS_RUN && s->lock_fd >= 0;
	store->saved_us = now_us;
	if (store->keeps)
		load(store, now_us);
	s->baseline_store = store;
}

void baseline_store_feed(struct state *s, int64_t now_us)
{
	const struct calm_look look = {
		.model = discover_model(s->discover),
		.samples = observe_samples(s->observe),
		.plan = &s->plan,
		.ladders = &s->ladders,
		.now_us = now_us,
	};

	/* Without memory for a place of a new pod nothing is learned in this pass. */
	if (s->baseline_store)
		(void)baselines_feed(s->baseline_store->baselines, &look);
}

/* False where the disk holds the thread for too long. */
static bool end_thread(struct baseline_store *store)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += STOP_WAIT_S;
	if (pthread_clockjoin_np(store->thread, NULL, CLOCK_MONOTONIC, &until) != 0)
		return false;
	store->runs = false;
	finish(store, store->result);
	return true;
}

void baseline_store_stop(struct state *s)
{
	struct baseline_store *store = TAKE_PTR(s->baseline_store);

	if (!store)
		return;
	if (!store->runs && has_news(store))
		save(store, clock_now_us());
	if (store->runs && !end_thread(store)) {
		/* It still uses all of this; the process ends with it. */
		(void)pthread_detach(store->thread);
		log_warning("baselines.write",
			    "the disk does not take what is usual for the pods: what was "
			    "learned lately will be learned again");
		return;
	}
	cleanup_close_fd(store->root_fd);
	baselines_free(store->baselines);
	free(store);
}

const struct baselines *baseline_store_get(const struct baseline_store *store)
{
	return store ? store->baselines : NULL;
}
