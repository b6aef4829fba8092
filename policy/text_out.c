// SPDX-License-Identifier: LGPL-2.1-or-later
// See text_out.h.
#include "policy/text_out.h"

#include <stdarg.h>
#include <stdio.h>

void text_out_put(struct text_out *out, const char *format, ...)
{
	size_t room = out->size - out->len;
	va_list args;
	int n;

	if (out->len + 1 >= out->size)
		return;
	va_start(args, format);
	n = vsnprintf(out->buf + out->len, room, format, args);
	va_end(args);
	if (n > 0)
		out->len += (size_t)n < room ? (size_t)n : room - 1;
}
