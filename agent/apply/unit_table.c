// SPDX-License-Identifier: LGPL-2.1-or-later
// See unit_table.h.
#include "agent/apply/unit_table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/sys.h"

#define N_BUCKETS 1024
/* The file may grow to so many lines per property before it is written anew. */
#define LINES_PER_PROP 4
#define LINES_MIN 256

static struct unit **bucket_of(const struct unit_table *t, const char *path)
{
	uint64_t h = 1469598103934665603u;

	for (; *path; path++)
		h = (h ^ (unsigned char)*path) * 1099511628211u;
	return &t->buckets[(h >> 7) % N_BUCKETS];
}

struct unit *unit_table_find(const struct unit_table *t, const char *path)
{
	struct unit *unit = *bucket_of(t, path);

	while (unit && strcmp(unit->path, path) != 0)
		unit = unit->next;
	return unit;
}

struct unit *unit_table_get(struct unit_table *t, const char *path)
{
	struct unit *unit = unit_table_find(t, path), **bucket = bucket_of(t, path);
	size_t len = strlen(path);

	if (unit || t->n >= UNIT_TABLE_MAX || !unit_text_path_is_sane(path))
		return unit;
	unit = calloc(1, sizeof(*unit) + len + 1);
	if (!unit)
		return NULL;
	memcpy(unit->path, path, len + 1);
	unit->stale = true;
	unit->next = *bucket;
	*bucket = unit;
	t->n++;
	return unit;
}

void unit_table_drop(struct unit_table *t, struct unit *unit)
{
	struct unit **p = bucket_of(t, unit->path);

	while (*p != unit)
		p = &(*p)->next;
	*p = unit->next;
	t->n--;
	free(unit);
}

bool unit_table_any_set(const struct unit *unit)
{
	for (int i = 0; i < UNIT_PROP_COUNT; i++)
		if (unit->props[i].set)
			return true;
	return false;
}

void unit_table_each(struct unit_table *t, void (*fn)(void *context, struct unit *unit),
		     void *context)
{
	for (size_t i = 0; t->buckets && i < N_BUCKETS; i++) {
		for (struct unit *next, *unit = t->buckets[i]; unit; unit = next) {
			next = unit->next;
			fn(context, unit);
		}
	}
}

/* --- the file -------------------------------------------------------------------------------- */

static void fill_line(struct unit_line *line, const struct unit *unit, enum unit_prop prop,
		      const struct unit_told *told)
{
	*line = (struct unit_line){
		.end = !told,
		.prop = prop,
		.made = told && told->made,
		.before = told ? told->before : 0,
		.told = told ? told->told : 0,
		.previous = told ? told->previous : 0,
	};
	memcpy(line->path, unit->path, strlen(unit->path) + 1);
}

/* Whole or not at all. */
static int append_line(struct unit_table *t, const struct unit_line *line)
{
	char text[UNIT_TEXT_LINE_SIZE];
	size_t len = 0;
	ssize_t n;
	int r = unit_text_format(line, text, &len);

	if (r < 0)
		return r;
	do
		n = sys_write(t->fd, text, len);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)len) {
		t->n_bytes += len;
		t->n_lines++;
		return 0;
	}
	r = n < 0 ? -errno : -ENOSPC;
	if (n > 0 && sys_ftruncate(t->fd, (off_t)t->n_bytes) < 0)
		t->broken = true;
	return r;
}

struct rewrite {
	struct unit_table *to;
	int error;
};

static void rewrite_unit(void *context, struct unit *unit)
{
	struct rewrite *rewrite = context;
	struct unit_line line;

	for (int i = 0; i < UNIT_PROP_COUNT && rewrite->error == 0; i++) {
		if (!unit->props[i].set)
			continue;
		fill_line(&line, unit, (enum unit_prop)i, &unit->props[i]);
		rewrite->error = append_line(rewrite->to, &line);
	}
}

/* A new file in place of the old one at once; the old one stays where that fails. */
static int rewrite_file(struct unit_table *t)
{
	struct unit_table fresh = {.fd = -EBADF};
	struct rewrite rewrite = {.to = &fresh};
	int r = fs_open(t->dir_fd, UNIT_TABLE_FILE_NEW, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND,
			&fresh.fd);

	if (r < 0)
		return r;
	unit_table_each(t, rewrite_unit, &rewrite);
	r = rewrite.error;
	if (r == 0 && sys_renameat(t->dir_fd, UNIT_TABLE_FILE_NEW, t->dir_fd, UNIT_TABLE_FILE) < 0)
		r = -errno;
	if (r < 0) {
		(void)sys_unlinkat(t->dir_fd, UNIT_TABLE_FILE_NEW, 0);
		cleanup_close_fd(fresh.fd);
		return r;
	}
	cleanup_close_fd(t->fd);
	t->fd = fresh.fd;
	t->n_lines = fresh.n_lines;
	t->n_bytes = fresh.n_bytes;
	t->broken = false;
	return 0;
}

static int append(struct unit_table *t, const struct unit_line *line)
{
	if (t->fd < 0 || t->broken || t->n_bytes > UNIT_TABLE_MAX_BYTES / 2 ||
	    t->n_lines > t->n * UNIT_PROP_COUNT * LINES_PER_PROP + LINES_MIN) {
		int r = rewrite_file(t);

		if (r < 0)
			return r;
	}
	return append_line(t, line);
}

int unit_table_own(struct unit_table *t, struct unit *unit, enum unit_prop prop,
		   const struct unit_told *told)
{
	struct unit_line line;
	int r;

	fill_line(&line, unit, prop, told);
	r = append(t, &line);
	if (r == 0)
		unit->props[prop] = *told;
	return r;
}

int unit_table_end(struct unit_table *t, struct unit *unit, enum unit_prop prop)
{
	struct unit_line line;

	unit->props[prop] = (struct unit_told){0};
	fill_line(&line, unit, prop, NULL);
	return append(t, &line);
}

static int take_line(struct unit_table *t, const struct unit_line *line)
{
	struct unit *unit = unit_table_get(t, line->path);

	if (!unit)
		return -ENOMEM;
	unit->props[line->prop] = (struct unit_told){
		.set = !line->end,
		.made = line->made,
		.before = line->before,
		.told = line->told,
		.previous = line->previous,
	};
	/* The agent that told it may not have lived to hear the answer. */
	unit->unsure = true;
	if (!unit_table_any_set(unit))
		unit_table_drop(t, unit);
	return 0;
}

static int parse_file(struct unit_table *t, const char *text, size_t len, size_t *ret_n_bad)
{
	struct unit_line line;

	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t n = end ? (size_t)(end - text) : len;

		/* A torn last line: systemd was not told. */
		if (!end)
			return 0;
		if (unit_text_parse(text, n, &line) < 0)
			(*ret_n_bad)++;
		else if (take_line(t, &line) < 0)
			return -ENOMEM;
		text += n + 1;
		len -= n + 1;
	}
	return 0;
}

int unit_table_open(struct unit_table *t, int dir_fd, size_t *ret_n_bad)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	int r;

	*t = (struct unit_table){.dir_fd = dir_fd, .fd = -EBADF};
	*ret_n_bad = 0;
	t->buckets = calloc(N_BUCKETS, sizeof(struct unit *));
	if (!t->buckets)
		return -ENOMEM;
	r = fs_read_alloc(dir_fd, UNIT_TABLE_FILE, UNIT_TABLE_MAX_BYTES, &text, &len);
	if (r == -ENOENT)
		return 0;
	if (r == -EFBIG) {
		*ret_n_bad = 1;
		return 0;
	}
	/* The first line that is appended writes the file anew: without what is past or damaged. */
	return r < 0 ? r : parse_file(t, text, len, ret_n_bad);
}

static void free_unit(void *context, struct unit *unit)
{
	(void)context;
	free(unit);
}

void unit_table_close(struct unit_table *t)
{
	unit_table_each(t, free_unit, NULL);
	free(t->buckets);
	t->buckets = NULL;
	t->n = 0;
	t->fd = cleanup_close_fd(t->fd);
}

static void count_set(void *context, struct unit *unit)
{
	*(size_t *)context += unit_table_any_set(unit);
}

int unit_table_compact(struct unit_table *t)
{
	size_t n = 0;

	unit_table_each(t, count_set, &n);
	if (n > 0)
		return rewrite_file(t);
	t->fd = cleanup_close_fd(t->fd);
	t->n_lines = t->n_bytes = 0;
	if (sys_unlinkat(t->dir_fd, UNIT_TABLE_FILE, 0) < 0 && errno != ENOENT)
		return -errno;
	return 0;
}
