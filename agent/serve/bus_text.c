// SPDX-License-Identifier: LGPL-2.1-or-later
// See bus_text.h.
#include "agent/serve/bus_text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/utf8.h"

int bus_text_append(sd_bus_message *message, const char *text)
{
	_cleanup_free_ char *copy = NULL;
	int r;

	if (text && !utf8_valid(text)) {
		copy = strdup(text);
		if (!copy)
			return -ENOMEM;
		text = utf8_scrub(copy);
	}
	r = sd_bus_message_append_basic(message, 's', text ? text : "");
	return r < 0 ? r : 0;
}

int bus_text_appendf(sd_bus_message *message, const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0) {
		text = NULL;
		return -ENOMEM;
	}
	return bus_text_append(message, text);
}

uint64_t bus_text_hash(const char *text)
{
	uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */

	while (text && *text)
		h = (h ^ (unsigned char)*text++) * 0x100000001b3u;
	return h;
}
