// SPDX-License-Identifier: LGPL-2.1-or-later
// See diag.h. What a message quotes comes from a file of unknown origin and goes to terminals and
// the journal: nothing but printable text leaves here.
#include "policy/diag.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "policy/text_out.h"

/* How much of a long line is shown before the place that is meant. */
#define LINE_BEFORE 100

size_t diag_printable(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;
	uint32_t point;
	size_t n;

	if (s[0] == '\t' || (s[0] >= 0x20 && s[0] < 0x7f))
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (n > len)
		return 0;
	point = s[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (s[i] & 0x3f);
	}
	if ((n == 3 && point < 0x800) || (n == 4 && (point < 0x10000 || point > 0x10ffff)))
		return 0;
	/* C1 controls, surrogates, what separates or reorders lines, byte order marks. */
	if (point < 0xa0 || (point >= 0xd800 && point < 0xe000) || point == 0x200e ||
	    point == 0x200f || (point >= 0x2028 && point <= 0x202e) ||
	    (point >= 0x2066 && point <= 0x2069) || point == 0xfeff || (point | 1) == 0xffff)
		return 0;
	return n;
}

/* Copies byte for byte, so that columns stay what they are; what is not printable becomes '?'. */
static void copy_clean(char *to, size_t size, const char *from, size_t len)
{
	size_t i = 0;

	while (i < len) {
		size_t n = diag_printable(from + i, len - i);

		if (i + (n ? n : 1) >= size)
			break;
		if (n) {
			memcpy(to + i, from + i, n);
			i += n;
		} else {
			to[i++] = '?';
		}
	}
	to[i] = '\0';
}

static bool is_break(char c)
{
	return c == '\n' || c == '\r';
}

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static void set_place(struct diag *d, const struct diag_place *place)
{
	const char *text = place->text;
	size_t offset = place->offset < place->len ? place->offset : place->len;
	size_t start = 0, end = offset, from;

	d->line = 1;
	for (size_t i = 0; i < offset; i++) {
		if (!is_break(text[i]) ||
		    (text[i] == '\r' && i + 1 < place->len && text[i + 1] == '\n'))
			continue;
		d->line++;
		start = i + 1;
	}
	while (end < place->len && !is_break(text[end]))
		end++;
	d->col = (uint32_t)(offset - start) + 1;
	from = start;
	if (end - start >= sizeof(d->source) && offset - start > LINE_BEFORE) {
		from = offset - LINE_BEFORE;
		while (from < offset && is_continuation(text[from]))
			from++;
	}
	d->caret = (uint32_t)(offset - from) + 1;
	copy_clean(d->source, sizeof(d->source), text + from, end - from);
}

static struct diag *slot(struct diags *diags, enum diag_severity severity)
{
	size_t stored = diag_count(diags);

	diags->n++;
	if (severity == DIAG_ERROR)
		diags->n_errors++;
	if (stored < DIAGS_MAX)
		return &diags->list[stored];
	if (severity != DIAG_ERROR)
		return NULL;
	for (size_t i = DIAGS_MAX; i-- > 0;) {
		if (diags->list[i].severity != DIAG_WARNING)
			continue;
		memmove(&diags->list[i], &diags->list[i + 1],
			(DIAGS_MAX - 1 - i) * sizeof(diags->list[0]));
		return &diags->list[DIAGS_MAX - 1];
	}
	return NULL;
}

size_t diag_count(const struct diags *diags)
{
	return diags->n < DIAGS_MAX ? diags->n : DIAGS_MAX;
}

void diag_add(struct diags *diags, enum diag_severity severity, const struct diag_place *place,
	      const char *text, const char *hint)
{
	struct diag *d = slot(diags, severity);

	if (!d)
		return;
	memset(d, 0, sizeof(*d));
	d->severity = severity;
	copy_clean(d->file, sizeof(d->file), place->file, strlen(place->file));
	copy_clean(d->text, sizeof(d->text), text, strlen(text));
	copy_clean(d->hint, sizeof(d->hint), hint, strlen(hint));
	if (place->text)
		set_place(d, place);
}

/* Under the source line: tabs stay tabs and a character of several bytes takes one blank. */
static void put_caret(struct text_out *out, const struct diag *d)
{
	text_out_put(out, "\n    ");
	for (size_t i = 0; i + 1 < d->caret && d->source[i]; i++) {
		if (d->source[i] == '\t')
			text_out_put(out, "\t");
		else if (!is_continuation(d->source[i]))
			text_out_put(out, " ");
	}
	text_out_put(out, "^");
}

const char *diag_format(const struct diag *diag, char *buf, size_t size)
{
	struct text_out out = {.buf = buf, .size = size};

	if (size > 0)
		buf[0] = '\0';
	text_out_put(&out, "%s:", diag->file);
	if (diag->line > 0)
		text_out_put(&out, "%u:%u:", diag->line, diag->col);
	text_out_put(&out, " %s%s", diag->severity == DIAG_WARNING ? "warning: " : "", diag->text);
	if (diag->line > 0) {
		text_out_put(&out, "\n    %s", diag->source);
		put_caret(&out, diag);
	}
	if (diag->hint[0])
		text_out_put(&out, "\n%s", diag->hint);
	return buf;
}
