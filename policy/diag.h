// SPDX-License-Identifier: LGPL-2.1-or-later
// Messages about a file that a person wrote: making them safe to show, and their text form.
#pragma once

#include <stddef.h>

#include "colod/diag.h"

/* Room for any message that diag_format() makes. */
#define DIAG_FORMAT_SIZE 1200

/* Where in a text a message points. `offset` is a byte offset into text. */
struct diag_place {
	const char *file;
	const char *text; /* NULL: the file as a whole */
	size_t len;
	size_t offset;
};

/* The bytes of the character at `text` (len > 0), if it is valid UTF-8 and safe to show: no control
 * character but the tab, nothing that separates or reorders lines; else 0. */
size_t diag_printable(const char *text, size_t len);

/* Adds a message; `text` and `hint` ("" for none) are copied, cut to fit, and freed of control
 * characters and broken UTF-8. A full list counts only, but an error takes the place of the last
 * warning. */
void diag_add(struct diags *diags, enum diag_severity severity, const struct diag_place *place,
	      const char *text, const char *hint);

/* How many messages are stored. */
size_t diag_count(const struct diags *diags);

/* Several lines without a newline at the end, in the form that include/colod/diag.h shows; lines
 * that would be empty are left out. Always NUL-terminated; returns buf. */
const char *diag_format(const struct diag *diag, char *buf, size_t size);
