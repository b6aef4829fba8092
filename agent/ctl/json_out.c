// SPDX-License-Identifier: LGPL-2.1-or-later
// See json_out.h.
#include "agent/ctl/json_out.h"

#include <errno.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/utf8.h"

static void escape(uint32_t point, FILE *out)
{
	if (point < 0x10000) {
		(void)fprintf(out, "\\u%04x", (unsigned)point);
		return;
	}
	point -= 0x10000;
	(void)fprintf(out, "\\u%04x\\u%04x", (unsigned)(0xd800 + (point >> 10)),
		      (unsigned)(0xdc00 + (point & 0x3ff)));
}

int json_out(const cJSON *tree, FILE *out)
{
	_cleanup_free_ char *text = cJSON_Print(tree);
	size_t len = text ? strlen(text) : 0;

	if (!text)
		return -ENOMEM;
	for (const char *p = text; len > 0;) {
		uint32_t point;
		size_t n = utf8_decode(p, len, &point);

		if (n == 0) {
			(void)fputs("\\ufffd", out);
			n = 1;
		} else if (point >= 0x7f && utf8_unsafe(point)) {
			escape(point, out);
		} else {
			(void)fwrite(p, 1, n, out);
		}
		p += n;
		len -= n;
	}
	(void)fputc('\n', out);
	return ferror(out) ? -EIO : 0;
}
