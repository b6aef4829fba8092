// SPDX-License-Identifier: LGPL-2.1-or-later
// See history.h. In memory a record is the line that it is on disk: a ring of bytes holds three times as
// many of those, and what is read back was read back before. A thread writes them out, because under
// pressure a write to a disk may take seconds.
#include "agent/base/history.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/base/clock.h"
#include "agent/base/history_file.h"
#include "agent/base/history_ring.h"
#include "agent/base/history_text.h"
#include "agent/base/log.h"
#include "agent/base/thread.h"
#include "agent/base/utf8.h"

/* As much as both files hold. */
#define RING_BYTES (2u * HISTORY_FILE_BYTES)
#define BATCH_BYTES (64u << 10)
/* A disk that failed is tried again after so long. */
#define RETRY_US 60000000
#define FREE_WAIT_S 2
/* Locked memory: no more than what it needs. */
#define STACK_BYTES (128u << 10)

struct history {
	pthread_mutex_t lock; /* of everything up to the blank line */
	pthread_cond_t work;
	struct history_ring ring;
	uint64_t next_id;
	uint64_t written; /* up to here the disk has it */
	struct history_counts counts;
	struct history_record record; /* being added: too large for a stack */
	char line[HISTORY_TEXT_SIZE];
	bool asked; /* to write */
	bool stop;

	/* Of whoever writes: the thread, or history_flush() without one. */
	struct history_file file;
	char batch[BATCH_BYTES];
	bool failed_said;
	int64_t retry_us;

	pthread_t thread;
	bool has_thread;
};

int history_new(struct history **ret_history)
{
	struct history *h = calloc(1, sizeof(*h));
	pthread_condattr_t attr;

	if (!h || history_ring_init(&h->ring, RING_BYTES) < 0) {
		free(h);
		return -ENOMEM;
	}
	(void)pthread_mutex_init(&h->lock, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&h->work, &attr);
	(void)pthread_condattr_destroy(&attr);
	h->file = HISTORY_FILE_NONE;
	h->next_id = 1;
	*ret_history = h;
	return 0;
}

static void take_in(void *context, const struct history_record *record, const char *line,
		    size_t len)
{
	struct history *h = context;

	(void)history_ring_put(&h->ring, line, len, UINT64_MAX);
	if (record->id >= h->next_id)
		h->next_id = record->id + 1;
}

void history_open(struct history *h, int root_fd)
{
	struct history_found found;
	int r = history_file_open(&h->file, root_fd);

	if (r == 0) {
		history_file_load(&h->file, take_in, h, &found);
		h->written = h->ring.head;
		h->counts.disk = true;
		r = found.error;
		if (found.n_bad > 0)
			log_warning("history.bad",
				    "%zu lines of /var/lib/colod/history were unreadable and are "
				    "left out",
				    found.n_bad);
		if (found.torn)
			log_info("history.torn", "the last line of /var/lib/colod/history was cut "
						 "short and is left out");
	}
	if (r < 0)
		log_warning("history.read",
			    "what /var/lib/colod/history holds cannot be read (%s): the history "
			    "begins now",
			    strerror(-r));
}

/* The lines that the disk lacks, into the batch. */
static size_t take_batch(struct history *h, uint64_t *ret_position)
{
	size_t len;

	(void)pthread_mutex_lock(&h->lock);
	len = history_ring_copy(&h->ring, h->written, h->batch, sizeof(h->batch), ret_position);
	(void)pthread_mutex_unlock(&h->lock);
	return len;
}

static void batch_done(struct history *h, uint64_t end)
{
	(void)pthread_mutex_lock(&h->lock);
	if (end > h->written)
		h->written = end;
	h->counts.batches++;
	h->counts.failing = false;
	(void)pthread_mutex_unlock(&h->lock);
	if (h->failed_said)
		log_info("history.write", "the history can be written to /var/lib/colod again");
	h->failed_said = false;
}

static void batch_failed(struct history *h, int error)
{
	(void)pthread_mutex_lock(&h->lock);
	h->counts.failing = true;
	(void)pthread_mutex_unlock(&h->lock);
	h->retry_us = clock_now_us() + RETRY_US;
	if (!h->failed_said)
		log_warning("history.write",
			    "the history cannot be written to /var/lib/colod (%s): it goes on in "
			    "memory, and every minute the disk is tried again",
			    strerror(-error));
	h->failed_said = true;
}

/* Writes what is new. `now`: even if the disk failed just before. */
static void write_out(struct history *h, bool now)
{
	uint64_t position;
	size_t len;
	int r;

	if (h->failed_said && !now && clock_now_us() < h->retry_us)
		return;
	while ((len = take_batch(h, &position)) > 0) {
		r = history_file_append(&h->file, h->batch, len);
		if (r < 0) {
			batch_failed(h, r);
			return;
		}
		batch_done(h, position + len);
	}
}

/* With the lock held. Sleeps for ever where nothing has failed. */
static void wait_for_work(struct history *h)
{
	struct timespec until;

	if (!h->counts.failing) {
		(void)pthread_cond_wait(&h->work, &h->lock);
		return;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += RETRY_US / 1000000 + 1;
	if (pthread_cond_timedwait(&h->work, &h->lock, &until) == ETIMEDOUT)
		h->asked = true;
}

static void *run(void *context)
{
	struct history *h = context;
	bool stop = false;

	while (!stop) {
		(void)pthread_mutex_lock(&h->lock);
		while (!h->asked && !h->stop)
			wait_for_work(h);
		h->asked = false;
		stop = h->stop;
		(void)pthread_mutex_unlock(&h->lock);
		write_out(h, stop);
	}
	return NULL;
}

int history_start(struct history *h)
{
	int r;

	if (!h->counts.disk)
		return -ENODEV;
	/* Without signals: a file that may grow no more is an error here, not SIGXFSZ. */
	r = thread_start("colod-history", STACK_BYTES, run, h, &h->thread);
	h->has_thread = r == 0;
	return r;
}

void history_flush(struct history *h)
{
	bool is_new;

	if (!h)
		return;
	(void)pthread_mutex_lock(&h->lock);
	is_new = h->counts.disk && h->written < h->ring.head && !h->asked;
	if (is_new && h->has_thread) {
		h->asked = true;
		(void)pthread_cond_signal(&h->work);
	}
	(void)pthread_mutex_unlock(&h->lock);
	if (is_new && !h->has_thread)
		write_out(h, false);
}

/* False where the disk holds the thread for too long. */
static bool end_thread(struct history *h)
{
	(void)pthread_mutex_lock(&h->lock);
	h->stop = true;
	(void)pthread_cond_signal(&h->work);
	(void)pthread_mutex_unlock(&h->lock);
	return thread_join_for(h->thread, FREE_WAIT_S);
}

void history_free(struct history *h)
{
	if (!h)
		return;
	if (h->has_thread && !end_thread(h)) {
		/* It still uses all of this; the process ends with it. */
		(void)pthread_detach(h->thread);
		log_warning("history.stop", "the disk does not take the last records of the "
					    "history: they may be missing");
		return;
	}
	if (!h->has_thread && h->counts.disk)
		write_out(h, true);
	history_file_close(&h->file);
	history_ring_done(&h->ring);
	(void)pthread_cond_destroy(&h->work);
	(void)pthread_mutex_destroy(&h->lock);
	free(h);
}

void history_set(char *field, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (vsnprintf(field, size, format, args) < 0)
		field[0] = '\0';
	va_end(args);
}

void history_set_path(struct history_record *record, const char *path)
{
	static const char cut[] = "…";
	size_t len = strlen(path), room = sizeof(record->what) - sizeof(cut);

	if (len < sizeof(record->what))
		HISTORY_SET(record->what, "%s", path);
	else
		HISTORY_SET(record->what, "%s%s", cut, path + len - room);
}

/* Valid UTF-8 of one line, without what could pass for something else: names come from pods. */
static void scrub(char *text, size_t size)
{
	size_t len;

	text[size - 1] = '\0';
	len = strlen(utf8_scrub(text));
	for (size_t i = 0; i < len;) {
		uint32_t point = 0;
		size_t n = utf8_decode(text + i, len - i, &point);

		if (n == 0)
			n = 1;
		if (utf8_unsafe(point))
			memset(text + i, '?', n);
		i += n;
	}
}
#define SCRUB(field) scrub((field), sizeof(field))

static void scrub_record(struct history_record *r)
{
	SCRUB(r->pod);
	SCRUB(r->what);
	SCRUB(r->knob);
	SCRUB(r->from);
	SCRUB(r->to);
	SCRUB(r->why);
	SCRUB(r->caller.comm);
}

void history_add(struct history *h, const struct history_record *record)
{
	struct history_record *r;
	size_t len, lost;

	if (!h)
		return;
	(void)pthread_mutex_lock(&h->lock);
	r = &h->record;
	*r = *record;
	r->id = h->next_id++;
	scrub_record(r);
	if (r->wall_us <= 0)
		r->wall_us = clock_wall_us();
	if (r->at_us <= 0)
		r->at_us = clock_now_us();
	len = history_text_format(r, h->line);
	lost = history_ring_put(&h->ring, h->line, len, h->written);
	h->counts.not_on_disk += h->counts.disk ? lost : 0;
	h->counts.added++;
	(void)pthread_mutex_unlock(&h->lock);
}

bool history_next(const struct history *history, uint64_t *cursor,
		  struct history_record *ret_record)
{
	struct history *h = (struct history *)history;
	bool found = false;
	size_t len;

	(void)pthread_mutex_lock(&h->lock);
	while (!found && history_ring_get(&h->ring, cursor, h->line, sizeof(h->line), &len))
		found = history_text_parse(h->line, len, ret_record) == 0;
	(void)pthread_mutex_unlock(&h->lock);
	return found;
}

uint64_t history_end(const struct history *history)
{
	struct history *h = (struct history *)history;
	uint64_t head;

	(void)pthread_mutex_lock(&h->lock);
	head = h->ring.head;
	(void)pthread_mutex_unlock(&h->lock);
	return head;
}

struct history_counts history_counts(const struct history *history)
{
	struct history *h = (struct history *)history;
	struct history_counts counts;

	(void)pthread_mutex_lock(&h->lock);
	counts = h->counts;
	(void)pthread_mutex_unlock(&h->lock);
	return counts;
}
