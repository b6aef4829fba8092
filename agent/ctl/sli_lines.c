// SPDX-License-Identifier: LGPL-2.1-or-later
// See sli_lines.h.
#include "agent/ctl/sli_lines.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/ctl/doc.h"
#include "policy/sli.h"

static bool is(const cJSON *sli, const char *state)
{
	return strcmp(doc_text(sli, "state", ""), state) == 0;
}

static const char *value(const cJSON *sli, const char *key, char *buf)
{
	uint64_t permille = doc_count(sli, key);
	const char *metric = doc_text(sli, "metric", "");

	if (strcmp(metric, "cpi") == 0)
		return sli_cpi_text(permille, buf, DOC_TEXT_SIZE);
	if (strcmp(metric, "score") != 0)
		return doc_percent(permille, buf);
	(void)snprintf(buf, DOC_TEXT_SIZE, "%" PRIu64 ".%" PRIu64, permille / 10, permille % 10);
	return buf;
}

const char *sli_lines_text(const struct ctl *ctl, const cJSON *sli, char *buf, size_t size)
{
	char now[DOC_TEXT_SIZE], bound[DOC_TEXT_SIZE], age[DOC_TEXT_SIZE], state[96];
	uint64_t since_us = doc_count(sli, "since_us"), now_us = (uint64_t)ctl->term.now_us;
	bool violated = is(sli, "violated");
	bool over = doc_count(sli, "value_permille") > doc_count(sli, "bound_permille");

	(void)snprintf(state, sizeof(state), "%s", doc_text(sli, "state", "?"));
	if (violated && now_us > since_us)
		(void)snprintf(state, sizeof(state), "violated for %s",
			       doc_duration(now_us - since_us, age));
	if (violated || is(sli, "met"))
		(void)snprintf(buf, size, "%s: %s: %s is %s, %s %s", doc_text(sli, "name", "?"),
			       state, doc_text(sli, "text", "?"), value(sli, "value_permille", now),
			       over ? "more than" : "at most", value(sli, "bound_permille", bound));
	else if (doc_has(sli, "why_not"))
		(void)snprintf(buf, size, "%s: %s: %s: %s", doc_text(sli, "name", "?"), state,
			       doc_text(sli, "text", "?"), doc_text(sli, "why_not", "?"));
	else
		(void)snprintf(buf, size, "%s: %s: %s, of which %" PRIu64 " s were measured",
			       doc_text(sli, "name", "?"), state, doc_text(sli, "text", "?"),
			       doc_count(sli, "measured_s"));
	return buf;
}

size_t sli_lines_violated(const struct ctl *ctl, const cJSON *doc, char *buf, size_t size)
{
	const cJSON *pod, *sli;
	char text[SLI_LINES_TEXT];
	size_t n = 0;

	buf[0] = '\0';
	cJSON_ArrayForEach(pod, doc_get(doc, "pods"))
	{
		cJSON_ArrayForEach(sli, doc_get(pod, "slis"))
		{
			if (!is(sli, "violated"))
				continue;
			if (n++ == 0)
				(void)snprintf(buf, size, "%s, %s", doc_text(pod, "name", "?"),
					       sli_lines_text(ctl, sli, text, sizeof(text)));
		}
	}
	if (n > 1)
		(void)snprintf(buf + strlen(buf), size - strlen(buf),
			       "; and %zu more: coloctl score POD", n - 1);
	return n;
}
