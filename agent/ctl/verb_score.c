// SPDX-License-Identifier: LGPL-2.1-or-later
// coloctl score: the share of time that each online pod was stalled, shown as the raw number it is.
#include "agent/ctl/ctl.h"

#include <string.h>

#include "agent/ctl/doc.h"
#include "agent/ctl/table.h"

static const char *const resources[] = {"cpu", "memory", "io"};

#define N_RESOURCES (sizeof(resources) / sizeof(resources[0]))

static bool online(const cJSON *pod)
{
	return strcmp(doc_text(pod, "role", ""), "online") == 0;
}

static void add_value(struct table *table, const cJSON *value)
{
	const char *state = doc_text(value, "state", "none");
	char percent[DOC_TEXT_SIZE], text[64];

	(void)doc_format(value, "stalled_permille", doc_percent, percent);
	if (strcmp(state, "no baseline yet") == 0)
		(void)snprintf(text, sizeof(text), "%s", percent);
	else if (strcmp(state, "none") == 0)
		(void)snprintf(text, sizeof(text), "-");
	else if (cJSON_IsNumber(doc_get(value, "stalled_permille")))
		(void)snprintf(text, sizeof(text), "%s %s", state, percent);
	else
		(void)snprintf(text, sizeof(text), "%s", state);
	table_add(table, text, TERM_PLAIN);
}

int verb_score(const struct ctl *ctl)
{
	static const struct table_column columns[] = {
		{.title = "POD", .min = 12},
		{.title = "LEVEL"},
		{.title = "CPU STALLED", .right = true},
		{.title = "MEMORY STALLED", .right = true},
		{.title = "IO STALLED", .right = true},
	};
	const cJSON *pods = doc_get(ctl->doc, "pods"), *pod;
	struct table table;
	size_t n = 0;
	int r;

	table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
	cJSON_ArrayForEach(pod, pods)
	{
		const cJSON *score = doc_get(pod, "score");

		if (!online(pod))
			continue;
		n++;
		table_add(&table, doc_text(pod, "name", NULL), TERM_PLAIN);
		table_add(&table, doc_text(pod, "level", NULL), TERM_PLAIN);
		for (size_t i = 0; i < N_RESOURCES; i++)
			add_value(&table, doc_get(score, resources[i]));
	}
	if (n == 0) {
		term_say(&ctl->term, 0, 2, "No online pod: only those have a score.");
		return CTL_OK;
	}
	r = table_print(&table, &ctl->term);
	table_done(&table);
	(void)fputc('\n', ctl->term.out);
	term_say(
		&ctl->term, 0, 2,
		"Share of the last 10 s in which some of the pod's tasks were stalled. No baseline "
		"yet: this is not held against the pod's own calm time, so stall that the pod "
		"makes for itself is still in it.");
	return r < 0 ? CTL_FAILED : CTL_OK;
}

cJSON *verb_score_json(const struct ctl *ctl, int *ret_exit)
{
	static const char *const keys[] = {"name", "uid", "level", "score"};
	cJSON *array = cJSON_CreateArray();
	const cJSON *pod;

	(void)ret_exit;
	cJSON_ArrayForEach(pod, doc_get(ctl->doc, "pods"))
	{
		cJSON *object;

		if (!online(pod))
			continue;
		object = cJSON_CreateObject();
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			(void)cJSON_AddItemToObject(object, keys[i],
						    cJSON_Duplicate(doc_get(pod, keys[i]), 1));
		if (!cJSON_AddItemToArray(array, object)) {
			cJSON_Delete(object);
			cJSON_Delete(array);
			return NULL;
		}
	}
	return array;
}
