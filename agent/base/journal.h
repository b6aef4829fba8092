// SPDX-License-Identifier: LGPL-2.1-or-later
// Entries with fields for systemd's journal, over its native socket. Never waits: a journal that does not
// keep up must not hold up the agent.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct journal_field {
	const char *name;  /* upper case, as the journal wants it */
	const char *value; /* "": the field is left out */
};

/* Whether stderr goes to the journal (JOURNAL_STREAM of systemd.exec(5) names it), and its socket is
 * there. From then on journal_send() works. */
bool journal_open(void);
void journal_close(void);

/* False when the entry was not taken; then the caller says it on stderr. */
bool journal_send(const struct journal_field *fields, size_t n);
