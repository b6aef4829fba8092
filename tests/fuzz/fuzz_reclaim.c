// SPDX-License-Identifier: LGPL-2.1-or-later
// Any text as memory.stat: no crash, no touched output on failure, and whatever it says, no slice asks for
// more than there is.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/reclaim.h"

#define PAGE_BYTES 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_slice(const struct reclaim_stat *stat, uint64_t swap_bytes, bool mglru)
{
	static const struct reclaim_pace fast = {.slice_bytes = UINT64_MAX};
	uint64_t give = reclaim_give(stat, swap_bytes, mglru), bytes = 0;

	require(give >= reclaim_give(stat, 0, mglru));
	if (reclaim_next(&fast, give, UINT64_MAX, PAGE_BYTES, 0, &bytes) != RECLAIM_SLICE) {
		require(bytes == 0 && give <= RECLAIM_GIVE_MIN_BYTES);
		return;
	}
	require(bytes <= give && bytes <= RECLAIM_SLICE_MAX_BYTES);
	require(bytes >= RECLAIM_SLICE_MIN_BYTES && bytes % PAGE_BYTES == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reclaim_stat stat, untouched;
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	memset(&stat, 0x5a, sizeof(stat));
	untouched = stat;
	if (reclaim_stat_parse(text, 0, &stat) < 0) {
		require(memcmp(&stat, &untouched, sizeof(stat)) == 0);
	} else {
		for (int i = 0; i < 2; i++) {
			check_slice(&stat, 0, i == 0);
			check_slice(&stat, 1u << 30, i == 0);
			check_slice(&stat, UINT64_MAX, i == 0);
		}
	}
	free(text);
	return 0;
}
