// SPDX-License-Identifier: LGPL-2.1-or-later
// See aged_text.h.
#include "policy/aged_text.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define SECOND_US 1000000
#define AT " at="

uint64_t aged_text_age_s(int64_t at_us, int64_t now_us)
{
	uint64_t age = now_us > at_us ? (uint64_t)(now_us - at_us) / SECOND_US : 0;

	return age < AGED_TEXT_MAX_S ? age : AGED_TEXT_MAX_S;
}

void aged_text_put_head(struct record_buf *buf, const char *version, int64_t wall_s)
{
	record_put(buf, "%s" AT "%" PRId64 "\n", version, wall_s);
}

void aged_text_put_weights(struct record_buf *buf, const uint32_t *weights, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (weights[i] > 0)
			record_put(buf, " %" PRIu32 ":%" PRIu32, i, weights[i]);
}

int aged_text_number(struct record_line *line, uint64_t max, uint64_t *ret)
{
	struct record_line word;

	return record_next(line, &word) ? record_get_u64(&word, max, ret) : -EBADMSG;
}

int aged_text_weights(struct record_line *line, const char *until, uint32_t *weights, uint32_t n)
{
	struct record_line word, bucket;
	uint64_t i = 0, weight = 0, least = 0;

	while (record_next(line, &word)) {
		if (until && record_is(&word, until))
			return 0;
		if (!record_take(&word, ':', &bucket) || record_get_u64(&bucket, n - 1, &i) < 0 ||
		    i < least || record_get_u64(&word, UINT32_MAX, &weight) < 0 || weight == 0)
			return -EBADMSG;
		weights[i] = (uint32_t)weight;
		least = i + 1;
	}
	return until || line->len > 0 ? -EBADMSG : 0;
}

static bool skip(struct record_line *line, const char *text)
{
	size_t len = strlen(text);

	if (line->len < len || memcmp(line->at, text, len) != 0)
		return false;
	line->at += len;
	line->len -= len;
	return true;
}

static int get_head(struct record_line line, const char *version, int64_t wall_s, int64_t now_us,
		    int64_t *ret_written_us)
{
	int64_t at_s = 0, passed_s;

	if (!skip(&line, version) || !skip(&line, AT) || record_get_i64(&line, &at_s) < 0 ||
	    at_s < 0)
		return -EBADMSG;
	passed_s = wall_s > at_s ? wall_s - at_s : 0;
	if (passed_s > AGED_TEXT_MAX_S)
		passed_s = AGED_TEXT_MAX_S;
	*ret_written_us = now_us - passed_s * SECOND_US;
	return 0;
}

int aged_text_get(const char *text, size_t len, const char *version, int64_t now_us, int64_t wall_s,
		  aged_text_line_fn *take, void *context)
{
	int64_t written_us = 0;
	bool head = true;
	int r = len > 0 ? 0 : -EBADMSG;

	while (r == 0 && len > 0) {
		const char *end = memchr(text, '\n', len);
		struct record_line line = {.at = text, .len = end ? (size_t)(end - text) : 0};
		size_t taken = line.len + 1;

		if (!end)
			return -EBADMSG;
		r = head ? get_head(line, version, wall_s, now_us, &written_us)
			 : take(context, written_us, &line);
		head = false;
		text += taken;
		len -= taken;
	}
	return r;
}
