// SPDX-License-Identifier: LGPL-2.1-or-later
// See incident_store.h. The loop alone knows the list; the thread is handed a text and the numbers of those that go for it.
#include "agent/incident_store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/file_open.h"
#include "agent/base/fs.h"
#include "agent/base/kept_end.h"
#include "agent/base/log.h"
#include "agent/base/sealed.h"
#include "agent/base/sys.h"
#include "agent/incident_index.h"
#include "agent/incident_reader.h"
#include "agent/incident_text.h"
#include "agent/kept_text.h"
#include "policy/incident.h"

/* More than these go at the next time. */
#define GO_MAX 64

/* One that is in memory. */
struct saved {
	uint64_t id; /* 0: this place is free */
	uint64_t changes;
	int64_t at_us;
	bool ok; /* so it is on disk */
};

struct incident_store {
	struct kept_text kept;
	char file[INCIDENT_INDEX_PATH_SIZE];
	bool keeps;
	struct incident_index index; /* while the thread reads: the numbers alone */
	struct incident_reader reader;
	struct saved saved[INCIDENTS_OPEN];
	/* What the thread is at. */
	struct incident_entry saving; /* id 0: nothing */
	uint64_t saving_changes;
	bool saving_closed;
	uint64_t go[GO_MAX];
	size_t n_go;
};

/* Not to write over them, nothing is written any more. */
static void say_unread(struct incident_store *s, int error)
{
	log_warning("incidents.read",
		    "incidents of earlier cannot be read from /%s: %s. Not to write "
		    "over them, those to come stay in memory, and the last few are "
		    "shown, until colod is started again and can read them",
		    INCIDENT_STORE_DIRECTORY, strerror(-error));
	s->keeps = false;
}

bool incident_store_is_read(struct incident_store *s)
{
	int r;

	if (!incident_reader_ended(&s->reader))
		return false;
	if (!s->reader.runs)
		return true;
	r = incident_reader_take(&s->reader, &s->index);
	/* At a stop the numbers do: nothing is written over, and the files are read at the next start. */
	if (r < 0 && r != -ECANCELED)
		say_unread(s, r);
	return true;
}

int incident_store_new(int root_fd, bool keeps, struct incident_store **ret_store)
{
	struct incident_store *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->keeps = keeps;
	s->kept.directory = INCIDENT_STORE_DIRECTORY;
	s->kept.file = s->file;
	s->kept.fresh = INCIDENT_STORE_FRESH;
	s->kept.what = "what became of online pods that were hurt";
	s->kept.costs =
		"make room in /var/lib/colod, or make it writable: those that are there stay, "
		"and the last few wait in memory";
	s->kept.thread = "colod-incident";
	s->kept.context = s;
	r = kept_text_open(&s->kept, root_fd);
	if (r == 0 && keeps) {
		r = incident_index_names(&s->index, root_fd);
		if (r == 0 && s->index.n > 0)
			r = incident_reader_start(&s->reader, root_fd, &s->index);
		if (r < 0)
			say_unread(s, r);
		r = 0;
	}
	if (r < 0) {
		free(s);
		return r;
	}
	*ret_store = s;
	return 0;
}

uint64_t incident_store_next_id(const struct incident_store *s)
{
	return s->index.last_id + 1;
}

size_t incident_store_n(const struct incident_store *s, uint64_t *ret_bytes)
{
	*ret_bytes = s->index.bytes;
	return s->index.n;
}

/* --- the thread ---------------------------------------------------------------------------------- */

/* Those that had to make room. */
static void go(void *context, int root_fd)
{
	const struct incident_store *s = context;
	char path[INCIDENT_INDEX_PATH_SIZE];

	for (size_t i = 0; i < s->n_go; i++)
		(void)sys_unlinkat(root_fd, incident_index_path(s->go[i], path), 0);
}

/* --- what is to be kept next --------------------------------------------------------------------- */

static struct saved *saved_of(struct incident_store *s, uint64_t id)
{
	struct saved *free_place = NULL;

	for (int n = 0; n < INCIDENTS_OPEN; n++) {
		if (s->saved[n].id == id)
			return &s->saved[n];
		if (s->saved[n].id == 0)
			free_place = &s->saved[n];
	}
	if (free_place)
		*free_place = (struct saved){.id = id};
	return free_place;
}

static void forget_dropped(struct incident_store *s, const struct incidents *in)
{
	for (int n = 0; n < INCIDENTS_OPEN; n++)
		if (s->saved[n].id != 0 && !incident_find(in, s->saved[n].id))
			s->saved[n] = (struct saved){0};
}

static bool is_due(const struct saved *saved, const struct incident *i, int64_t now_us, bool stops)
{
	if (saved->ok && saved->changes == i->changes)
		return false;
	if (stops)
		return true;
	if (saved->at_us == 0)
		return i->closed || now_us - i->opened_us >= INCIDENT_STORE_FIRST_US;
	if (!saved->ok)
		return now_us - saved->at_us >= INCIDENT_STORE_AGAIN_US;
	return i->closed || now_us - saved->at_us >= INCIDENT_STORE_EVERY_US;
}

/* Of those that are due, who has waited longest. */
static const struct incident *find_due(struct incident_store *s, const struct incidents *in,
				       int64_t now_us, bool stops)
{
	const struct incident *best = NULL;
	int64_t best_us = INT64_MAX;

	for (int n = 0; n < INCIDENTS_OPEN; n++) {
		const struct incident *i = in->list[n];
		const struct saved *saved = i ? saved_of(s, i->id) : NULL;

		if (!saved || !is_due(saved, i, now_us, stops) || saved->at_us >= best_us)
			continue;
		best = i;
		best_us = saved->at_us;
	}
	return best;
}

/* Who goes for this one. */
static void make_room(struct incident_store *s, const struct incident_policy *policy)
{
	size_t n = s->index.n;
	uint64_t bytes = s->index.bytes + s->saving.bytes;
	const struct incident_entry *had = incident_index_find(&s->index, s->saving.id);

	n += had ? 0 : 1;
	bytes -= had ? had->bytes : 0;
	s->n_go = 0;
	for (size_t i = 0; i < s->index.n && s->n_go < GO_MAX; i++) {
		const struct incident_entry *e = &s->index.list[i];

		if (n <= policy->count && bytes <= policy->size_bytes)
			break;
		if (e == had)
			continue;
		s->go[s->n_go++] = e->id;
		n--;
		bytes -= e->bytes;
	}
}

static void begin(struct incident_store *s, const struct incident *i,
		  const struct incident_policy *policy, int64_t now_us)
{
	struct record_buf *text = &s->kept.text;
	struct saved *saved = saved_of(s, i->id);
	const char *newline;

	saved->at_us = now_us;
	saved->ok = false;
	incident_text_put(text, i);
	newline = text->failed ? NULL : memchr(text->text, '\n', text->n);
	s->saving = (struct incident_entry){
		.id = i->id,
		.bytes = text->n + KEPT_END_LEN,
		.summary = newline ? strndup(text->text, (size_t)(newline - text->text)) : NULL,
	};
	s->saving_changes = i->changes;
	s->saving_closed = i->closed;
	(void)incident_index_path(i->id, s->file);
	make_room(s, policy);
	s->kept.then = go;
	kept_text_save(&s->kept);
}

/* The thread has ended, or there was none. */
static void end(struct incident_store *s, struct incidents *in)
{
	struct saved *saved = saved_of(s, s->saving.id);
	bool ok = s->kept.result == 0;

	if (ok) {
		for (size_t i = 0; i < s->n_go; i++)
			incident_index_remove(&s->index, s->go[i]);
		/* Without memory for its place it is there, and told of after the next start. */
		(void)incident_index_put(&s->index, &s->saving);
	}
	if (saved) {
		saved->ok = ok;
		saved->changes = s->saving_changes;
	}
	if (ok && s->saving_closed)
		incident_drop(in, s->saving.id);
	free(s->saving.summary);
	s->saving = (struct incident_entry){0};
}

static void step(struct incident_store *s, struct incidents *in,
		 const struct incident_policy *policy, int64_t now_us, bool stops)
{
	const struct incident *due;

	if (s->saving.id != 0)
		end(s, in);
	forget_dropped(s, in);
	due = find_due(s, in, now_us, stops);
	if (due)
		begin(s, due, policy, now_us);
}

/* Without files: what is over can be told as long as there is room for it. */
void incident_store_pass(struct incident_store *s, struct incidents *in,
			 const struct incident_policy *policy, int64_t now_us)
{
	if (incident_store_is_read(s) && s->keeps && !kept_text_busy(&s->kept))
		step(s, in, policy, now_us, false);
}

void incident_store_free(struct incident_store *s, struct incidents *in,
			 const struct incident_policy *policy, int64_t now_us)
{
	bool ended = true;

	/* A disk that does not answer holds it: it still uses *s, until the process ends. */
	if (!incident_reader_wait(&s->reader))
		return;
	(void)incident_store_is_read(s);
	for (int n = 0; s->keeps && ended && n <= INCIDENTS_OPEN; n++) {
		ended = kept_text_wait(&s->kept);
		if (ended)
			step(s, in, policy, now_us, true);
		if (ended && s->saving.id == 0)
			break;
	}
	if (!kept_text_close(&s->kept))
		return;
	free(s->saving.summary);
	incident_index_free(&s->index);
	free(s);
}

/* --- what is told -------------------------------------------------------------------------------- */

/* One that is in memory, and so may be newer than what is kept of it. */
static void put_live(struct record_buf *to, const struct incident *i, bool *first)
{
	record_put(to, "%s", *first ? "" : ",");
	incident_text_summary(to, i);
	*first = false;
}

static const struct incident *next_live(const struct incidents *in, uint64_t behind)
{
	const struct incident *next = NULL;

	for (int n = 0; n < INCIDENTS_OPEN; n++) {
		const struct incident *i = in->list[n];

		if (i && i->id > behind && (!next || i->id < next->id))
			next = i;
	}
	return next;
}

static void put_all(struct record_buf *to, const struct incident_store *s,
		    const struct incidents *in)
{
	const struct incident *live = next_live(in, 0);
	bool first = true;

	for (size_t n = 0; s && n < s->index.n; n++) {
		const struct incident_entry *e = &s->index.list[n];

		for (; live && live->id < e->id; live = next_live(in, live->id))
			put_live(to, live, &first);
		if ((live && live->id == e->id) || !e->summary)
			continue;
		record_put(to, "%s", first ? "" : ",");
		record_put_bytes(to, e->summary, strlen(e->summary));
		first = false;
	}
	for (; live; live = next_live(in, live->id))
		put_live(to, live, &first);
}

static int to_fd(struct record_buf *text, int *ret_fd)
{
	int r = text->failed ? -ENOMEM : sealed_new("colod-incidents", text->text, text->n, ret_fd);

	record_buf_free(text);
	return r;
}

int incident_store_list(const struct incident_store *s, const struct incidents *in, int64_t wall_us,
			int *ret_fd)
{
	struct record_buf text = {0};
	bool first = true;

	record_put(&text,
		   "{\"schema\":%d,\"now_us\":%" PRId64 ",\"left_out\":%" PRIu64
		   ",\"disk\":\"%s\",\"open\":[",
		   INCIDENT_SCHEMA, wall_us, in->left_out,
		   !s || !s->keeps  ? "none"
		   : s->reader.runs ? "reading"
		   : s->kept.said   ? "failing"
				    : "ok");
	for (const struct incident *i = next_live(in, 0); i; i = next_live(in, i->id)) {
		if (i->closed)
			continue;
		record_put(&text, "%s%" PRIu64, first ? "" : ",", i->id);
		first = false;
	}
	record_put(&text, "],\"incidents\":[");
	put_all(&text, s, in);
	record_put(&text, "]}");
	return to_fd(&text, ret_fd);
}

int incident_store_get(const struct incident_store *s, const struct incidents *in, uint64_t id,
		       int *ret_fd, struct file_open **ret_open)
{
	const struct incident *live = incident_find(in, id);
	char path[INCIDENT_INDEX_PATH_SIZE], end[KEPT_END_LEN + 1];
	struct record_buf text = {0};

	if (!live)
		return s && incident_index_find(&s->index, id)
			       ? file_open_start(s->kept.root_fd, incident_index_path(id, path),
						 O_RDONLY | O_NONBLOCK, ret_open)
			       : -ENOENT;
	incident_text_put(&text, live);
	if (!text.failed) {
		kept_end_of(text.text, text.n, end);
		record_put_bytes(&text, end, KEPT_END_LEN);
	}
	return to_fd(&text, ret_fd);
}
