// SPDX-License-Identifier: LGPL-2.1-or-later
// See why_kill.h.
#include "agent/ctl/why_kill.h"

#include <string.h>

#include "agent/ctl/client.h"
#include "agent/ctl/doc.h"
#include "agent/ctl/pick.h"
#include "agent/ctl/when.h"

#define NEWEST 5
#define TEXT_SIZE 2048

int verb_why_ask(const struct ctl *ctl, int64_t now_us, struct client_filter *ret_filter)
{
	const cJSON *pod = pick_one(ctl);

	(void)now_us;
	/* By its cgroup: another pod may share a part of its name. */
	*ret_filter = (struct client_filter){
		.kinds = "kill,evict,candidate",
		.of = pod ? doc_text(pod, "cgroup", ctl->args[0]) : ctl->args[0],
		.max = NEWEST,
	};
	return CTL_OK;
}

static void print(const struct ctl *ctl, const cJSON *record, const char *key, unsigned indent)
{
	const cJSON *history = doc_get(ctl->doc, "history");
	bool evict = strcmp(doc_text(record, "kind", ""), "evict") == 0;
	bool kill = strcmp(doc_text(record, "kind", ""), "kill") == 0 || evict;
	char time[WHEN_SIZE], text[TEXT_SIZE];

	(void)when_text((int64_t)doc_count(record, "time_us"),
			(int64_t)doc_count(history, "now_us"), time);
	(void)snprintf(text, sizeof(text), "%s %s%s%s: %s", time,
		       evict  ? "asked to go"
		       : kill ? "killed"
			      : "",
		       kill && *doc_text(record, "to", "") ? ", " : "", doc_text(record, "to", ""),
		       doc_text(record, "why", "?"));
	if (doc_true(record, "would"))
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
			       " (nobody was %s: the mode does not allow it)",
			       evict ? "asked" : "killed");
	(void)fputs("  ", ctl->term.out);
	term_field(&ctl->term, key, indent - 2, false, TERM_BOLD);
	term_paragraph(&ctl->term, text, indent, indent, indent, TERM_PLAIN);
}

void why_kill_lines(const struct ctl *ctl, unsigned indent)
{
	const char *key = "kills";
	const cJSON *record;

	cJSON_ArrayForEach(record, doc_get(doc_get(ctl->doc, "history"), "records"))
	{
		print(ctl, record, key, indent);
		key = "";
	}
}

void why_kill_gone(const struct ctl *ctl)
{
	const cJSON *record;

	cJSON_ArrayForEach(record, doc_get(doc_get(ctl->doc, "history"), "records"))
	{
		print(ctl, record, doc_text(record, "pod", "?"),
		      4 + (unsigned)strlen(doc_text(record, "pod", "?")));
	}
}

bool why_kill_json(const struct ctl *ctl, cJSON *object)
{
	const cJSON *records = doc_get(doc_get(ctl->doc, "history"), "records");
	cJSON *copy = records ? cJSON_Duplicate(records, 1) : cJSON_CreateNull();

	if (copy && cJSON_AddItemToObject(object, "kills", copy))
		return true;
	cJSON_Delete(copy);
	return false;
}
