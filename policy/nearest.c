// SPDX-License-Identifier: LGPL-2.1-or-later
// See nearest.h. Optimal string alignment over three rows; words of a policy are short.
#include "policy/nearest.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define WORD_MAX 40
#define ERRORS_MAX 2

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Both at most WORD_MAX long. */
static unsigned distance(const char *a, size_t len_a, const char *b, size_t len_b)
{
	unsigned rows[3][WORD_MAX + 1];
	unsigned *before = rows[0], *last = rows[1], *row = rows[2];

	for (size_t j = 0; j <= len_b; j++)
		last[j] = (unsigned)j;
	for (size_t i = 1; i <= len_a; i++) {
		unsigned *spare = before;

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= len_b; j++) {
			bool same = lower(a[i - 1]) == lower(b[j - 1]);

			row[j] = least(last[j] + 1, row[j - 1] + 1);
			row[j] = least(row[j], last[j - 1] + !same);
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
			    lower(a[i - 2]) == lower(b[j - 1]))
				row[j] = least(row[j], before[j - 2] + 1);
		}
		before = last;
		last = row;
		row = spare;
	}
	return last[len_b];
}

int nearest(const char *text, const char *const *words, size_t n_words)
{
	unsigned best = ERRORS_MAX + 1;
	size_t len = strlen(text);
	int found = -ENOENT;

	if (len > WORD_MAX)
		return -ENOENT;
	for (size_t i = 0; i < n_words; i++) {
		size_t word_len = strlen(words[i]);
		unsigned d;

		if (word_len > WORD_MAX)
			continue;
		d = distance(text, len, words[i], word_len);
		/* Two errors in a word of three letters leave nothing in common. */
		if (d > best || d > ERRORS_MAX || 2 * d > word_len)
			continue;
		found = d == best ? -ENOENT : (int)i;
		best = d;
	}
	return found;
}
