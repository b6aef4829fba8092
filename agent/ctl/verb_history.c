// SPDX-License-Identifier: LGPL-2.1-or-later
// coloctl history: the records as sentences, the oldest first, wrapped to the terminal. A pod's name
// stands for its cgroup's path where there is one.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/ctl/client.h"
#include "agent/ctl/ctl.h"
#include "agent/ctl/doc.h"
#include "agent/ctl/verbs.h"
#include "agent/ctl/when.h"

#define NEWEST 100
#define KIND_COLUMNS 9
#define TEXT_SIZE 2048

int verb_history_ask(const struct ctl *ctl, int64_t now_us, struct client_filter *ret_filter)
{
	struct client_filter f = {
		.kinds = ctl->kind ? ctl->kind : "",
		.of = ctl->args[0] ? ctl->args[0] : "",
		.max = NEWEST,
	};
	char *end = NULL;
	unsigned long n = ctl->number ? strtoul(ctl->number, &end, 10) : NEWEST;

	if (ctl->number && (*ctl->number < '0' || *ctl->number > '9' || *end || n > UINT32_MAX))
		return verbs_usage("-n takes a whole number, not '", ctl->number, "'");
	f.max = (uint32_t)n;
	if (ctl->since && when_since(ctl->since, now_us, &f.since_us) < 0)
		return verbs_usage("--since takes 90s, 10m, 2h, 3d or today, not '", ctl->since,
				   "'");
	*ret_filter = f;
	return CTL_OK;
}

static enum term_colour colour_of(const char *kind)
{
	static const char *const bad[] = {"left", "refused", "drift", "fight"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (strcmp(kind, bad[i]) == 0)
			return TERM_YELLOW;
	return TERM_BOLD;
}

/* The sentence begins with what it is about. */
static const char *sentence(const cJSON *record, char *buf, size_t size)
{
	const char *text = doc_text(record, "text", "?"), *what = doc_text(record, "what", "");
	const char *pod = doc_text(record, "pod", "");
	size_t len = strlen(what);

	if (!*pod || !*what || strncmp(text, what, len) != 0)
		return text;
	(void)snprintf(buf, size, "%s%s", pod, text + len);
	return buf;
}

static void print_record(const struct ctl *ctl, const cJSON *record, int64_t now_us)
{
	const struct term *term = &ctl->term;
	const char *kind = doc_text(record, "kind", "?");
	char time[WHEN_SIZE], text[TEXT_SIZE];
	unsigned indent;

	(void)when_text((int64_t)doc_count(record, "time_us"), now_us, time);
	indent = (unsigned)strlen(time) + 2 + KIND_COLUMNS;
	term_text(term, time, TERM_DIM);
	(void)fputs("  ", term->out);
	term_field(term, kind, KIND_COLUMNS, false,
		   doc_true(record, "would") ? TERM_DIM : colour_of(kind));
	term_paragraph(term, sentence(record, text, sizeof(text)), indent, indent, indent,
		       doc_true(record, "would") ? TERM_DIM : TERM_PLAIN);
}

int verb_history(const struct ctl *ctl)
{
	const cJSON *history = doc_get(ctl->doc, "history"), *record;
	uint64_t left_out = doc_count(history, "left_out"),
		 lost = doc_count(history, "not_on_disk");
	size_t n = 0;

	cJSON_ArrayForEach(record, doc_get(history, "records"))
	{
		print_record(ctl, record, (int64_t)doc_count(history, "now_us"));
		n++;
	}
	if (n == 0)
		term_say(&ctl->term, 0, 2, "Nothing of that is in the history.");
	if (left_out > 0)
		term_say(&ctl->term, 0, 2,
			 "%" PRIu64 " older ones are not shown: coloctl history -n 0", left_out);
	if (lost > 0)
		term_say(&ctl->term, 0, 2,
			 "%" PRIu64
			 " records were made faster than the disk took them and are lost.",
			 lost);
	if (strcmp(doc_text(history, "disk", ""), "failing") == 0)
		term_say(&ctl->term, 0, 2,
			 "/var/lib/colod cannot be written: a restart loses what is new since.");
	return CTL_OK;
}

cJSON *verb_history_json(const struct ctl *ctl, int *ret_exit)
{
	(void)ret_exit;
	return cJSON_Duplicate(doc_get(ctl->doc, "history"), 1);
}
