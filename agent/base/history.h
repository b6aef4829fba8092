// SPDX-License-Identifier: LGPL-2.1-or-later
// The bounded log of records (colod/history.h). Adding one allocates nothing, cannot fail and never
// waits for a disk, so that every stage may call it at any point.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "colod/history.h"

/* 0 or -ENOMEM. history_free() accepts NULL. */
int history_new(struct history **ret_history);
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

/* The oldest record that is kept and whose id is at least *cursor (start with 0); sets *cursor to
 * read on. False at the end. Records that fell out meanwhile are passed over. */
bool history_next(const struct history *history, uint64_t *cursor,
		  struct history_record *ret_record);
