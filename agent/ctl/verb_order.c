// SPDX-License-Identifier: LGPL-2.1-or-later
// coloctl level, squeeze, freeze, thaw, release and evict: what somebody orders for one pod, for a while; and
// orders, which lists what is in force.
#include "agent/ctl/ctl.h"

#include <inttypes.h>
#include <string.h>

#include "agent/ctl/client.h"
#include "agent/ctl/doc.h"
#include "agent/ctl/json_out.h"
#include "agent/ctl/table.h"
#include "agent/ctl/verb_order.h"
#include "agent/ctl/verb_pause.h"
#include "agent/ctl/verbs.h"
#include "policy/manual.h"
#include "policy/names.h"

static int say(const struct ctl *ctl, const struct client_order *answer)
{
	char until[24];
	cJSON *object;
	int r;

	if (!ctl->json) {
		term_say(&ctl->term, 0, 2, "%s", answer->text);
		return CTL_OK;
	}
	object = cJSON_CreateObject();
	(void)snprintf(until, sizeof(until), "%" PRIu64, answer->until_us);
	if (answer->until_us > 0)
		cJSON_AddRawToObject(object, "until_realtime_us", until);
	cJSON_AddStringToObject(object, "text", answer->text);
	r = json_out(object, ctl->term.out);
	cJSON_Delete(object);
	return r < 0 ? CTL_FAILED : CTL_OK;
}

static int seconds_of(const char *word, uint64_t *ret_seconds)
{
	*ret_seconds = 0;
	if (!word)
		return CTL_OK;
	if (verb_pause_seconds(word, ret_seconds) < 0)
		return verbs_usage("'", word, "' is no duration: expected one like 30s, 10m or 2h");
	if (*ret_seconds > MANUAL_MOST_S)
		return verbs_usage("'", word, "' is longer than an order may last: at most 24h");
	return CTL_OK;
}

static int order(const struct ctl *ctl, const char *member)
{
	struct client_order answer;
	uint64_t seconds;
	int r = seconds_of(ctl->args[1], &seconds);

	if (r == CTL_OK)
		r = client_order(ctl->err, &answer, member, "st", ctl->args[0], seconds);
	return r == CTL_OK ? say(ctl, &answer) : r;
}

int verb_order_level(const struct ctl *ctl)
{
	const char *level = ctl->args[1];
	struct client_order answer;
	uint64_t seconds;
	int r;

	if (names_level_from(level) < 0)
		return verbs_usage("there is no level '", level, "': expected P0 to P7");
	r = seconds_of(ctl->args[2], &seconds);
	if (r == CTL_OK)
		r = client_order(ctl->err, &answer, "SetLevel", "sst", ctl->args[0], level,
				 seconds);
	return r == CTL_OK ? say(ctl, &answer) : r;
}

int verb_order_squeeze(const struct ctl *ctl)
{
	return order(ctl, "Squeeze");
}

int verb_order_freeze(const struct ctl *ctl)
{
	return order(ctl, "Freeze");
}

int verb_order_thaw(const struct ctl *ctl)
{
	return order(ctl, "Thaw");
}

int verb_order_release(const struct ctl *ctl)
{
	struct client_order answer;
	int r = client_order(ctl->err, &answer, "Release", "s", ctl->args[0]);

	if (r != CTL_OK)
		return r;
	if (answer.ended == 0)
		(void)snprintf(answer.text, sizeof(answer.text),
			       "nothing was ordered for this pod");
	else
		(void)snprintf(answer.text, sizeof(answer.text), "%" PRIu32 " order%s ended",
			       answer.ended, answer.ended == 1 ? "" : "s");
	return say(ctl, &answer);
}

int verb_order_evict(const struct ctl *ctl)
{
	struct client_order answer;
	int r = client_order(ctl->err, &answer, "Evict", "s", ctl->args[0]);

	return r == CTL_OK ? say(ctl, &answer) : r;
}

static const char *name_of(const cJSON *row, char *buf, size_t size)
{
	const char *level = doc_text(row, "level", NULL);

	(void)snprintf(buf, size, "%s%s%s", doc_text(row, "order", "?"), level ? " " : "",
		       level ? level : "");
	return buf;
}

int verb_orders(const struct ctl *ctl)
{
	static const struct table_column columns[] = {
		{.title = "POD", .min = 12},
		{.title = "ORDER"},
		{.title = "ENDS IN", .right = true},
		{.title = "WHY", .min = 20},
	};
	const cJSON *orders = doc_get(ctl->doc, "orders"), *row;
	uint64_t now_us = (uint64_t)ctl->term.now_us, until_us;
	char name[64], left[DOC_TEXT_SIZE];
	struct table table;
	int r;

	if (cJSON_GetArraySize(orders) == 0) {
		term_say(&ctl->term, 0, 2, "Nothing is ordered by hand.");
		return CTL_OK;
	}
	table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
	cJSON_ArrayForEach(row, orders)
	{
		if (doc_u64(row, "until_us", &until_us) < 0 || until_us < now_us)
			until_us = now_us;
		table_add(&table, doc_text(row, "pod", NULL), TERM_PLAIN);
		table_add(&table, name_of(row, name, sizeof(name)), TERM_PLAIN);
		table_add(&table, doc_duration(until_us - now_us, left), TERM_PLAIN);
		table_add(&table, doc_text(row, "reason", NULL), TERM_PLAIN);
	}
	r = table_print(&table, &ctl->term);
	table_done(&table);
	return r < 0 ? CTL_FAILED : CTL_OK;
}

cJSON *verb_orders_json(const struct ctl *ctl, int *ret_exit)
{
	(void)ret_exit;
	return cJSON_Duplicate(doc_get(ctl->doc, "orders"), 1);
}
