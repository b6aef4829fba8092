// SPDX-License-Identifier: LGPL-2.1-or-later
// coloctl lend: what this node can lend to offline work now, and the sum it comes from, term by term.
#include <inttypes.h>
#include <string.h>

#include "agent/ctl/ctl.h"
#include "agent/ctl/doc.h"
#include "agent/ctl/table.h"
#include "agent/ctl/verbs.h"

#define SENTENCE_SIZE 200

static const struct table_column columns[] = {
	{.title = "TERM"}, {.title = "NOW", .right = true}, {.title = "PEAK", .right = true}};

static const struct {
	const char *state;
	const char *text;
} states[] = {
	{"unmeasured", "Nothing: what the node uses could not be measured lately."},
	{"held", "Offline work is held back for it now: the number may go down and not up."},
};

static const char *amount(const cJSON *of, const char *key, char *buf)
{
	return doc_format(of, key,
			  strcmp(doc_text(of, "unit", ""), "milli") == 0 ? doc_milli : doc_bytes,
			  buf);
}

static void row(struct table *t, const cJSON *of, const char *term, const char *now,
		const char *peak)
{
	char a[DOC_TEXT_SIZE], b[DOC_TEXT_SIZE];

	table_add(t, term, TERM_PLAIN);
	table_add(t, now ? amount(of, now, a) : "", TERM_PLAIN);
	table_add(t, peak ? amount(of, peak, b) : "", TERM_PLAIN);
}

static void level_rows(struct table *t, const cJSON *of)
{
	const cJSON *level;

	cJSON_ArrayForEach(level, doc_get(of, "levels"))
	{
		char a[DOC_TEXT_SIZE], b[DOC_TEXT_SIZE], term[DOC_TEXT_SIZE + 24];
		bool milli = strcmp(doc_text(of, "unit", ""), "milli") == 0;

		(void)snprintf(term, sizeof(term), "  pods of %.20s%s",
			       doc_text(level, "level", "?"), milli ? "" : ", page cache too");
		table_add(t, term, TERM_DIM);
		table_add(t, doc_format(level, "used", milli ? doc_milli : doc_bytes, a), TERM_DIM);
		table_add(t, doc_format(level, "peak", milli ? doc_milli : doc_bytes, b), TERM_DIM);
	}
}

static int terms(const struct ctl *ctl, const cJSON *of)
{
	char newcomers[64];
	struct table t;
	int r;

	(void)snprintf(newcomers, sizeof(newcomers), "requests of new pods (%" PRIu64 ")",
		       doc_count(of, "newcomer_pods"));
	table_init(&t, columns, sizeof(columns) / sizeof(columns[0]));
	row(&t, of, "the node has", "capacity", NULL);
	row(&t, of, "reserved", "reserved", NULL);
	row(&t, of, "offline work", "offline_now", NULL);
	row(&t, of, "online work and the system", "online_now", "node_peak");
	level_rows(&t, of);
	row(&t, of, "  the rest", "other_now", "other_peak");
	row(&t, of, "these peaks together", NULL, "levels_peak");
	row(&t, of, "margin", NULL, "margin");
	row(&t, of, newcomers, NULL, "newcomers");
	row(&t, of, "kept for online work", NULL, "kept");
	row(&t, of, "could be lent", "lendable_now", NULL);
	row(&t, of, "may be promised", "lendable", NULL);
	r = table_print(&t, &ctl->term);
	table_done(&t);
	return r;
}

/* How long something that ends at until_us lasts yet, at the time of the last pass. */
static const char *left(const struct ctl *ctl, const cJSON *of, char *buf)
{
	uint64_t pass_us = doc_count(doc_get(ctl->doc, "status"), "pass_us");
	uint64_t until_us = doc_count(of, "until_us");

	return doc_duration(until_us > pass_us ? until_us - pass_us : 0, buf);
}

static void why(const struct ctl *ctl, const cJSON *of, const char *name)
{
	const char *state = doc_text(of, "state", "?");
	char text[SENTENCE_SIZE] = "", a[DOC_TEXT_SIZE], b[DOC_TEXT_SIZE];

	if (strcmp(state, "learning") == 0)
		(void)snprintf(
			text, sizeof(text),
			"Nothing yet: the node was watched for %s, of %s that the policy asks "
			"for before it lends.",
			doc_duration(doc_count(of, "watched_us"), a),
			doc_duration(doc_count(of, "cold_start_us"), b));
	else if (strcmp(state, "cooling") == 0)
		(void)snprintf(text, sizeof(text),
			       "Nothing: somebody was evicted or killed a moment ago. For %s more.",
			       left(ctl, of, a));
	else if (strcmp(state, "rising") == 0)
		(void)snprintf(text, sizeof(text),
			       "More could be lent; it is promised in %s if that stays so.",
			       left(ctl, of, a));
	else if (strcmp(state, "off") == 0)
		(void)snprintf(text, sizeof(text),
			       "Nothing: the policy lends none of it. To let it: lend: {%s: "
			       "{percentile: %d}}",
			       name, strcmp(name, "cpu") == 0 ? 95 : 98);
	else
		for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
			if (strcmp(state, states[i].state) == 0)
				(void)snprintf(text, sizeof(text), "%s", states[i].text);
	if (*text)
		term_say(&ctl->term, 0, 2, "%s", text);
}

int verb_lend(const struct ctl *ctl)
{
	static const char *const names[] = {"cpu", "memory"};
	const cJSON *lend = doc_get(ctl->doc, "lend");

	if (!cJSON_IsObject(lend)) {
		term_say(&ctl->term, 0, 2, "Nothing was worked out yet: colod looks every 10 s.");
		return CTL_OK;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const cJSON *of = doc_get(lend, names[i]);
		char buf[DOC_TEXT_SIZE];

		if (i > 0)
			(void)fputs("\n", ctl->term.out);
		term_say(&ctl->term, 0, 2, "%s: %s%s", names[i], amount(of, "lendable", buf),
			 i == 0 ? " CPUs" : "");
		why(ctl, of, names[i]);
		if (terms(ctl, of) < 0)
			return CTL_FAILED;
	}
	return CTL_OK;
}

cJSON *verb_lend_json(const struct ctl *ctl, int *ret_exit)
{
	(void)ret_exit;
	return cJSON_Duplicate(doc_get(ctl->doc, "lend"), 1);
}
