// SPDX-License-Identifier: LGPL-2.1-or-later
// The catalogue of what colod says about what it does: one row per kind of record, with the ID by which
// the journal finds it (packaging/systemd/colod.catalog explains each), its level and its sentence.
#pragma once

#include "colod/history.h"

#define MESSAGES_ID_SIZE 33
/* Of the longest sentence: every field of a record, and some words. */
#define MESSAGES_TEXT_SIZE 1536

struct message {
	const char *name; /* "write", "rung": the word for --kind, and the key for rate limiting */
	const char *id;	  /* 128 bits as 32 hex digits; never changes once released */
	int level;	  /* LOG_* */
};

/* The row of a kind; NULL for none. */
const struct message *messages_of(enum history_kind kind);

/* The kind with this name, or -EINVAL. */
int messages_kind_from(const char *name);

/* One sentence, as the journal and coloctl print it. Returns buf. */
const char *messages_text(const struct history_record *record, char *buf, size_t size);

/* Keeps the record and says it: the one way in which what colod does becomes known. Of each kind at
 * most so many lines are said as log.h allows; all are kept. What was only observed is not said, but
 * for steps. `history` may be NULL: then it is only said. */
void messages_tell_at(struct history *history, const struct history_record *record,
		      const char *file, int line, const char *function);
#define messages_tell(history, record)                                                             \
	messages_tell_at((history), (record), __FILE__, __LINE__, __func__)
