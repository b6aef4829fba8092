// SPDX-License-Identifier: LGPL-2.1-or-later
// See originals.h. The table and when it goes to the file; the file itself is originals_file.c.
// Knows nothing of cgroups.
#include "agent/apply/originals.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/apply/originals_file.h"
#include "agent/base/boot_id.h"
#include "agent/base/cleanup.h"
#include "policy/knob.h"

#define FIRST_BUCKETS 64
/* The file may grow to this many lines per live record before it is written anew. */
#define LINES_PER_RECORD 4
#define LINES_MIN 64

static size_t bucket_of(const struct originals *o, const char *path, uint64_t inode, enum knob knob)
{
	uint64_t h = 1469598103934665603u ^ inode ^ (uint64_t)knob << 56;

	for (; *path; path++)
		h = (h ^ (unsigned char)*path) * 1099511628211u;
	return (size_t)(h >> 7) & (o->n_buckets - 1);
}

static struct original **place_of(const struct originals *o, const char *path, uint64_t inode,
				  enum knob knob)
{
	struct original **p = &o->buckets[bucket_of(o, path, inode, knob)];

	while (*p && ((*p)->inode != inode || (*p)->knob != knob || strcmp((*p)->path, path) != 0))
		p = &(*p)->next;
	return p;
}

struct original *originals_find(const struct originals *o, const char *path, uint64_t inode,
				enum knob knob)
{
	return o->n > 0 ? *place_of(o, path, inode, knob) : NULL;
}

bool originals_is_ours(const struct original *record, const struct knob_value *value,
		       uint64_t page_bytes)
{
	return knob_stands(record->knob, &record->written, value, page_bytes) ||
	       (record->previous.state == KNOB_KNOWN &&
		knob_stands(record->knob, &record->previous, value, page_bytes));
}

bool originals_waits(const struct original *record, const struct knob_value *value,
		     uint64_t page_bytes)
{
	struct knob_value back;

	if (record->previous.state != KNOB_KNOWN)
		return false;
	if (!knob_is_io_max(record->knob))
		return knob_equal(record->knob, &record->previous, value, page_bytes);
	/* Somebody may have changed another part meanwhile. */
	return !knob_stands(record->knob, &record->written, value, page_bytes) &&
	       knob_give_back(record->knob, &record->original, &record->previous, value, page_bytes,
			      &back);
}

struct knob_value originals_complete(const struct original *record, const struct knob_value *want,
				     const struct knob_value *value)
{
	const struct knob_value all =
		knob_complete(record->knob, want, &record->original, &record->written, value);

	if (record->previous.state != KNOB_KNOWN)
		return all;
	return knob_complete(record->knob, &all, &record->original, &record->previous, value);
}

bool originals_give_back(const struct original *record, const struct knob_value *value,
			 uint64_t page_bytes, struct knob_value *ret_value)
{
	struct knob_value more;
	bool any = knob_give_back(record->knob, &record->original, &record->written, value,
				  page_bytes, ret_value);

	if (record->previous.state != KNOB_KNOWN ||
	    !knob_give_back(record->knob, &record->original, &record->previous, value, page_bytes,
			    &more))
		return any;
	/* Of a write that came half over another one, both have parts there. */
	*ret_value = any ? knob_both(record->knob, ret_value, &more) : more;
	return true;
}

struct knob_value originals_others(const struct original *record, const struct knob_value *value,
				   uint64_t page_bytes)
{
	const struct knob_value others =
		knob_others(record->knob, &record->original, &record->written, value, page_bytes);

	if (record->previous.state != KNOB_KNOWN)
		return others;
	return knob_others(record->knob, &record->original, &record->previous, &others, page_bytes);
}

static int grow(struct originals *o)
{
	size_t n = o->n_buckets ? o->n_buckets * 2 : FIRST_BUCKETS;
	struct original **old = o->buckets, **buckets = calloc(n, sizeof(*buckets));
	size_t n_old = o->n_buckets;

	if (!buckets)
		return -ENOMEM;
	o->buckets = buckets;
	o->n_buckets = n;
	for (size_t i = 0; i < n_old; i++) {
		for (struct original *next, *r = old[i]; r; r = next) {
			size_t at = bucket_of(o, r->path, r->inode, r->knob);

			next = r->next;
			r->next = buckets[at];
			buckets[at] = r;
		}
	}
	free(old);
	return 0;
}

static void fill(struct original *record, const struct originals_line *line)
{
	/* A hold stays one until its record ends, and as old as it is. */
	if (!record->held) {
		record->held = line->held;
		record->since_us = line->since_us;
		record->owner = line->owner;
	}
	record->original = line->original;
	record->written = line->written;
	record->previous = line->previous;
}

/* A record that ended is kept for the next one: a hold must be possible without memory to be had. */
static void spare(struct originals *o, struct original *record)
{
	if (o->n_spare >= ORIGINALS_SPARE_MAX) {
		free(record);
		return;
	}
	record->next = o->spare;
	o->spare = record;
	o->n_spare++;
}

/* With room for a path of this length, zeroed but for that; or NULL. */
static struct original *allocate(struct originals *o, size_t path_len)
{
	size_t room = path_len < ORIGINALS_PATH_ROOM ? ORIGINALS_PATH_ROOM : path_len + 1;
	struct original *fresh;

	for (struct original **p = &o->spare; *p; p = &(*p)->next) {
		struct original *record = *p;

		if (record->room <= path_len)
			continue;
		*p = record->next;
		o->n_spare--;
		*record = (struct original){.room = record->room};
		return record;
	}
	fresh = calloc(1, sizeof(*fresh) + room);
	if (fresh)
		fresh->room = room;
	return fresh;
}

/* A new record that is not in the table yet. */
static int make(struct originals *o, const struct originals_line *line, struct original **ret)
{
	size_t len = strlen(line->path);
	struct original *record;

	if (o->n >= ORIGINALS_MAX)
		return -ENOSPC;
	if (o->n >= o->n_buckets && grow(o) < 0)
		return -ENOMEM;
	record = allocate(o, len);
	if (!record)
		return -ENOMEM;
	memcpy(record->path, line->path, len + 1);
	record->inode = line->inode;
	record->knob = line->knob;
	fill(record, line);
	*ret = record;
	return 0;
}

static void insert(struct originals *o, struct original *record)
{
	struct original **head =
		&o->buckets[bucket_of(o, record->path, record->inode, record->knob)];

	record->next = *head;
	*head = record;
	o->n++;
}

static void drop(struct originals *o, struct original *record)
{
	struct original **p = place_of(o, record->path, record->inode, record->knob);

	*p = record->next;
	o->n--;
	spare(o, record);
}

static void drop_all(struct originals *o)
{
	for (size_t i = 0; i < o->n_buckets; i++) {
		while (o->buckets[i]) {
			struct original *record = o->buckets[i];

			o->buckets[i] = record->next;
			free(record);
		}
	}
	o->n = 0;
}

/* The last record of a knob wins; a hold stays one until it ends. */
static int take_line(struct originals *o, const struct originals_line *line)
{
	struct original *record = originals_find(o, line->path, line->inode, line->knob);
	int r;

	if (line->kind == ORIGINALS_END) {
		if (record)
			drop(o, record);
		return 0;
	}
	if (record) {
		fill(record, line);
		return 0;
	}
	r = make(o, line, &record);
	if (r == 0)
		insert(o, record);
	return r;
}

int originals_parse(struct originals *o, const char *text, size_t len,
		    struct originals_found *ret_found)
{
	_cleanup_free_ struct originals_line *line = malloc(sizeof(*line));
	struct originals_found found = {0};
	bool header = false;

	if (!line)
		return -ENOMEM;
	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t n = end ? (size_t)(end - text) : len;
		int r = originals_text_parse(text, n, line);

		o->n_lines++;
		if (!end) {
			found.torn = true;
			break;
		}
		if (r == 0 && line->kind == ORIGINALS_HEADER) {
			header = true;
			found.other_boot |= !boot_id_is_same(line->boot_id, o->boot_id);
		} else if (r == 0 && !found.other_boot) {
			r = take_line(o, line);
			if (r == -ENOMEM)
				return r;
		}
		if (r < 0)
			found.n_bad++;
		text += n + 1;
		len -= n + 1;
	}
	/* /run does not outlive a boot: a lost header is damage, and no reason to lose originals. */
	if (!header && o->n > 0 && found.n_bad == 0)
		found.n_bad = 1;
	if (found.other_boot)
		drop_all(o);
	*ret_found = found;
	return 0;
}

int originals_open(struct originals *o, int dir_fd, const char *boot_id,
		   struct originals_found *ret_found)
{
	*o = (struct originals){.dir_fd = dir_fd, .fd = -EBADF};
	(void)snprintf(o->boot_id, sizeof(o->boot_id), "%s", boot_id);
	*ret_found = (struct originals_found){0};
	return dir_fd >= 0 ? originals_file_load(o, ret_found) : 0;
}

void originals_close(struct originals *o)
{
	drop_all(o);
	while (o->spare) {
		struct original *record = o->spare;

		o->spare = record->next;
		free(record);
	}
	o->n_spare = 0;
	free(o->buckets);
	o->buckets = NULL;
	o->n_buckets = 0;
	o->fd = cleanup_close_fd(o->fd);
}

static bool is_mostly_past(const struct originals *o)
{
	return o->n_lines > o->n * LINES_PER_RECORD + LINES_MIN;
}

/* One line into the file, where there is one. */
static int append(struct originals *o, const struct originals_line *line)
{
	int r;

	if (o->dir_fd < 0)
		return 0;
	if (o->broken || o->fd < 0 || is_mostly_past(o)) {
		r = originals_file_rewrite(o);
		/* A file that is only long still takes lines. */
		if (r < 0 && (o->broken || o->fd < 0))
			return r;
	}
	return originals_file_append(o, line);
}

int originals_own(struct originals *o, const struct originals_line *line)
{
	struct original *record = originals_find(o, line->path, line->inode, line->knob);
	struct original *fresh = NULL;
	int r = 0;

	/* Memory first: once the line is in the file, nothing may fail any more. */
	if (!record)
		r = make(o, line, &fresh);
	if (r == 0)
		r = append(o, line);
	if (r < 0) {
		if (fresh)
			spare(o, fresh);
		return r;
	}
	if (record)
		fill(record, line);
	else
		insert(o, fresh);
	return 0;
}

int originals_end(struct originals *o, struct original *record)
{
	struct originals_line line = {
		.kind = ORIGINALS_END,
		.inode = record->inode,
		.knob = record->knob,
	};
	int r;

	(void)snprintf(line.path, sizeof(line.path), "%s", record->path);
	r = append(o, &line);
	drop(o, record);
	return r;
}

struct original *originals_next(const struct originals *o, const struct original *record)
{
	size_t i = 0;

	if (record && record->next)
		return record->next;
	if (record)
		i = bucket_of(o, record->path, record->inode, record->knob) + 1;
	for (; i < o->n_buckets; i++)
		if (o->buckets[i])
			return o->buckets[i];
	return NULL;
}

int originals_list(const struct originals *o, struct original ***ret_list)
{
	struct original **list = NULL;
	size_t n = 0;

	if (o->n > 0) {
		list = malloc(o->n * sizeof(struct original *));
		if (!list)
			return -ENOMEM;
	}
	for (size_t i = 0; i < o->n_buckets && list; i++)
		for (struct original *record = o->buckets[i]; record; record = record->next)
			list[n++] = record;
	*ret_list = list;
	return 0;
}

int originals_compact(struct originals *o)
{
	if (o->dir_fd < 0)
		return 0;
	return o->n > 0 ? originals_file_rewrite(o) : originals_file_delete(o);
}
