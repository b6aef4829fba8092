// SPDX-License-Identifier: LGPL-2.1-or-later
// The bounded log of records (colod/history.h). Adding one allocates nothing, cannot fail and never
// waits for a disk, so that every stage may call it at any point.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "colod/history.h"

/* In memory alone. 0 or -ENOMEM. */
int history_new(struct history **ret_history);

/* Keeps the records in /var/lib/colod below root_fd (borrowed), too, and takes in those that are there:
 * ids go on. A disk that cannot be read or written costs the past or the future of the file, never
 * anything else; it is said once, and again when it works. */
void history_open(struct history *history, int root_fd);

/* From here on a thread of its own writes to the disk, which may take its time. 0 or -errno: then
 * history_flush() writes. After history_open() only. */
int history_start(struct history *history);

/* At the end of a pass: what is new is to be written to the disk, in one go. Never waits where there is
 * the thread; costs nothing where nothing is new. */
void history_flush(struct history *history);

/* Writes what is left, but waits no longer than 2 s for a disk that hangs. NULL is no history. */
void history_free(struct history *history);

/* Takes in a copy; gives it its id, and the times where they are 0. From any thread. NULL for
 * `history` is nobody who keeps records: nothing happens. */
void history_add(struct history *history, const struct history_record *record);

/* Fills one text of a record like snprintf(); what does not fit is cut. */
void history_set(char *field, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
#define HISTORY_SET(field, ...) history_set((field), sizeof(field), __VA_ARGS__)

/* Fills `what` with a cgroup path; of one that is too long the end is kept. */
void history_set_path(struct history_record *record, const char *path);

/* The oldest record at or after *cursor (start with 0; it counts nothing that means anything); sets
 * *cursor to read on. False at the end. Records that fell out meanwhile are passed over. */
bool history_next(const struct history *history, uint64_t *cursor,
		  struct history_record *ret_record);

/* The cursor behind the newest record: only what comes from now on is read on from it. */
uint64_t history_end(const struct history *history);

struct history_counts {
	uint64_t added;	      /* since start */
	uint64_t not_on_disk; /* since start: fell out of memory before a disk took them */
	uint64_t batches;     /* since start: writes to the disk that were taken */
	bool disk;	      /* there is a file to write to */
	bool failing;	      /* which cannot be written now */
};
struct history_counts history_counts(const struct history *history);
