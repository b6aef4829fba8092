// SPDX-License-Identifier: LGPL-2.1-or-later
// See incident_show.h.
#include "agent/ctl/incident_show.h"

#include <inttypes.h>
#include <string.h>

#include "agent/ctl/doc.h"
#include "agent/ctl/incident_words.h"
#include "agent/ctl/table.h"
#include "agent/ctl/when.h"

#define KEY_COLUMNS 12
#define WHEN_COLUMNS 9

/* --- all ----------------------------------------------------------------------------------------- */

static bool goes_on(const cJSON *list, const cJSON *summary)
{
	const cJSON *id;

	cJSON_ArrayForEach(id,
			   doc_get(list, "open")) if (cJSON_IsNumber(id) &&
						      id->valuedouble ==
							      (double)doc_count(summary,
										"id")) return true;
	return false;
}

static void add_length(struct table *table, const cJSON *list, const cJSON *summary)
{
	bool open = strcmp(doc_text(summary, "state", ""), "open") == 0;
	char duration[DOC_TEXT_SIZE], text[64];

	(void)snprintf(text, sizeof(text), "%s%s%s",
		       doc_duration(doc_count(summary, "hurt_us"), duration),
		       doc_true(summary, "cut") ? " or more" : "",
		       goes_on(list, summary) ? ", goes on"
		       : open		      ? ", colod ended"
					      : "");
	table_add(table, text, TERM_PLAIN);
}

static void add_row(struct table *table, const cJSON *list, const cJSON *summary)
{
	char id[DOC_TEXT_SIZE], when[WHEN_SIZE], percent[DOC_TEXT_SIZE], culprit[256];

	(void)snprintf(id, sizeof(id), "%" PRIu64, doc_count(summary, "id"));
	(void)when_text((int64_t)doc_count(summary, "time_us"), (int64_t)doc_count(list, "now_us"),
			when);
	(void)snprintf(culprit, sizeof(culprit), "%s (%s)", doc_text(summary, "culprit", "?"),
		       doc_text(summary, "confidence", "?"));
	table_add(table, id, TERM_BOLD);
	table_add(table, when, TERM_PLAIN);
	table_add(table, doc_text(summary, "pod", NULL), TERM_PLAIN);
	table_add(table, doc_text(summary, "resource", NULL), TERM_PLAIN);
	add_length(table, list, summary);
	table_add(table, doc_format(summary, "worst_stalled_permille", doc_percent, percent),
		  TERM_PLAIN);
	table_add(table, doc_has(summary, "culprit") ? culprit : NULL, TERM_PLAIN);
	table_add(table, doc_text(summary, "done", NULL), TERM_PLAIN);
}

static void say_rest(const struct ctl *ctl, const cJSON *list)
{
	uint64_t left_out = doc_count(list, "left_out");

	if (left_out > 0)
		term_say(&ctl->term, 0, 2,
			 "%" PRIu64
			 " more could not be kept since colod started: too many at once, "
			 "or a disk that does not take them.",
			 left_out);
	if (strcmp(doc_text(list, "disk", ""), "reading") == 0)
		term_say(&ctl->term, 0, 2,
			 "colod has just started and still reads what it kept: some are not "
			 "listed yet.");
	if (strcmp(doc_text(list, "disk", ""), "failing") == 0)
		term_say(&ctl->term, 0, 2,
			 "/var/lib/colod/incidents cannot be written: the last few are in memory "
			 "alone.");
}

int incident_show_all(const struct ctl *ctl)
{
	static const struct table_column columns[] = {
		{.title = "ID", .right = true},
		{.title = "WHEN"},
		{.title = "POD", .min = 12},
		{.title = "RESOURCE"},
		{.title = "HURT FOR"},
		{.title = "WORST", .right = true},
		{.title = "SUSPECTED", .min = 12},
		{.title = "DONE", .min = 10},
	};
	const cJSON *list = doc_get(ctl->doc, "incidents"), *summary;
	struct table table;
	int r = 0;

	table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
	cJSON_ArrayForEach(summary, doc_get(list, "incidents")) add_row(&table, list, summary);
	if (cJSON_GetArraySize(doc_get(list, "incidents")) == 0) {
		term_say(
			&ctl->term, 0, 2,
			"No online pod was hurt, as far as is known: no rung left calm for one, and "
			"no score was over incidents.excess of the policy.");
	} else {
		r = table_print(&table, &ctl->term);
		(void)fputc('\n', ctl->term.out);
		term_say(
			&ctl->term, 0, 2,
			"Worst: the share of a second in which some of its tasks waited. One with "
			"its scene: coloctl incidents show ID; as a picture: coloctl incidents plot "
			"ID --output FILE.svg");
	}
	table_done(&table);
	say_rest(ctl, list);
	return r < 0 ? CTL_FAILED : CTL_OK;
}

/* --- one ----------------------------------------------------------------------------------------- */

static void line(const struct ctl *ctl, const char *key, const char *text)
{
	(void)fputs("  ", ctl->term.out);
	term_field(&ctl->term, key, KEY_COLUMNS, false, TERM_DIM);
	(void)fputs("  ", ctl->term.out);
	term_paragraph(&ctl->term, text, KEY_COLUMNS + 4, KEY_COLUMNS + 4, KEY_COLUMNS + 4,
		       TERM_PLAIN);
}

static void show_causes(const struct ctl *ctl, const cJSON *summary, const cJSON *scene)
{
	const char *first = doc_text(summary, "cause", "?");
	const cJSON *cause;
	char text[256];

	(void)snprintf(text, sizeof(text), "%s",
		       strcmp(first, "rung") == 0    ? "a rung that left calm because of it"
		       : strcmp(first, "score") == 0 ? "its score"
		       : strcmp(first, "sli") == 0   ? "an SLI"
						     : "?");
	cJSON_ArrayForEach(cause, doc_get(scene, "causes"))
	{
		size_t len = strlen(text);

		if (cJSON_IsString(cause) && strcmp(cause->valuestring, first) != 0)
			(void)snprintf(text + len, sizeof(text) - len, ", then also its %.20s",
				       cause->valuestring);
	}
	line(ctl, "opened by", text);
}

static void show_culprits(const struct ctl *ctl, const cJSON *culprits)
{
	const cJSON *one;
	char text[INCIDENT_WORDS_SIZE], share[DOC_TEXT_SIZE], after[DOC_TEXT_SIZE];

	cJSON_ArrayForEach(one, doc_get(culprits, "list"))
	{
		(void)snprintf(text, sizeof(text),
			       "%s (%s): %s, %s of how it waited, %" PRIu64 " s before it%s",
			       doc_text(one, "name", "?"), doc_text(one, "role", "?"),
			       doc_text(one, "confidence", "?"),
			       doc_percent(doc_count(one, "share_permille"), share),
			       doc_count(one, "lag_s"),
			       doc_true(one, "alike") ? ", as another one did" : "");
		line(ctl, "suspected", text);
	}
	if (cJSON_GetArraySize(doc_get(culprits, "list")) == 0)
		line(ctl, "suspected", doc_text(culprits, "state", "?"));
	cJSON_ArrayForEach(one, doc_get(culprits, "tried"))
	{
		(void)snprintf(text, sizeof(text),
			       doc_true(one, "calibrated")
				       ? "%s: %s by calibration, it waited %s before and %s in "
					 "single seconds without it"
				       : "%s was held: %s, it waited %s before and %s then",
			       doc_text(one, "name", "?"), doc_text(one, "verdict", "?"),
			       doc_percent(doc_count(one, "before_permille"), share),
			       doc_percent(doc_count(one, "after_permille"), after));
		line(ctl, "tried", text);
	}
}

static void show_node(const struct ctl *ctl, const cJSON *summary, const cJSON *node)
{
	char text[INCIDENT_WORDS_SIZE], bytes[DOC_TEXT_SIZE];

	(void)snprintf(text, sizeof(text),
		       "kernel %s, %" PRIu64 " CPUs, %s, %" PRIu64 " pods; mode %s for %s",
		       doc_text(node, "kernel", "?"), doc_count(node, "cpus"),
		       doc_bytes(doc_count(node, "memory_bytes"), bytes), doc_count(node, "pods"),
		       doc_text(summary, "mode", "?"), doc_text(summary, "resource", "?"));
	line(ctl, "node", text);
}

static void show_marks(const struct ctl *ctl, const cJSON *scene)
{
	const struct term *term = &ctl->term;
	const unsigned indent = 2 + WHEN_COLUMNS + 2;
	char when[32], text[INCIDENT_WORDS_SIZE];
	const cJSON *mark;

	(void)fputc('\n', term->out);
	if (cJSON_GetArraySize(doc_get(scene, "marks")) == 0) {
		term_say(term, 0, 2, "Nothing was done.");
		return;
	}
	term_say(term, 0, 2, "What was done, from the moment on that it was opened:");
	cJSON_ArrayForEach(mark, doc_get(scene, "marks"))
	{
		(void)fputs("  ", term->out);
		term_field(term, incident_words_when(mark, when, sizeof(when)), WHEN_COLUMNS, true,
			   TERM_DIM);
		(void)fputs("  ", term->out);
		term_paragraph(term, incident_words_mark(mark, text, sizeof(text)), indent, indent,
			       indent, doc_true(mark, "would") ? TERM_DIM : TERM_PLAIN);
	}
	if (doc_count(scene, "marks_left_out") > 0)
		term_say(term, 2, 2, "%" PRIu64 " more were left out: coloctl history has them",
			 doc_count(scene, "marks_left_out"));
}

static const char *kib(uint64_t n, char *buf)
{
	return doc_bytes(n * 1024, buf);
}

/* The mean of what a pod uses where the points end before it was opened, while it was hurt, and after. */
static void add_uses(struct table *table, const cJSON *points, const cJSON *uses, int64_t hurt_ms,
		     const char *(*format)(uint64_t value, char *buf))
{
	double sum[3] = {0}, n[3] = {0};
	const cJSON *at = doc_get(points, "at_ms"), *use = uses ? uses->child : NULL;
	const cJSON *span = doc_get(points, "span_ms");
	char text[DOC_TEXT_SIZE];

	at = at ? at->child : NULL;
	span = span ? span->child : NULL;
	for (; at && use && span; at = at->next, use = use->next, span = span->next) {
		int part = at->valuedouble <= 0 ? 0 : at->valuedouble <= (double)hurt_ms ? 1 : 2;

		if (!cJSON_IsNumber(use) || !(span->valuedouble > 0))
			continue;
		sum[part] += use->valuedouble * span->valuedouble;
		n[part] += span->valuedouble;
	}
	for (int part = 0; part < 3; part++) {
		double mean = n[part] > 0 ? sum[part] / n[part] : 0;

		table_add(table,
			  n[part] > 0 && mean >= 0 && mean < 1e12 ? format((uint64_t)mean, text)
								  : NULL,
			  TERM_PLAIN);
	}
}

static int show_pods(const struct ctl *ctl, const cJSON *summary, const cJSON *scene)
{
	static const struct table_column columns[] = {
		{.title = "POD", .min = 12},
		{.title = "LEVEL"},
		{.title = "CPUS BEFORE", .right = true},
		{.title = "WHILE HURT", .right = true},
		{.title = "AFTER", .right = true},
	};
	static const struct table_column disk_columns[] = {
		{.title = "POD", .min = 12},
		{.title = "LEVEL"},
		{.title = "DISK A SECOND BEFORE", .right = true},
		{.title = "WHILE HURT", .right = true},
		{.title = "AFTER", .right = true},
	};
	bool disk = strcmp(doc_text(summary, "resource", ""), "io") == 0;
	const cJSON *points = doc_get(scene, "points"), *pod;
	int64_t hurt_ms = (int64_t)(doc_count(summary, "hurt_us") / 1000);
	struct table table;
	int n = 0, r;

	table_init(&table, disk ? disk_columns : columns, sizeof(columns) / sizeof(columns[0]));
	cJSON_ArrayForEach(pod, doc_get(scene, "pods"))
	{
		table_add(&table, doc_text(pod, "name", NULL), n == 0 ? TERM_BOLD : TERM_PLAIN);
		table_add(&table, doc_text(pod, "level", NULL), TERM_PLAIN);
		add_uses(&table, points,
			 cJSON_GetArrayItem(doc_get(points, disk ? "disk_kib_s" : "cpu_milli"), n),
			 hurt_ms, disk ? kib : doc_milli);
		n++;
	}
	(void)fputc('\n', ctl->term.out);
	r = table_print(&table, &ctl->term);
	table_done(&table);
	return r < 0 ? CTL_FAILED : CTL_OK;
}

static bool was_measured(const cJSON *uses)
{
	const cJSON *use;
	bool known = false;

	cJSON_ArrayForEach(use, uses) known |= cJSON_IsNumber(use);
	return known;
}

static const char *pages(uint64_t n, char *buf)
{
	(void)snprintf(buf, DOC_TEXT_SIZE, "%" PRIu64 " page%s", n, n == 1 ? "" : "s");
	return buf;
}

/* Of what was not measured, or an older colod did not keep, there is no row, and of nothing no table. */
static int show_victim(const struct ctl *ctl, const cJSON *summary, const cJSON *scene)
{
	static const struct table_column columns[] = {
		{.title = "VICTIM", .min = 12},
		{.title = "BEFORE", .right = true},
		{.title = "WHILE HURT", .right = true},
		{.title = "AFTER", .right = true},
	};
	static const struct {
		const char *key, *what;
		doc_format_fn format;
	} rows[] = {
		{"throttled_permille", "throttled, of a CPU", doc_percent},
		{"memory_full_permille", "all of it waited for memory", doc_percent},
		{"io_full_permille", "all of it waited for io", doc_percent},
		{"anon_kib", "anonymous memory", kib},
		{"file_kib", "page cache", kib},
		{"refaults_per_s", "refaults a second", pages},
		{"direct_per_s", "scanned in direct reclaim a second", pages},
	};
	const cJSON *points = doc_get(scene, "points"), *victim = doc_get(points, "victim");
	int64_t hurt_ms = (int64_t)(doc_count(summary, "hurt_us") / 1000);
	struct table table;
	int n = 0, r = 0;

	table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const cJSON *uses = doc_get(victim, rows[i].key);

		if (!was_measured(uses))
			continue;
		table_add(&table, rows[i].what, TERM_PLAIN);
		add_uses(&table, points, uses, hurt_ms, rows[i].format);
		n++;
	}
	if (n > 0) {
		(void)fputc('\n', ctl->term.out);
		r = table_print(&table, &ctl->term);
	}
	table_done(&table);
	return r < 0 ? CTL_FAILED : CTL_OK;
}

static const char *packets(uint64_t n, char *buf)
{
	(void)snprintf(buf, DOC_TEXT_SIZE, "%" PRIu64 " packet%s", n, n == 1 ? "" : "s");
	return buf;
}

static void add_net_row(struct table *table, const cJSON *points, const char *who, const char *what,
			const cJSON *uses, int64_t hurt_ms, doc_format_fn format)
{
	if (!was_measured(uses))
		return;
	table_add(table, who, TERM_PLAIN);
	table_add(table, what, TERM_PLAIN);
	add_uses(table, points, uses, hurt_ms, format);
}

static void add_flow(struct table *table, const cJSON *points, const char *role, const char *who,
		     int64_t hurt_ms)
{
	static const struct {
		const char *key, *what;
		doc_format_fn format;
	} rows[] = {
		{"sent_kib_s", "sent a second", kib},
		{"arrived_kib_s", "arrived a second", kib},
		{"dropped_per_s", "dropped a second", packets},
		{"waiting_kib", "waiting", kib},
	};
	const cJSON *of = doc_get(doc_get(points, "node_net"), role);

	for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++)
		add_net_row(table, points, who, rows[r].what, doc_get(of, rows[r].key), hurt_ms,
			    rows[r].format);
}

/* Of a node whose network nobody looks at there is nothing. */
static int show_net(const struct ctl *ctl, const cJSON *summary, const cJSON *scene)
{
	static const struct table_column columns[] = {
		{.title = "NETWORK", .min = 12},    {.title = "WHAT"},
		{.title = "BEFORE", .right = true}, {.title = "WHILE HURT", .right = true},
		{.title = "AFTER", .right = true},
	};
	const cJSON *points = doc_get(scene, "points"), *pod;
	const cJSON *sent = doc_get(points, "net_sent_kib_s");
	int64_t hurt_ms = (int64_t)(doc_count(summary, "hurt_us") / 1000);
	struct table table;
	int n = 0, r;

	if (!sent && !doc_get(points, "node_net"))
		return CTL_OK;
	table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
	add_flow(&table, points, "online", "online work", hurt_ms);
	add_flow(&table, points, "offline", "offline work", hurt_ms);
	cJSON_ArrayForEach(pod, doc_get(scene, "pods"))
		add_net_row(&table, points, doc_text(pod, "name", NULL), "sent a second",
			    cJSON_GetArrayItem(sent, n++), hurt_ms, kib);
	(void)fputc('\n', ctl->term.out);
	r = table_print(&table, &ctl->term);
	table_done(&table);
	return r < 0 ? CTL_FAILED : CTL_OK;
}

int incident_show_one(const struct ctl *ctl)
{
	const cJSON *incident = doc_get(ctl->doc, "incident");
	const cJSON *summary = doc_get(incident, "summary"), *scene = doc_get(incident, "scene");
	char text[INCIDENT_WORDS_SIZE];
	int r;

	term_text(&ctl->term, incident_words_title(summary, text, sizeof(text)), TERM_BOLD);
	(void)fputc('\n', ctl->term.out);
	line(ctl, "when", incident_words_facts(summary, text, sizeof(text)));
	show_causes(ctl, summary, scene);
	(void)snprintf(text, sizeof(text), "%s for %s at most", doc_text(summary, "rung", "?"),
		       doc_text(summary, "resource", "?"));
	line(ctl, "rung", text);
	show_culprits(ctl, doc_get(scene, "culprits"));
	show_node(ctl, summary, doc_get(scene, "node"));
	line(ctl, "done", doc_text(summary, "done", "?"));
	show_marks(ctl, scene);
	r = show_pods(ctl, summary, scene);
	if (r == CTL_OK)
		r = show_victim(ctl, summary, scene);
	return r == CTL_OK ? show_net(ctl, summary, scene) : r;
}
