// SPDX-License-Identifier: LGPL-2.1-or-later
// See incident_words.h.
#include "agent/ctl/incident_words.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "agent/ctl/doc.h"

/* Appends like snprintf(). */
static void add(char *buf, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void add(char *buf, size_t size, const char *format, ...)
{
	size_t len = strlen(buf);
	va_list args;

	va_start(args, format);
	(void)vsnprintf(buf + len, size - len, format, args);
	va_end(args);
}

const char *incident_words_title(const cJSON *s, char *buf, size_t size)
{
	(void)snprintf(buf, size, "Incident %" PRIu64 ": %s (%s) waited for %s", doc_count(s, "id"),
		       doc_text(s, "pod", "?"), doc_text(s, "level", "-"),
		       doc_text(s, "resource", "?"));
	return buf;
}

static void add_time(const cJSON *s, char *buf, size_t size)
{
	time_t at = (time_t)(doc_count(s, "time_us") / 1000000);
	char text[64] = "";
	struct tm tm;

	if (localtime_r(&at, &tm) && strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %Z", &tm) > 0)
		add(buf, size, "%s, ", text);
}

const char *incident_words_facts(const cJSON *s, char *buf, size_t size)
{
	char duration[DOC_TEXT_SIZE], stalled[DOC_TEXT_SIZE], excess[DOC_TEXT_SIZE];

	buf[0] = '\0';
	add_time(s, buf, size);
	add(buf, size, "for %s", doc_duration(doc_count(s, "hurt_us"), duration));
	if (cJSON_IsNumber(doc_get(s, "worst_stalled_permille")))
		add(buf, size, ", at worst %s of a second",
		    doc_percent(doc_count(s, "worst_stalled_permille"), stalled));
	else
		add(buf, size, ", what it waited was not measured");
	if (doc_count(s, "worst_excess_permille") > 0)
		add(buf, size, " (%s over 10 s beyond what is usual)",
		    doc_percent(doc_count(s, "worst_excess_permille"), excess));
	if (doc_has(s, "culprit"))
		add(buf, size, "; suspected: %s (%s)", doc_text(s, "culprit", "?"),
		    doc_text(s, "confidence", "?"));
	add(buf, size, "; mode %s", doc_text(s, "mode", "?"));
	return buf;
}

static void add_who(const cJSON *mark, char *buf, size_t size)
{
	const char *pod = doc_text(mark, "pod", ""), *what = doc_text(mark, "what", "");

	add(buf, size, "%s", *pod ? pod : what);
}

const char *incident_words_mark(const cJSON *mark, char *buf, size_t size)
{
	const char *kind = doc_text(mark, "kind", "?"), *knob = doc_text(mark, "knob", "");
	const char *from = doc_text(mark, "from", ""), *to = doc_text(mark, "to", "");
	uint64_t times = doc_count(mark, "times");

	buf[0] = '\0';
	add(buf, size, "%s%s ", doc_true(mark, "would") ? "would: " : "", kind);
	add_who(mark, buf, size);
	if (*knob)
		add(buf, size, " %s", knob);
	if (*from || *to)
		add(buf, size, " %s → %s", *from ? from : "-", *to ? to : "-");
	if (times > 1)
		add(buf, size, " (%" PRIu64 " times)", times);
	if (doc_has(mark, "why"))
		add(buf, size, ": %s", doc_text(mark, "why", ""));
	return buf;
}

const char *incident_words_when(const cJSON *mark, char *buf, size_t size)
{
	const cJSON *at = doc_get(mark, "at_ms");
	int64_t ms = cJSON_IsNumber(at) && at->valuedouble > -1e12 && at->valuedouble < 1e12
			     ? (int64_t)at->valuedouble
			     : 0;
	uint64_t tenths = (uint64_t)(ms < 0 ? -ms : ms) / 100;

	(void)snprintf(buf, size, "%s%" PRIu64 ".%" PRIu64 " s", ms < 0 ? "-" : "+", tenths / 10,
		       tenths % 10);
	return buf;
}
