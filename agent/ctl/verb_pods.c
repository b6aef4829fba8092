// SPDX-License-Identifier: LGPL-2.1-or-later
// coloctl pods: one line for each pod.
#include "agent/ctl/ctl.h"

#include <stdio.h>
#include <string.h>

#include "agent/ctl/doc.h"
#include "agent/ctl/table.h"

static void add_state(struct table *table, const cJSON *pod)
{
	const char *waits = doc_text(pod, "waiting_for", NULL);
	char text[128];

	if (waits) {
		(void)snprintf(text, sizeof(text), "waiting for: %s", waits);
		table_add(table, text, TERM_YELLOW);
	} else if (doc_true(pod, "held")) {
		table_add(table, "held", TERM_YELLOW);
	} else {
		table_add(table, doc_text(pod, "state", NULL), TERM_PLAIN);
	}
}

static void add_pod(struct table *table, const cJSON *pod)
{
	const char *role = doc_text(pod, "role", NULL);
	const cJSON *use = doc_get(pod, "use"), *cpu = doc_get(doc_get(pod, "score"), "cpu");
	char text[DOC_TEXT_SIZE];

	table_add(table, doc_text(pod, "name", NULL), TERM_PLAIN);
	table_add(table, doc_text(pod, "level", NULL), TERM_PLAIN);
	table_add(table, role, role && strcmp(role, "online") == 0 ? TERM_GREEN : TERM_PLAIN);
	table_add(table, doc_text(pod, "qos", NULL), TERM_PLAIN);
	table_add(table, doc_format(use, "cpu_milli", doc_milli, text), TERM_PLAIN);
	table_add(table, doc_format(use, "memory_bytes", doc_bytes, text), TERM_PLAIN);
	table_add(table, doc_format(cpu, "stalled_permille", doc_percent, text), TERM_PLAIN);
	add_state(table, pod);
}

int verb_pods(const struct ctl *ctl)
{
	static const struct table_column columns[] = {
		{.title = "POD", .min = 12},
		{.title = "LEVEL"},
		{.title = "ROLE"},
		{.title = "QOS", .min = 4},
		{.title = "CPUS", .right = true},
		{.title = "MEMORY", .right = true},
		{.title = "CPU WAIT", .right = true},
		{.title = "STATE", .min = 8},
	};
	const cJSON *pods = doc_get(ctl->doc, "pods"), *pod;
	struct table table;
	int r;

	if (cJSON_GetArraySize(pods) == 0) {
		term_say(&ctl->term, 0, 2,
			 "No pods: no Kubernetes pod runs here, and no rule of the policy names a "
			 "unit or cgroup that does.");
		return CTL_OK;
	}
	table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
	cJSON_ArrayForEach(pod, pods) add_pod(&table, pod);
	r = table_print(&table, &ctl->term);
	table_done(&table);
	return r < 0 ? CTL_FAILED : CTL_OK;
}

cJSON *verb_pods_json(const struct ctl *ctl, int *ret_exit)
{
	(void)ret_exit;
	return cJSON_Duplicate(doc_get(ctl->doc, "pods"), 1);
}
