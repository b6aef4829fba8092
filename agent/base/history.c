// SPDX-License-Identifier: LGPL-2.1-or-later
// See history.h.
#include "agent/base/history.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/clock.h"
#include "agent/base/utf8.h"

#define RECORDS 512

struct history {
	pthread_mutex_t lock;
	uint64_t next_id; /* from 1; record N is at N % RECORDS */
	struct history_record ring[RECORDS];
};

int history_new(struct history **ret_history)
{
	struct history *h = calloc(1, sizeof(*h));

	if (!h)
		return -ENOMEM;
	(void)pthread_mutex_init(&h->lock, NULL);
	h->next_id = 1;
	*ret_history = h;
	return 0;
}

void history_free(struct history *h)
{
	if (!h)
		return;
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
	struct history_record *kept;

	if (!h)
		return;
	(void)pthread_mutex_lock(&h->lock);
	kept = &h->ring[h->next_id % RECORDS];
	*kept = *record;
	kept->id = h->next_id++;
	scrub_record(kept);
	if (kept->wall_us == 0)
		kept->wall_us = clock_wall_us();
	if (kept->at_us == 0)
		kept->at_us = clock_now_us();
	(void)pthread_mutex_unlock(&h->lock);
}

bool history_next(const struct history *h, uint64_t *cursor, struct history_record *ret_record)
{
	pthread_mutex_t *lock = (pthread_mutex_t *)&h->lock;
	uint64_t oldest;
	bool found;

	(void)pthread_mutex_lock(lock);
	oldest = h->next_id > RECORDS ? h->next_id - RECORDS : 1;
	if (*cursor < oldest)
		*cursor = oldest;
	found = *cursor < h->next_id;
	if (found)
		*ret_record = h->ring[(*cursor)++ % RECORDS];
	(void)pthread_mutex_unlock(lock);
	return found;
}
