// SPDX-License-Identifier: LGPL-2.1-or-later
// Incidents on disk: a file each in /var/lib/colod/incidents, named by its number, written under another name, brought to the
// disk and renamed by a thread, so that a kill at any moment leaves whole files; the oldest go when there are more, or more bytes,
// than the policy allows. One that goes on is kept as it stands, so that the end of the agent costs its last thirty seconds.
// What was kept before is read by a thread too; until it is, nothing is written, and a list says that it is being read.
// What the disk does not take stays in memory (policy/incident.h bounds how much) and is tried again; what is there already stays.
//
// Memory: 48 bytes and the summary, some 400 bytes, for each that is kept: 45 KiB for the hundred of the default.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/incident.h"
#include "colod/policy.h"

#define INCIDENT_STORE_DIRECTORY "var/lib/colod/incidents"
#define INCIDENT_STORE_FRESH INCIDENT_STORE_DIRECTORY "/new"
/* After it was opened it is kept first, and then so often while it goes on. */
#define INCIDENT_STORE_FIRST_US 5000000
#define INCIDENT_STORE_EVERY_US 30000000
#define INCIDENT_STORE_AGAIN_US 30000000

struct incident_store;
struct file_open;

/* `keeps`: files are read and written; else only what is in memory can be told. 0 or -errno. */
int incident_store_new(int root_fd, bool keeps, struct incident_store **ret_store);

/* Whether all that was kept before is known. */
bool incident_store_is_read(struct incident_store *store);

/* The number that is next, by those that are kept. */
uint64_t incident_store_next_id(const struct incident_store *store);

/* At the end of each pass. Drops from memory what is closed and on disk. */
void incident_store_pass(struct incident_store *store, struct incidents *incidents,
			 const struct incident_policy *policy, int64_t now_us);

/* Keeps what there is, for which a slow disk has 2 s for each, and frees the store. */
void incident_store_free(struct incident_store *store, struct incidents *incidents,
			 const struct incident_policy *policy, int64_t now_us);

/* How many are on disk, in how many bytes. */
size_t incident_store_n(const struct incident_store *store, uint64_t *ret_bytes);

/* All summaries, the oldest first, as one JSON document in a sealed memory file; `store` may be NULL. 0 or -errno. */
int incident_store_list(const struct incident_store *store, const struct incidents *incidents,
			int64_t wall_us, int *ret_fd);

/* One, to be read: its text (incident_text.h) with its last line. One that is on disk alone is opened by a thread: then *ret_open
 * is set, and is the caller's, else *ret_fd. -ENOENT: there is none of this number; -EBUSY: a disk does not answer. */
int incident_store_get(const struct incident_store *store, const struct incidents *incidents,
		       uint64_t id, int *ret_fd, struct file_open **ret_open);
