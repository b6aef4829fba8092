// SPDX-License-Identifier: LGPL-2.1-or-later
// coloctl mode: what is in force, of everything and of each resource, and what every source says.
#include "agent/ctl/ctl.h"

#include <stdio.h>
#include <string.h>

#include "agent/ctl/doc.h"
#include "agent/ctl/table.h"

#define KEY_COLUMNS 10

static void line(const struct ctl *ctl, const char *key, const char *mode, const char *why)
{
	char text[1024];

	term_field(&ctl->term, key, KEY_COLUMNS, false, TERM_BOLD);
	(void)snprintf(text, sizeof(text), "%s (%s)", mode, why);
	term_paragraph(&ctl->term, text, KEY_COLUMNS, KEY_COLUMNS, KEY_COLUMNS, TERM_PLAIN);
}

static void pause_line(const struct ctl *ctl, const cJSON *status)
{
	uint64_t until_us, now_us = (uint64_t)ctl->term.now_us;
	char left[DOC_TEXT_SIZE];

	if (doc_u64(status, "pause_until_us", &until_us) < 0)
		return;
	term_say(&ctl->term, 0, 2, "The pause ends in %s; at once with: coloctl resume",
		 doc_duration(until_us > now_us ? until_us - now_us : 0, left));
}

static int source_table(const struct ctl *ctl, const cJSON *sources)
{
	static const struct table_column columns[] = {{.title = "SOURCE"},
						      {.title = "OF"},
						      {.title = "MODE"},
						      {.title = "WHY", .min = 20}};
	static const char *const keys[] = {"source", "scope", "mode", "why"};
	struct table table;
	const cJSON *row;
	int r;

	table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
	cJSON_ArrayForEach(row, sources)
	{
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			table_add(&table, doc_text(row, keys[i], "?"), TERM_PLAIN);
	}
	r = table_print(&table, &ctl->term);
	table_done(&table);
	return r < 0 ? CTL_FAILED : CTL_OK;
}

int verb_mode(const struct ctl *ctl)
{
	const cJSON *status = doc_get(ctl->doc, "status"), *modes = doc_get(status, "modes"), *m;
	int r;

	line(ctl, "mode", doc_text(status, "mode", "?"), doc_text(status, "mode_why", "?"));
	cJSON_ArrayForEach(m, modes)
	{
		line(ctl, m->string, doc_text(m, "mode", "?"), doc_text(m, "why", "?"));
	}
	pause_line(ctl, status);
	(void)fputc('\n', ctl->term.out);
	term_say(&ctl->term, 0, 2, "The lowest of these is in force:");
	r = source_table(ctl, doc_get(status, "mode_sources"));
	return r;
}

cJSON *verb_mode_json(const struct ctl *ctl, int *ret_exit)
{
	static const char *const keys[] = {"mode",  "mode_why",	    "mode_source",
					   "modes", "mode_sources", "pause_until_us"};
	const cJSON *status = doc_get(ctl->doc, "status");
	cJSON *object = cJSON_CreateObject();

	(void)ret_exit;
	for (size_t i = 0; object && i < sizeof(keys) / sizeof(keys[0]); i++) {
		const cJSON *member = doc_get(status, keys[i]);

		if (member)
			cJSON_AddItemToObject(object, keys[i], cJSON_Duplicate(member, 1));
	}
	return object;
}
