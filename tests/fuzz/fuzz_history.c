// SPDX-License-Identifier: LGPL-2.1-or-later
// Any line as one of the history: no crash, and what is understood is written as the same bytes. The
// line gets its right checksum, so that the fuzzer gets past it; the files of the corpus are readable
// this way. Without it, it must be refused.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/checksum.h"
#include "agent/base/history_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char again[HISTORY_TEXT_SIZE + 1];
	struct history_record record;
	char *line = malloc(size + 10), *body;
	size_t len;

	require(line != NULL);
	if (size > 0 && data[size - 1] == '\n')
		size--;
	(void)sprintf(line, "%08x ", checksum_crc32((const char *)data, size));
	body = line + 9;
	memcpy(body, data, size);
	(void)history_text_parse(body, size, &record);
	if (history_text_parse(line, size + 9, &record) == 0) {
		len = history_text_format(&record, again);
		require(len == size + 10 && len < sizeof(again));
		require(memcmp(again, line, size + 9) == 0 && again[len - 1] == '\n');
	}
	free(line);
	return 0;
}
