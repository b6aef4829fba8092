// SPDX-License-Identifier: LGPL-2.1-or-later
// Any bytes as a line of /run/colod/units: no crash, and what is taken can be written and is the same then.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/apply/originals_text.h"
#include "agent/apply/unit_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_line(const char *text, size_t len)
{
	struct unit_line line, again;
	char back[UNIT_TEXT_LINE_SIZE];
	size_t back_len = 0;

	memset(&line, 0x5a, sizeof(line));
	if (unit_text_parse(text, len, &line) < 0) {
		require(line.path[0] == 0x5a && line.told == UINT64_C(0x5a5a5a5a5a5a5a5a));
		return;
	}
	require(line.path[0] != '/' && line.path[0] != '.' && !strstr(line.path, "/."));
	require(unit_text_format(&line, back, &back_len) == 0);
	require(back_len == len + 1 && memcmp(back, text, len) == 0);
	require(unit_text_parse(back, back_len - 1, &again) == 0);
	require(strcmp(again.path, line.path) == 0 && again.prop == line.prop &&
		again.told == line.told && again.before == line.before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[2 * UNIT_TEXT_LINE_SIZE];

	if (size > UNIT_TEXT_LINE_SIZE)
		return 0;
	check_line((const char *)data, size);
	/* As the body of a line whose checksum is right: past the first lock. */
	(void)snprintf(text, sizeof(text), "%08x ",
		       originals_text_checksum((const char *)data, size));
	memcpy(text + 9, data, size);
	check_line(text, size + 9);
	return 0;
}
