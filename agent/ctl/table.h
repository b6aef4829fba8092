// SPDX-License-Identifier: LGPL-2.1-or-later
// A table that fits the terminal: columns as wide as their content, and where that is too wide, the
// ones that may be cut are, widest first.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "agent/ctl/term.h"

#define TABLE_COLUMNS_MAX 12

struct table_column {
	const char *title;
	bool right;
	unsigned min; /* may be cut down to this many columns; 0: never cut */
};

struct table_cell {
	char *text;
	enum term_colour colour;
};

struct table {
	const struct table_column *columns;
	size_t n_columns;
	struct table_cell *cells; /* row by row; owned */
	size_t n_rows;
	size_t n_cells; /* of the row under way: rows are complete when it is 0 */
	bool failed;	/* out of memory: table_print() prints nothing */
};

/* `columns` is borrowed; at most TABLE_COLUMNS_MAX. */
void table_init(struct table *table, const struct table_column *columns, size_t n_columns);
void table_done(struct table *table);

/* The next cell, from left to right; NULL is shown as "-". The text is copied. */
void table_add(struct table *table, const char *text, enum term_colour colour);

/* Title line and rows. Columns that do not even fit when everything was cut are left out, the last
 * ones first. 0, or -ENOMEM. */
int table_print(const struct table *table, const struct term *term);
