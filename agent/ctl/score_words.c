// SPDX-License-Identifier: LGPL-2.1-or-later
// See score_words.h.
#include "agent/ctl/score_words.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "agent/ctl/doc.h"

static bool is(const cJSON *object, const char *key, const char *text)
{
	return strcmp(doc_text(object, key, ""), text) == 0;
}

/* Permille of 100: "12.4". */
static const char *points(uint64_t permille, char *buf)
{
	(void)snprintf(buf, DOC_TEXT_SIZE, "%" PRIu64 ".%" PRIu64, permille / 10, permille % 10);
	return buf;
}

void score_words_number(const cJSON *score, char buf[SCORE_WORDS_SIZE])
{
	char number[DOC_TEXT_SIZE];

	if (cJSON_IsNumber(doc_get(score, "permille")))
		(void)snprintf(buf, SCORE_WORDS_SIZE, "%s%s of 100",
			       doc_true(score, "at_least") ? "at least " : "",
			       doc_format(score, "permille", points, number));
	else
		(void)snprintf(buf, SCORE_WORDS_SIZE, "none: %s", doc_text(score, "state", "none"));
}

/* "no calm window yet", "1 calm window, the last 2 h ago" */
static void learned(const cJSON *b, char *buf, size_t size)
{
	uint64_t n = doc_count(b, "calm_windows");
	char age[DOC_TEXT_SIZE];

	if (n == 0)
		(void)snprintf(buf, size, "no calm window yet");
	else if (is(b, "basis", "calm") || is(b, "basis", "few") || is(b, "basis", "less load"))
		(void)snprintf(buf, size, "%" PRIu64 " calm window%s, the last %s ago", n,
			       n == 1 ? "" : "s", doc_format(b, "age_us", doc_duration, age));
	else
		(void)snprintf(buf, size, "%" PRIu64 " calm window%s", n, n == 1 ? "" : "s");
}

/* What the share is held against. */
static void usual(const cJSON *value, char *buf, size_t size)
{
	const cJSON *b = doc_get(value, "baseline");
	char median[DOC_TEXT_SIZE], windows[80], age[DOC_TEXT_SIZE];

	if (!cJSON_IsObject(b)) {
		(void)snprintf(buf, size, "what is usual at this load is not known yet");
		return;
	}
	(void)doc_format(b, "median_permille", doc_percent, median);
	learned(b, windows, sizeof(windows));
	if (is(b, "basis", "calm"))
		(void)snprintf(buf, size, "usual is %s%s: %s", median,
			       doc_true(b, "higher_load") ? " at more load" : "", windows);
	else if (is(b, "basis", "held"))
		(void)snprintf(buf, size,
			       "usual is at most about %s, measured by a hold: %" PRIu64
			       " seconds, the last %s ago",
			       median, doc_count(b, "holds"),
			       doc_format(b, "age_us", doc_duration, age));
	else if (is(b, "basis", "few"))
		(void)snprintf(buf, size, "usual is about %s, still learning: %s", median, windows);
	else if (is(b, "basis", "less load"))
		(void)snprintf(buf, size, "usual is about %s, by less load: %s", median, windows);
	else if (is(b, "basis", "estimate"))
		(void)snprintf(buf, size, "what is usual is only estimated, at %s: %s", median,
			       windows);
	else
		(void)snprintf(buf, size, "learning what is usual: %s", windows);
}

void score_words_stalled(const cJSON *value, char buf[SCORE_WORDS_SIZE])
{
	char part[DOC_TEXT_SIZE], against[SCORE_WORDS_SIZE - DOC_TEXT_SIZE - 4];

	buf[0] = '\0';
	if (is(value, "state", "self-throttled") || is(value, "state", "own limit")) {
		(void)snprintf(buf, SCORE_WORDS_SIZE, "%s (by its own %s: nobody else's doing)",
			       doc_format(value, "own_permille", doc_percent, part),
			       is(value, "state", "own limit") ? "memory limit" : "quota");
	} else if (cJSON_IsNumber(doc_get(value, "stalled_permille"))) {
		usual(value, against, sizeof(against));
		(void)snprintf(buf, SCORE_WORDS_SIZE, "%s (%s)",
			       doc_format(value, "stalled_permille", doc_percent, part), against);
	}
}
