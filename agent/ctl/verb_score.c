// SPDX-License-Identifier: LGPL-2.1-or-later
// coloctl score: how much of its time each online pod loses to others. With POD: each term of the number.
#include "agent/ctl/ctl.h"

#include <inttypes.h>
#include <string.h>

#include "agent/ctl/culprit_lines.h"
#include "agent/ctl/doc.h"
#include "agent/ctl/net_line.h"
#include "agent/ctl/pick.h"
#include "agent/ctl/score_words.h"
#include "agent/ctl/sli_lines.h"
#include "agent/ctl/table.h"
#include "policy/baseline.h"
#include "policy/sli.h"

static const char *const resources[] = {"cpu", "memory", "io"};

#define N_RESOURCES (sizeof(resources) / sizeof(resources[0]))
#define KEY_COLUMNS 9

static bool online(const cJSON *pod)
{
	return strcmp(doc_text(pod, "role", ""), "online") == 0;
}

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

static void add_score(struct table *table, const cJSON *score)
{
	char number[DOC_TEXT_SIZE], text[64];

	if (!cJSON_IsNumber(doc_get(score, "permille"))) {
		table_add(table, is(score, "state", "none") ? "-" : doc_text(score, "state", "-"),
			  TERM_PLAIN);
		return;
	}
	(void)doc_format(score, "permille", points, number);
	(void)snprintf(text, sizeof(text), "%s%s%s", doc_true(score, "at_least") ? ">= " : "",
		       number, is(score, "state", "no calm baseline") ? " (estimated)" : "");
	table_add(table, text, TERM_PLAIN);
}

static void add_value(struct table *table, const cJSON *value)
{
	const char *state = doc_text(value, "state", "none");
	char percent[DOC_TEXT_SIZE];

	(void)doc_format(value, "stalled_permille", doc_percent, percent);
	if (cJSON_IsNumber(doc_get(value, "stalled_permille")))
		table_add(table, percent, TERM_PLAIN);
	else
		table_add(table, strcmp(state, "none") == 0 ? "-" : state, TERM_PLAIN);
}

static void say_calm(const struct ctl *ctl)
{
	const cJSON *calm = doc_get(ctl->doc, "calm");

	if (doc_has(calm, "why_not"))
		term_say(&ctl->term, 0, 2, "Nothing is learned now: %s.",
			 doc_text(calm, "why_not", ""));
}

static int show_all(const struct ctl *ctl)
{
	static const struct table_column columns[] = {
		{.title = "POD", .min = 12},
		{.title = "LEVEL"},
		{.title = "SCORE", .right = true},
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
		add_score(&table, score);
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
	term_say(&ctl->term, 0, 2,
		 "0 to 100: how much of the last 10 s the pod lost beyond what is usual for its "
		 "workload in calm times. Stalled: the share in which some of its tasks were. How "
		 "a score came about: coloctl score POD");
	say_calm(ctl);
	return r < 0 ? CTL_FAILED : CTL_OK;
}

/* --- one pod ------------------------------------------------------------------------------------ */

static void line(const struct ctl *ctl, const char *key, const char *text)
{
	(void)fputs("  ", ctl->term.out);
	term_field(&ctl->term, key, KEY_COLUMNS - 2, false, TERM_BOLD);
	term_paragraph(&ctl->term, text, KEY_COLUMNS, KEY_COLUMNS, KEY_COLUMNS, TERM_PLAIN);
}

/* "41 calm windows of 60, in 2 spells of 3; 70 windows in all" */
static void learned(const cJSON *baseline, char *buf, size_t size)
{
	(void)snprintf(buf, size,
		       "%" PRIu64 " calm windows of %d, in %" PRIu64 " spells of %d; %" PRIu64
		       " windows in all",
		       doc_count(baseline, "calm_windows"), BASELINE_WINDOWS,
		       doc_count(baseline, "calm_episodes"), BASELINE_EPISODES,
		       doc_count(baseline, "windows"));
}

/* "0.51 to 1.02 CPUs": of which use of its own it holds. */
static void load(const cJSON *b, char *buf, size_t size)
{
	char from[DOC_TEXT_SIZE], to[DOC_TEXT_SIZE];

	if (doc_count(b, "load_to_milli") < 10)
		(void)snprintf(buf, size, "less than 0.01 CPUs");
	else if (doc_count(b, "load_over_milli") < 10)
		(void)snprintf(buf, size, "up to %s CPUs",
			       doc_format(b, "load_to_milli", doc_milli, to));
	else
		(void)snprintf(buf, size, "%s to %s CPUs",
			       doc_format(b, "load_over_milli", doc_milli, from),
			       doc_format(b, "load_to_milli", doc_milli, to));
}

static void basis(const cJSON *b, char *buf, size_t size)
{
	char median[DOC_TEXT_SIZE], sigma[DOC_TEXT_SIZE], age[DOC_TEXT_SIZE];
	char at[2 * DOC_TEXT_SIZE + 16], counts[128];

	(void)doc_format(b, "median_permille", doc_percent, median);
	(void)doc_format(b, "sigma_permille", doc_percent, sigma);
	(void)doc_format(b, "age_us", doc_duration, age);
	load(b, at, sizeof(at));
	learned(b, counts, sizeof(counts));
	if (is(b, "basis", "calm"))
		(void)snprintf(buf, size,
			       "usual is %s, sigma %s (%" PRIu64 " calm windows in %" PRIu64
			       " spells, the last %s ago), at %s of its own%s",
			       median, sigma, doc_count(b, "calm_windows"),
			       doc_count(b, "calm_episodes"), age, at,
			       doc_true(b, "higher_load") ? ": more than now, so at least" : "");
	else if (is(b, "basis", "held"))
		(void)snprintf(buf, size,
			       "no calm baseline (%s); measured by a hold: usual is %s, sigma %s "
			       "(%" PRIu64 " seconds, the last %s ago), so at least",
			       counts, median, sigma, doc_count(b, "holds"), age);
	else if (is(b, "basis", "few"))
		(void)snprintf(buf, size,
			       "no calm baseline (%s); by those that there are: usual is %s, "
			       "sigma %s, so at least",
			       counts, median, sigma);
	else if (is(b, "basis", "less load"))
		(void)snprintf(
			buf, size,
			"no calm baseline at this load; estimated by one of less (%s, at %s of "
			"its own): usual is %s, sigma %s, four times as much as there",
			counts, at, median, sigma);
	else if (is(b, "basis", "estimate"))
		(void)snprintf(buf, size,
			       "no calm baseline (%s); estimated: %s or less in a tenth of all, "
			       "sigma %s, so at least",
			       counts, median, sigma);
	else
		(void)snprintf(buf, size, "learning at %s of its own: %s", at, counts);
}

static void resource_line(const struct ctl *ctl, const cJSON *score, const char *resource)
{
	const cJSON *value = doc_get(score, resource), *b = doc_get(value, "baseline");
	const char *state = doc_text(value, "state", "none");
	char buf[DOC_TEXT_SIZE], part[DOC_TEXT_SIZE], usual[400], text[600];
	const char *stalled = doc_format(value, "stalled_permille", doc_percent, buf);

	if (strcmp(state, "none") == 0) {
		(void)snprintf(text, sizeof(text), "not measured");
	} else if (strcmp(state, "self-throttled") == 0 || strcmp(state, "own limit") == 0) {
		(void)snprintf(text, sizeof(text), "%s: stalled %s, its own doing, all taken out",
			       state, doc_format(value, "own_permille", doc_percent, part));
	} else if (!cJSON_IsObject(b)) {
		(void)snprintf(text, sizeof(text),
			       "stalled %s; learning: it is not known at this load", stalled);
	} else {
		basis(b, usual, sizeof(usual));
		(void)snprintf(text, sizeof(text), "stalled %s; %s", stalled, usual);
		if (cJSON_IsNumber(doc_get(value, "excess_permille")))
			(void)snprintf(text, sizeof(text), "stalled %s; %s: lost %s", stalled,
				       usual,
				       doc_format(value, "excess_permille", doc_percent, part));
	}
	line(ctl, resource, text);
}

/* What the policy's holds have been, and why there is none now. */
static void say_calibration(const struct ctl *ctl)
{
	const cJSON *c = doc_get(ctl->doc, "calibration");
	uint64_t last_us = doc_count(c, "last_us"), now_us = (uint64_t)ctl->term.now_us;
	char held[DOC_TEXT_SIZE], ago[DOC_TEXT_SIZE], last[DOC_TEXT_SIZE + 16] = "";

	if (!cJSON_IsObject(c))
		return;
	if (last_us > 0)
		(void)snprintf(last, sizeof(last), ", the last %s ago",
			       doc_duration(now_us > last_us ? now_us - last_us : 0, ago));
	term_say(&ctl->term, 0, 2,
		 "Calibration: offline work was held %" PRIu64 " time%s for %s in all%s%s%s.",
		 doc_count(c, "holds"), doc_count(c, "holds") == 1 ? "" : "s",
		 doc_format(c, "held_us", doc_duration, held), last,
		 doc_has(c, "why_not") ? "; not now: " : "", doc_text(c, "why_not", ""));
}

/* Only where an sli asks for it. */
static void cpi_line(const struct ctl *ctl, const cJSON *score)
{
	char number[DOC_TEXT_SIZE], text[DOC_TEXT_SIZE + 64];

	if (!cJSON_IsNumber(doc_get(score, "cpi_milli")))
		return;
	(void)snprintf(text, sizeof(text), "%s cycles an instruction in the last second",
		       sli_cpi_text(doc_count(score, "cpi_milli"), number, sizeof(number)));
	line(ctl, "cpi", text);
}

static int show_one(const struct ctl *ctl)
{
	char text[SCORE_WORDS_SIZE > SLI_LINES_TEXT ? SCORE_WORDS_SIZE : SLI_LINES_TEXT];
	const cJSON *pod = NULL, *score, *sli;
	int r = pick_pod(ctl, &pod);

	if (r != CTL_OK)
		return r;
	term_text(&ctl->term, doc_text(pod, "name", "?"), TERM_BOLD);
	(void)fputc('\n', ctl->term.out);
	if (!online(pod)) {
		term_say(&ctl->term, 2, 2, "It is not an online pod: only those have a score.");
		return CTL_OK;
	}
	score = doc_get(pod, "score");
	score_words_number(score, text);
	line(ctl, "score", text);
	line(ctl, "is a", doc_text(score, "workload", "workload that is not known yet"));
	for (size_t i = 0; i < N_RESOURCES; i++)
		resource_line(ctl, score, resources[i]);
	cpi_line(ctl, score);
	if (net_line_text(ctl, pod, text, sizeof(text)))
		line(ctl, "net", text);
	cJSON_ArrayForEach(sli, doc_get(pod, "slis"))
		line(ctl, "sli", sli_lines_text(ctl, sli, text, sizeof(text)));
	culprit_lines(ctl, score);
	say_calm(ctl);
	say_calibration(ctl);
	return CTL_OK;
}

int verb_score(const struct ctl *ctl)
{
	return ctl->args[0] ? show_one(ctl) : show_all(ctl);
}

cJSON *verb_score_json(const struct ctl *ctl, int *ret_exit)
{
	static const char *const keys[] = {"name", "uid", "level", "score", "slis"};
	cJSON *array = cJSON_CreateArray();
	const cJSON *pod, *only = NULL;

	if (ctl->args[0]) {
		*ret_exit = pick_pod(ctl, &only);
		if (*ret_exit != CTL_OK)
			return array;
	}
	cJSON_ArrayForEach(pod, doc_get(ctl->doc, "pods"))
	{
		cJSON *object;

		if (!online(pod) || (only && pod != only))
			continue;
		object = cJSON_CreateObject();
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			(void)cJSON_AddItemToObject(object, keys[i],
						    cJSON_Duplicate(doc_get(pod, keys[i]), 1));
		(void)cJSON_AddItemToObject(object, "net", net_line_json(ctl, pod));
		if (!cJSON_AddItemToArray(array, object)) {
			cJSON_Delete(object);
			cJSON_Delete(array);
			return NULL;
		}
	}
	return array;
}
