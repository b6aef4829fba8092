// SPDX-License-Identifier: LGPL-2.1-or-later
// Any text as kept baselines: no crash, nothing of a refused one is left, and what is taken is written in a form that
// is read again as the same.
#include <stdlib.h>
#include <string.h>

#include "policy/baseline_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const int64_t now_us = INT64_C(1000000000000), wall_s = 1764200000;
	struct record_buf first = {0}, second = {0};
	struct baselines *b = NULL, *again = NULL;

	require(baselines_new(&b) == 0 && baselines_new(&again) == 0);
	if (baseline_text_get((const char *)data, size, b, now_us, wall_s) == 0) {
		baseline_text_put(&first, b, now_us, wall_s);
		require(!first.failed && first.n < BASELINE_TEXT_MAX);
		require(baseline_text_get(first.text, first.n, again, now_us, wall_s) == 0);
		baseline_text_put(&second, again, now_us, wall_s);
		require(first.n == second.n && memcmp(first.text, second.text, first.n) == 0);
	} else {
		for (size_t i = 0; i < BASELINE_WORKLOADS; i++)
			require(!b->workloads[i]);
	}
	record_buf_free(&first);
	record_buf_free(&second);
	baselines_free(b);
	baselines_free(again);
	return 0;
}
