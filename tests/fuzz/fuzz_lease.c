// SPDX-License-Identifier: LGPL-2.1-or-later
// What a guard reads before it kills a process: the lease, and the stat line of that process. A lease
// that is taken reads the same when it is written again.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/lease.h"
#include "agent/base/process.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), again[LEASE_TEXT_SIZE];
	struct lease lease;
	uint64_t start;

	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	if (lease_parse(text, size, &lease) == 0) {
		check(lease.until_us >= 0);
		lease_format(&lease, again);
		check(strlen(again) == size && memcmp(again, text, size) == 0);
	}
	(void)process_start_parse(text, &start);
	free(text);
	return 0;
}
