// SPDX-License-Identifier: LGPL-2.1-or-later
// See svg.h.
#include "agent/ctl/svg.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "agent/base/utf8.h"

void svg_begin(FILE *out, int width, int height)
{
	(void)fprintf(out,
		      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		      "viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\" "
		      "fill=\"#222\">\n<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n",
		      width, height, width, height, width, height);
}

void svg_end(FILE *out)
{
	(void)fputs("</svg>\n", out);
}

static void put(FILE *out, int64_t tenths)
{
	uint64_t size = tenths < 0 ? -(uint64_t)tenths : (uint64_t)tenths;

	(void)fprintf(out, "%s%" PRIu64, tenths < 0 ? "-" : "", size / 10);
	if (size % 10)
		(void)fprintf(out, ".%" PRIu64, size % 10);
}

static void put_key(FILE *out, const char *key, int64_t tenths)
{
	(void)fprintf(out, " %s=\"", key);
	put(out, tenths);
	(void)fputc('"', out);
}

void svg_rect(FILE *out, int64_t x, int64_t y, int64_t w, int64_t h, const char *style)
{
	(void)fputs("<rect", out);
	put_key(out, "x", x);
	put_key(out, "y", y);
	put_key(out, "width", w);
	put_key(out, "height", h);
	(void)fprintf(out, " %s/>\n", style);
}

void svg_line(FILE *out, int64_t x1, int64_t y1, int64_t x2, int64_t y2, const char *style)
{
	(void)fputs("<line", out);
	put_key(out, "x1", x1);
	put_key(out, "y1", y1);
	put_key(out, "x2", x2);
	put_key(out, "y2", y2);
	(void)fprintf(out, " %s/>\n", style);
}

void svg_point(FILE *out, int64_t x, int64_t y)
{
	(void)fputc(' ', out);
	put(out, x);
	(void)fputc(',', out);
	put(out, y);
}

static void put_char(FILE *out, const char *at, size_t n, uint32_t point)
{
	if (n == 0 || utf8_unsafe(point) || point == 0xfffe || point == 0xffff)
		(void)fputc('?', out);
	else if (point == '&')
		(void)fputs("&amp;", out);
	else if (point == '<')
		(void)fputs("&lt;", out);
	else if (point == '>')
		(void)fputs("&gt;", out);
	else if (point == '"')
		(void)fputs("&quot;", out);
	else if (point == '\'')
		(void)fputs("&#39;", out);
	else
		(void)fwrite(at, 1, n, out);
}

static size_t count(const char *text)
{
	size_t n = 0, len = strlen(text);

	for (size_t i = 0; i < len; n++) {
		uint32_t point;
		size_t size = utf8_decode(text + i, len - i, &point);

		i += size > 0 ? size : 1;
	}
	return n;
}

void svg_escape(FILE *out, const char *text, unsigned max)
{
	size_t len = strlen(text);
	bool cut = count(text) > max;
	unsigned n = 0;

	for (size_t i = 0; i < len && n < (cut ? max - 1 : max); n++) {
		uint32_t point = 0;
		size_t size = utf8_decode(text + i, len - i, &point);

		put_char(out, text + i, size, point);
		i += size > 0 ? size : 1;
	}
	if (cut)
		(void)fputs("…", out);
}

void svg_text(FILE *out, int64_t x, int64_t y, const char *style, const char *text, unsigned max)
{
	(void)fputs("<text", out);
	put_key(out, "x", x);
	put_key(out, "y", y);
	(void)fprintf(out, " %s>", style);
	svg_escape(out, text, max);
	if (count(text) > max) {
		(void)fputs("<title>", out);
		svg_escape(out, text, UINT_MAX);
		(void)fputs("</title>", out);
	}
	(void)fputs("</text>\n", out);
}
