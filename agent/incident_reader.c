// SPDX-License-Identifier: LGPL-2.1-or-later
// See incident_reader.h.
#include "agent/incident_reader.h"

#include <errno.h>
#include <stdlib.h>

#include "agent/base/log.h"
#include "agent/base/thread.h"
#include "agent/incident_store.h"

/* A first line of 4 KiB, and the parser of JSON. */
#define STACK_BYTES (256u * 1024)
#define WAIT_S 2

static void *run(void *argument)
{
	struct incident_reader *r = argument;
	int result = 0;
	size_t n;

	for (n = 0; result == 0 && n < r->index.n && !atomic_load(&r->stop); n++) {
		struct incident_entry entry;

		incident_index_read(r->root_fd, r->index.list[n].id, &entry);
		result = incident_index_put(&r->index, &entry);
		free(entry.summary);
	}
	r->result = result == 0 && n < r->index.n ? -ECANCELED : result;
	atomic_store(&r->ended, true);
	return NULL;
}

int incident_reader_start(struct incident_reader *r, int root_fd,
			  const struct incident_index *names)
{
	int error = 0;

	r->root_fd = root_fd;
	for (size_t n = 0; error == 0 && n < names->n; n++) {
		struct incident_entry one = {.id = names->list[n].id};

		error = incident_index_put(&r->index, &one);
	}
	if (error < 0) {
		incident_index_free(&r->index);
		return error;
	}
	r->runs = true;
	if (thread_start("colod-incread", STACK_BYTES, run, r, &r->thread) == 0)
		return 0;
	r->thread = pthread_self();
	(void)run(r);
	return 0;
}

bool incident_reader_ended(const struct incident_reader *r)
{
	return !r->runs || atomic_load(&r->ended);
}

static void say_unread(const struct incident_index *index)
{
	size_t unread = 0;

	for (size_t n = 0; n < index->n; n++)
		unread += !index->list[n].summary;
	if (unread > 0)
		log_warning(
			"incidents.read",
			"%zu incidents in /%s cannot be read: they were cut, changed, or written "
			"by another version, and go in their turn",
			unread, INCIDENT_STORE_DIRECTORY);
}

static void join(struct incident_reader *r)
{
	if (!pthread_equal(r->thread, pthread_self()))
		(void)pthread_join(r->thread, NULL);
	r->runs = false;
}

int incident_reader_take(struct incident_reader *r, struct incident_index *index)
{
	join(r);
	if (r->result < 0) {
		incident_index_free(&r->index);
		return r->result;
	}
	say_unread(&r->index);
	incident_index_free(index);
	*index = r->index;
	r->index = (struct incident_index){0};
	return 0;
}

bool incident_reader_wait(struct incident_reader *r)
{
	if (incident_reader_ended(r))
		return true;
	atomic_store(&r->stop, true);
	if (!thread_join_for(r->thread, WAIT_S))
		return false;
	r->thread = pthread_self();
	return true;
}
