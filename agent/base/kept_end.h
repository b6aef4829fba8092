// SPDX-License-Identifier: LGPL-2.1-or-later
// The last line of a kept text, a checksum, by which one that is cut or damaged is told from a whole one. Touches no file.
#pragma once

#include <stddef.h>

#define KEPT_END_LEN 13 /* "end 0123abcd\n" */

/* That of a text, NUL-terminated. */
void kept_end_of(const char *text, size_t len, char ret_end[KEPT_END_LEN + 1]);

/* The length of the text without its last line; -EBADMSG where that does not fit to it. */
int kept_end_take(const char *text, size_t *len);
