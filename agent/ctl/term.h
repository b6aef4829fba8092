// SPDX-License-Identifier: LGPL-2.1-or-later
// Text on a terminal. Everything that is printed goes through here, because names come from pods: a
// control character in one must not reach the terminal, whatever verb shows it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum term_colour {
	TERM_PLAIN,
	TERM_BOLD,
	TERM_DIM,
	TERM_RED,
	TERM_GREEN,
	TERM_YELLOW,
	TERM_COLOUR_COUNT,
};

struct term {
	FILE *out;
	unsigned width; /* columns; 0: no limit */
	bool colour;
	bool utf8;	/* else everything is shown in ASCII */
	int64_t now_us; /* CLOCK_BOOTTIME, for "how long ago" */
};

/* Width from COLUMNS, else from the terminal, else none; colour on a terminal without NO_COLOR;
 * UTF-8 from the locale, and where none is set. */
void term_init(struct term *term, FILE *out);

/* Columns that the text takes, with control characters written as escapes. */
unsigned term_width(const struct term *term, const char *text);

/* Prints text in a field of exactly `columns`, cut with "…" or padded; `columns` 0: as it is. */
void term_field(const struct term *term, const char *text, unsigned columns, bool right,
		enum term_colour colour);

/* Prints text as it is, escaped. */
void term_text(const struct term *term, const char *text, enum term_colour colour);

/* Prints text as a paragraph that is indented by `indent` columns and wrapped between words,
 * further lines by `hang`; ends with a newline. The cursor must be at `column`. */
void term_paragraph(const struct term *term, const char *text, unsigned column, unsigned indent,
		    unsigned hang, enum term_colour colour);

/* The same with printf arguments, at the start of a line. */
void term_say(const struct term *term, unsigned indent, unsigned hang, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
