// SPDX-License-Identifier: LGPL-2.1-or-later
// A bounded cursor into a caller's buffer: what does not fit is left out, never written past. Pure.
#pragma once

#include <stddef.h>

struct text_out {
	char *buf;
	size_t size;
	size_t len; /* without the NUL; always below size once something was put */
};

/* Appends like printf. */
void text_out_put(struct text_out *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
