// SPDX-License-Identifier: LGPL-2.1-or-later
// Which incidents are on disk: their numbers, sizes and summaries, in memory, so that a list reads no file.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define INCIDENT_INDEX_PATH_SIZE 64

struct incident_entry {
	uint64_t id;
	uint64_t bytes;
	char *summary; /* a line of JSON, owned; NULL: it could not be read, and only goes in its turn */
};

struct incident_index {
	struct incident_entry *list; /* by id, ascending; owned */
	size_t n, cap;
	uint64_t bytes;
	uint64_t last_id; /* the highest that ever was in it */
};

/* Reads the directory (agent/incident_store.h) below root_fd: the numbers alone. 0, also where there is no directory, or -errno: then
 * what was found until then is in it. */
int incident_index_names(struct incident_index *index, int root_fd);
/* Of a file its size and, where it is the summary of this number, its first line; which may wait for a disk.
 * One that is gone, or cannot be read, has neither. */
void incident_index_read(int root_fd, uint64_t id, struct incident_entry *ret_entry);
void incident_index_free(struct incident_index *index);

/* NULL: there is none. */
const struct incident_entry *incident_index_find(const struct incident_index *index, uint64_t id);

/* In the place of the one with this id where there is one; the summary is taken over, and *entry has none then. 0 or -ENOMEM. */
int incident_index_put(struct incident_index *index, struct incident_entry *entry);
void incident_index_remove(struct incident_index *index, uint64_t id);

/* The file of an incident, below the root. Returns buf. */
const char *incident_index_path(uint64_t id, char buf[INCIDENT_INDEX_PATH_SIZE]);
