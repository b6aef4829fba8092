// SPDX-License-Identifier: LGPL-2.1-or-later
// See term.h. Nothing here allocates except term_say(): a text is measured and printed character by
// character, each turned into what may be shown.
#include "agent/ctl/term.h"

#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "agent/base/utf8.h"

/* Narrower is treated as this: a table has to put something somewhere. */
#define WIDTH_MIN 20

struct glyph {
	char text[16];
	unsigned columns;
};

struct replacement {
	uint32_t point;
	const char *ascii;
};

/* What colod's own sentences use; anything else becomes '?' on an ASCII terminal. */
static const struct replacement replacements[] = {
	{0x00b7, "-"},	{0x2013, "-"},	 {0x2014, "-"}, {0x2018, "'"},	{0x2019, "'"},
	{0x2192, "->"}, {0x2026, "..."}, {0x00d7, "x"}, {0x2264, "<="}, {0x2265, ">="},
};

static bool locale_is_utf8(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	(void)setlocale(LC_CTYPE, "");
	if (strcmp(nl_langinfo(CODESET), "UTF-8") == 0)
		return true;
	/* No locale at all is a service or a bare root shell, not a terminal that cannot. */
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return false;
	}
	return true;
}

static unsigned columns_of(FILE *out)
{
	const char *env = getenv("COLUMNS");
	struct winsize size;
	char *end;

	if (env && *env) {
		unsigned long n = strtoul(env, &end, 10);

		if (!*end && n > 0 && n < 10000)
			return (unsigned)n;
	}
	if (ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 0;
}

void term_init(struct term *term, FILE *out)
{
	const char *no_colour = getenv("NO_COLOR");
	const char *kind = getenv("TERM");
	bool dumb = kind && strcmp(kind, "dumb") == 0;

	*term = (struct term){
		.out = out,
		.width = columns_of(out),
		.colour = isatty(fileno(out)) && !dumb && !(no_colour && *no_colour),
		.utf8 = locale_is_utf8(),
	};
	if (term->width > 0 && term->width < WIDTH_MIN)
		term->width = WIDTH_MIN;
}

static void glyph_escape(uint32_t point, struct glyph *glyph)
{
	int n = snprintf(glyph->text, sizeof(glyph->text), point < 0x100 ? "\\x%02x" : "\\u{%x}",
			 (unsigned)point);

	glyph->columns = (unsigned)n;
}

static void glyph_ascii(uint32_t point, struct glyph *glyph)
{
	const char *text = "?";

	for (size_t i = 0; i < sizeof(replacements) / sizeof(replacements[0]); i++) {
		if (replacements[i].point == point)
			text = replacements[i].ascii;
	}
	glyph->columns = (unsigned)snprintf(glyph->text, sizeof(glyph->text), "%s", text);
}

/* What to show for the next character; returns the bytes it takes. */
static size_t next(const struct term *term, const char *text, size_t len, struct glyph *glyph)
{
	uint32_t point;
	size_t n = utf8_decode(text, len, &point);

	if (n == 0) {
		glyph_escape((unsigned char)*text, glyph);
		return 1;
	}
	if (utf8_unsafe(point)) {
		glyph_escape(point, glyph);
	} else if (point >= 0x80 && !term->utf8) {
		glyph_ascii(point, glyph);
	} else {
		memcpy(glyph->text, text, n);
		glyph->text[n] = '\0';
		glyph->columns = utf8_width(point);
	}
	return n;
}

static unsigned width_of(const struct term *term, const char *text, size_t len)
{
	unsigned columns = 0;
	struct glyph glyph;

	for (size_t i = 0; i < len; columns += glyph.columns)
		i += next(term, text + i, len - i, &glyph);
	return columns;
}

unsigned term_width(const struct term *term, const char *text)
{
	return width_of(term, text, strlen(text));
}

static void colour_on(const struct term *term, enum term_colour colour)
{
	static const char *const codes[TERM_COLOUR_COUNT] = {
		"", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m",
	};

	if (term->colour && colour != TERM_PLAIN)
		(void)fputs(codes[colour], term->out);
}

static void colour_off(const struct term *term, enum term_colour colour)
{
	if (term->colour && colour != TERM_PLAIN)
		(void)fputs("\x1b[0m", term->out);
}

/* At most `columns`; returns how many were used. */
static unsigned put(const struct term *term, const char *text, size_t len, unsigned columns)
{
	unsigned used = 0;
	struct glyph glyph;

	for (size_t i = 0; i < len; used += glyph.columns) {
		size_t n = next(term, text + i, len - i, &glyph);

		if (used + glyph.columns > columns)
			break;
		(void)fputs(glyph.text, term->out);
		i += n;
	}
	return used;
}

static void pad(const struct term *term, unsigned columns)
{
	if (columns > 0)
		(void)fprintf(term->out, "%*s", (int)columns, "");
}

static unsigned put_cut(const struct term *term, const char *text, size_t len, unsigned columns)
{
	const char *more = "\xe2\x80\xa6";
	unsigned more_columns = term_width(term, more), used;

	if (columns <= more_columns)
		return put(term, text, len, columns);
	used = put(term, text, len, columns - more_columns);
	return used + put(term, more, strlen(more), more_columns);
}

void term_field(const struct term *term, const char *text, unsigned columns, bool right,
		enum term_colour colour)
{
	unsigned width = term_width(term, text);
	size_t len = strlen(text);

	if (columns == 0)
		columns = width;
	if (right && width < columns)
		pad(term, columns - width);
	colour_on(term, colour);
	if (width > columns)
		width = put_cut(term, text, len, columns);
	else
		(void)put(term, text, len, width);
	colour_off(term, colour);
	if (!right && width < columns)
		pad(term, columns - width);
}

void term_text(const struct term *term, const char *text, enum term_colour colour)
{
	term_field(term, text, 0, false, colour);
}

/* How many bytes of a word fit: with `slash` up to the last slash among them, so that the parts of
 * a path stay whole, else as many as there are. 0: none. */
static size_t part_of(const struct term *term, const char *word, size_t len, unsigned columns,
		      bool slash)
{
	size_t fits = 0, whole = 0;
	unsigned used = 0;
	struct glyph glyph;

	while (fits < len) {
		size_t n = next(term, word + fits, len - fits, &glyph);

		used += glyph.columns;
		if (used > columns)
			break;
		fits += n;
		if (word[fits - 1] == '/')
			whole = fits;
	}
	return slash ? whole : fits;
}

/* The bytes of the next word that go on one line: all, or a part where no line could hold it. */
static size_t portion(const struct term *term, const char *word, size_t len, unsigned column,
		      unsigned hang)
{
	unsigned line = term->width > hang ? term->width - hang : 0;
	unsigned room = term->width > column ? term->width - column : 0;
	size_t part = 0;

	if (line == 0 || width_of(term, word, len) <= line)
		return len;
	part = part_of(term, word, len, room, true);
	if (part == 0)
		part = part_of(term, word, len, line, true);
	if (part == 0)
		part = part_of(term, word, len, line, false);
	return part ? part : len;
}

/* Puts the cursor where a word of this width can start; returns the new column. */
static unsigned before_word(const struct term *term, unsigned column, unsigned hang, unsigned width,
			    bool first)
{
	unsigned blank = first ? 0 : 1;

	if (term->width > 0 && column > hang && column + blank + width > term->width) {
		(void)fputc('\n', term->out);
		pad(term, hang);
		return hang;
	}
	pad(term, blank);
	return column + blank;
}

void term_paragraph(const struct term *term, const char *text, unsigned column, unsigned indent,
		    unsigned hang, enum term_colour colour)
{
	bool first = true;

	if (column < indent) {
		pad(term, indent - column);
		column = indent;
	}
	colour_on(term, colour);
	while (*text) {
		size_t len = strcspn(text, " ");
		size_t part = portion(term, text, len, column + !first, hang);
		unsigned width = width_of(term, text, part);

		column = before_word(term, column, hang, width, first) + width;
		(void)put(term, text, part, width);
		text += part;
		/* The rest of a long word follows without a blank. */
		first = part < len;
		text += part == len && *text == ' ';
	}
	colour_off(term, colour);
	(void)fputc('\n', term->out);
}

void term_say(const struct term *term, unsigned indent, unsigned hang, const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0) {
		text = NULL;
		return;
	}
	term_paragraph(term, text, 0, indent, hang, TERM_PLAIN);
}
