// SPDX-License-Identifier: LGPL-2.1-or-later
// Any text as kept peaks: no crash, nothing of a refused one is left, and what is taken is written in a form that is
// read again as the same.
#include <stdlib.h>
#include <string.h>

#include "policy/lend_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const int64_t now_us = INT64_C(1000000000000), wall_s = 1764200000;
	static const struct lend empty;
	static struct lend lend, again;
	struct record_buf first = {0}, second = {0};

	lend = again = empty;
	if (lend_text_get((const char *)data, size, &lend, now_us, wall_s) == 0) {
		/* Pods that were kept are written once they are seen again. */
		lend_pods_done(&lend.pods);
		lend_text_put(&first, &lend, now_us, wall_s);
		require(!first.failed && first.n < LEND_TEXT_MAX);
		require(lend_text_get(first.text, first.n, &again, now_us, wall_s) == 0);
		lend_text_put(&second, &again, now_us, wall_s);
		require(first.n == second.n && memcmp(first.text, second.text, first.n) == 0);
	} else {
		require(memcmp(&lend, &empty, sizeof(empty)) == 0);
	}
	record_buf_free(&first);
	record_buf_free(&second);
	return 0;
}
