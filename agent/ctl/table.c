// SPDX-License-Identifier: LGPL-2.1-or-later
// See table.h.
#include "agent/ctl/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define GAP 2

void table_init(struct table *table, const struct table_column *columns, size_t n_columns)
{
	*table = (struct table){.columns = columns, .n_columns = n_columns};
}

void table_done(struct table *table)
{
	size_t n = table->n_rows * table->n_columns + table->n_cells;

	for (size_t i = 0; i < n; i++)
		free(table->cells[i].text);
	free(table->cells);
	*table = (struct table){.columns = table->columns, .n_columns = table->n_columns};
}

void table_add(struct table *table, const char *text, enum term_colour colour)
{
	size_t n = table->n_rows * table->n_columns + table->n_cells;
	char *copy;

	if (table->failed)
		return;
	if (table->n_cells == 0) {
		struct table_cell *cells =
			reallocarray(table->cells, n + table->n_columns, sizeof(*cells));

		if (!cells) {
			table->failed = true;
			return;
		}
		table->cells = cells;
	}
	copy = strdup(text ? text : "-");
	if (!copy) {
		table->failed = true;
		return;
	}
	table->cells[n] = (struct table_cell){.text = copy, .colour = colour};
	if (++table->n_cells == table->n_columns) {
		table->n_rows++;
		table->n_cells = 0;
	}
}

static void natural_widths(const struct table *table, const struct term *term, unsigned *widths)
{
	for (size_t c = 0; c < table->n_columns; c++) {
		widths[c] = term_width(term, table->columns[c].title);
		for (size_t r = 0; r < table->n_rows; r++) {
			unsigned w = term_width(term, table->cells[r * table->n_columns + c].text);

			if (w > widths[c])
				widths[c] = w;
		}
	}
}

static unsigned total(const unsigned *widths, size_t n)
{
	unsigned sum = 0;

	for (size_t c = 0; c < n; c++)
		sum += widths[c] + (c > 0 ? GAP : 0);
	return sum;
}

/* Takes one column of width from the widest that may still be cut; false when none may. */
static bool cut_one(const struct table *table, unsigned *widths, size_t n)
{
	size_t widest = n;

	for (size_t c = 0; c < n; c++) {
		unsigned min = table->columns[c].min;

		if (min > 0 && widths[c] > min && (widest == n || widths[c] > widths[widest]))
			widest = c;
	}
	if (widest == n)
		return false;
	widths[widest]--;
	return true;
}

/* Returns how many columns are shown. */
static size_t fit(const struct table *table, const struct term *term, unsigned *widths)
{
	size_t n = table->n_columns;

	natural_widths(table, term, widths);
	while (term->width > 0 && total(widths, n) > term->width) {
		if (cut_one(table, widths, n))
			continue;
		if (n == 1) {
			widths[0] = term->width;
			break;
		}
		n--;
	}
	return n;
}

static void print_cell(const struct table *table, const struct term *term, size_t c, size_t n,
		       unsigned width, const char *text, enum term_colour colour)
{
	bool right = table->columns[c].right;

	if (c > 0)
		(void)fprintf(term->out, "%*s", GAP, "");
	/* No blanks at the end of a line. */
	if (c == n - 1 && !right && term_width(term, text) <= width)
		width = 0;
	term_field(term, text, width, right, colour);
}

int table_print(const struct table *table, const struct term *term)
{
	unsigned widths[TABLE_COLUMNS_MAX];
	size_t n;

	if (table->failed || table->n_columns > TABLE_COLUMNS_MAX)
		return -ENOMEM;
	n = fit(table, term, widths);
	for (size_t c = 0; c < n; c++)
		print_cell(table, term, c, n, widths[c], table->columns[c].title, TERM_BOLD);
	(void)fputc('\n', term->out);
	for (size_t r = 0; r < table->n_rows; r++) {
		for (size_t c = 0; c < n; c++) {
			const struct table_cell *cell = &table->cells[r * table->n_columns + c];

			print_cell(table, term, c, n, widths[c], cell->text, cell->colour);
		}
		(void)fputc('\n', term->out);
	}
	return 0;
}
