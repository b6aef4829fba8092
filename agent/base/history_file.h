// SPDX-License-Identifier: LGPL-2.1-or-later
// The history on disk: /var/lib/colod/history, and history.1 before it, lines of history_text.h. Bounded
// by size, appended to in whole batches, never synced: what write(2) took survives every end of this
// process, and a power cut may cost the last seconds.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "colod/history.h"

#define HISTORY_FILE "history"
#define HISTORY_FILE_OLD "history.1"
/* Of each of the two. */
#define HISTORY_FILE_BYTES (1u << 20)

struct history_file {
	int root_fd; /* owned; -EBADF: no disk */
	int dir_fd;  /* owned; -EBADF: not opened yet */
	int fd;	     /* of HISTORY_FILE, to append; -EBADF: not opened yet */
	uint64_t n_bytes;
};

/* What was found in the files. */
struct history_found {
	size_t n_bad; /* lines that could not be read */
	bool torn;    /* the last line was cut: a kill while it was written */
	int error;    /* a file could not be read at all: -errno */
};

#define HISTORY_FILE_NONE ((struct history_file){.root_fd = -EBADF, .dir_fd = -EBADF, .fd = -EBADF})

/* Takes a duplicate of root_fd, which stands for "/". 0 or -errno. */
int history_file_open(struct history_file *file, int root_fd);
void history_file_close(struct history_file *file);

/* Hands over each good line (newline included), the oldest first; of a file larger than
 * HISTORY_FILE_BYTES only its end. */
typedef void (*history_file_fn)(void *context, const struct history_record *record,
				const char *line, size_t len);
void history_file_load(struct history_file *file, history_file_fn fn, void *context,
		       struct history_found *ret_found);

/* Appends whole lines with one write(2), all of them or none; makes room by giving up the oldest file. A
 * cut line at the end (of an earlier kill) is taken off first. 0 or -errno. */
int history_file_append(struct history_file *file, const char *lines, size_t len);
