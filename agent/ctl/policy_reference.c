// SPDX-License-Identifier: LGPL-2.1-or-later
// See policy_reference.h. The page itself is the source, so the two cannot drift apart; a test holds its
// rows against the reader's tables.
#include "agent/ctl/policy_reference.h"

#include <stdbool.h>
#include <string.h>

extern const char policy_reference_begin[];

__asm__(".section .rodata\n"
	".global policy_reference_begin\n"
	"policy_reference_begin:\n"
	".incbin \"policy/README.md\"\n"
	".byte 0\n"
	".previous\n");

/* One cell, up to " |": backticks and emphasis are for Markdown alone. */
static const char *take_cell(const char *text, char *buf, size_t size)
{
	size_t n = 0;

	for (; *text && *text != '\n' && strncmp(text, " |", 2) != 0; text++) {
		if (*text == '`' || (*text == '*' && (text[1] == 'N' || text[-1] == '.')))
			continue;
		if (n + 1 < size)
			buf[n++] = *text;
	}
	buf[n] = '\0';
	return *text == ' ' ? text + 2 : text;
}

static bool take_row(const char *line, struct policy_reference *row)
{
	const char *p = take_cell(line + strlen("| `"), row->path, sizeof(row->path));

	if (row->path[0] == '\0' || strchr(row->path, '/') || *p != ' ')
		return false;
	p = take_cell(p + 1, row->accepts, sizeof(row->accepts));
	row->meaning[0] = '\0';
	if (*p == ' ')
		(void)take_cell(p + 1, row->meaning, sizeof(row->meaning));
	return true;
}

int policy_reference_next(size_t *at, struct policy_reference *ret_row)
{
	const char *line = policy_reference_begin + *at;

	while ((line = strstr(line, "\n| `")) != NULL) {
		line++;
		*at = (size_t)(line - policy_reference_begin);
		if (take_row(line, ret_row))
			return 1;
	}
	return 0;
}
