// SPDX-License-Identifier: LGPL-2.1-or-later
// coloctl trial: what colod would have done today if its mode allowed it. Counts the knobs that the plan
// withholds now and those that the history says were withheld since midnight, each once; invents nothing.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/ctl/client.h"
#include "agent/ctl/ctl.h"
#include "agent/ctl/doc.h"
#include "agent/ctl/table.h"
#include "agent/ctl/when.h"
#include "policy/knob.h"
#include "policy/mode.h"
#include "policy/names.h"

#define RESOURCE_SIZE 16
#define HOLDS_SHOWN 10

/* One knob that is, or was, withheld. */
struct item {
	const char *effect;
	char resource[RESOURCE_SIZE]; /* before the dot of the knob's name */
	const char *cgroup;
	const char *name;
	const char *pod; /* "" for a class */
	bool now;	 /* withheld now, by the plan */
	bool gone;	 /* its pod is */
};

/* One line of the table. */
struct row {
	const char *effect;
	const char *resource;
	uint64_t knobs, now, pods, gone;
	enum mode needed; /* by all of it */
};

/* A time on a rung above calm. */
struct hold {
	const char *resource;
	const char *why;
	int64_t from_us; /* 0: before the window */
	int64_t to_us;	 /* 0: still */
	uint64_t for_us;
};

struct trial {
	struct item *knobs; /* sorted, each once; owned */
	size_t n_knobs;
	struct row rows[EFFECT_COUNT * RESOURCE_COUNT];
	size_t n_rows;
	struct hold *holds; /* owned */
	size_t n_holds;
	int64_t now_us;
	int64_t since_us;
	bool from_midnight; /* else from the begin of the history */
	uint64_t started;   /* how often the agent was, since then */
	enum mode needed;   /* MODE_OBSERVE: nothing is withheld */
};

static void trial_done(struct trial *t)
{
	free(t->knobs);
	free(t->holds);
}

int verb_trial_ask(const struct ctl *ctl, int64_t now_us, struct client_filter *ret_filter)
{
	(void)ctl;
	*ret_filter = (struct client_filter){
		.since_us = (uint64_t)when_midnight(now_us),
		.kinds = "write,rung,agent",
		.of = "",
	};
	return CTL_OK;
}

static void set_knob(struct item *k, const cJSON *from, const char *cgroup_key)
{
	*k = (struct item){
		.effect = doc_text(from, "effect", "?"),
		.cgroup = doc_text(from, cgroup_key, "?"),
		.name = doc_text(from, "knob", "?"),
		.pod = doc_text(from, "pod", ""),
	};
	/* The one knob whose name does not begin with what it is written for. */
	if (knob_from_name(k->name) == KNOB_CGROUP_FREEZE)
		(void)snprintf(k->resource, sizeof(k->resource), "memory");
	else
		(void)snprintf(k->resource, sizeof(k->resource), "%.*s", (int)strcspn(k->name, "."),
			       k->name);
}

static int compare_knobs(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int r = strcmp(x->effect, y->effect);

	if (r == 0)
		r = strcmp(x->resource, y->resource);
	if (r == 0)
		r = strcmp(x->pod, y->pod);
	if (r == 0)
		r = strcmp(x->cgroup, y->cgroup);
	return r ? r : strcmp(x->name, y->name);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Marks the knobs whose pod is not in the snapshot any more. */
static int mark_gone(struct trial *t, const cJSON *pods)
{
	size_t n = 0;
	_cleanup_free_ const char **names =
		calloc((size_t)cJSON_GetArraySize(pods) + 1, sizeof(*names));
	const cJSON *pod;

	if (!names)
		return CTL_FAILED;
	cJSON_ArrayForEach(pod, pods) names[n++] = doc_text(pod, "name", "");
	qsort(names, n, sizeof(*names), compare_names);
	for (size_t i = 0; i < t->n_knobs; i++) {
		struct item *k = &t->knobs[i];

		k->gone = *k->pod && !bsearch(&k->pod, names, n, sizeof(*names), compare_names);
	}
	return CTL_OK;
}

/* Whether the record is of the time that is shown. */
static bool is_in(const struct trial *t, const cJSON *record)
{
	return (int64_t)doc_count(record, "time_us") >= t->since_us;
}

/* All of them, sorted, each once. */
static int collect_knobs(struct trial *t, const cJSON *plan, const cJSON *records)
{
	const cJSON *item;
	size_t n = 0, kept = 0;

	t->knobs =
		calloc((size_t)cJSON_GetArraySize(plan) + (size_t)cJSON_GetArraySize(records) + 1,
		       sizeof(*t->knobs));
	if (!t->knobs)
		return CTL_FAILED;
	cJSON_ArrayForEach(item, plan)
	{
		if (!doc_true(item, "differs") || doc_true(item, "allowed") ||
		    doc_true(item, "missing") || !doc_has(item, "had"))
			continue;
		set_knob(&t->knobs[n], item, "cgroup");
		t->knobs[n++].now = true;
	}
	cJSON_ArrayForEach(item, records)
	{
		if (is_in(t, item) && doc_true(item, "would") &&
		    strcmp(doc_text(item, "kind", ""), "write") == 0)
			set_knob(&t->knobs[n++], item, "what");
	}
	qsort(t->knobs, n, sizeof(*t->knobs), compare_knobs);
	for (size_t i = 0; i < n; i++) {
		if (kept > 0 && compare_knobs(&t->knobs[kept - 1], &t->knobs[i]) == 0)
			t->knobs[kept - 1].now |= t->knobs[i].now;
		else
			t->knobs[kept++] = t->knobs[i];
	}
	t->n_knobs = kept;
	return CTL_OK;
}

static void count_rows(struct trial *t)
{
	for (size_t i = 0; i < t->n_knobs; i++) {
		const struct item *k = &t->knobs[i], *last = i > 0 ? &t->knobs[i - 1] : NULL;
		bool new_row = !last || strcmp(last->effect, k->effect) != 0 ||
			       strcmp(last->resource, k->resource) != 0;
		bool new_pod = new_row || strcmp(last->pod, k->pod) != 0;
		int effect = names_effect_from(k->effect), knob = knob_from_name(k->name);
		enum mode needed;
		struct row *row;

		if (new_row && t->n_rows == sizeof(t->rows) / sizeof(t->rows[0]))
			return;
		if (new_row)
			t->rows[t->n_rows++] =
				(struct row){.effect = k->effect, .resource = k->resource};
		row = &t->rows[t->n_rows - 1];
		row->knobs++;
		row->now += k->now;
		row->pods += new_pod && *k->pod;
		row->gone += new_pod && k->gone;
		if (effect < 0 || knob < 0)
			continue;
		needed = mode_needed((enum knob)knob, (enum effect)effect);
		row->needed = needed > row->needed ? needed : row->needed;
		t->needed = needed > t->needed ? needed : t->needed;
	}
}

static bool is_calm(const char *rung)
{
	return strcmp(rung, "calm") == 0;
}

static void end_hold(struct hold *hold, const cJSON *begin, const cJSON *record)
{
	uint64_t from = doc_count(begin, "boot_us"), to = doc_count(record, "boot_us");

	hold->to_us = (int64_t)doc_count(record, "time_us");
	/* The clock that goes on during suspend; after a reboot it began anew. */
	if (to < from) {
		from = doc_count(begin, "time_us");
		to = doc_count(record, "time_us");
	}
	hold->for_us = to > from ? to - from : 0;
}

/* One resource has a ladder: what goes up comes down before it goes up again. */
static int collect_holds(struct trial *t, const cJSON *records)
{
	const cJSON *record, *begin = NULL;
	struct hold *open = NULL;

	t->holds = calloc((size_t)cJSON_GetArraySize(records) + 1, sizeof(*t->holds));
	if (!t->holds)
		return CTL_FAILED;
	cJSON_ArrayForEach(record, records)
	{
		bool would = doc_true(record, "would");

		if (!is_in(t, record))
			continue;
		if (strcmp(doc_text(record, "kind", ""), "agent") == 0 &&
		    strcmp(doc_text(record, "to", ""), "started") == 0) {
			t->started++;
			/* An agent that starts knows nothing of the pressure before. */
			if (open)
				end_hold(open, begin, record);
			open = NULL;
		}
		if (strcmp(doc_text(record, "kind", ""), "rung") != 0)
			continue;
		if (open)
			end_hold(open, begin, record);
		else if (would && is_calm(doc_text(record, "to", "")))
			t->holds[t->n_holds++] = (struct hold){
				.resource = doc_text(record, "what", "?"),
				.why = "it had begun before",
				.to_us = (int64_t)doc_count(record, "time_us"),
			};
		open = NULL;
		if (!would || is_calm(doc_text(record, "to", "")))
			continue;
		begin = record;
		open = &t->holds[t->n_holds++];
		*open = (struct hold){
			.resource = doc_text(record, "what", "?"),
			.why = doc_text(record, "why", "?"),
			.from_us = (int64_t)doc_count(record, "time_us"),
		};
	}
	if (open && t->now_us > open->from_us)
		open->for_us = (uint64_t)(t->now_us - open->from_us);
	return CTL_OK;
}

static int collect(const struct ctl *ctl, struct trial *t)
{
	const cJSON *history = doc_get(ctl->doc, "history");
	const cJSON *records = doc_get(history, "records");
	int64_t oldest_us = (int64_t)doc_count(history, "oldest_us");
	int r;

	t->now_us = (int64_t)doc_count(history, "now_us");
	t->since_us = when_midnight(t->now_us);
	t->from_midnight = oldest_us > 0 && oldest_us <= t->since_us;
	if (!t->from_midnight)
		t->since_us = oldest_us;
	t->needed = MODE_OBSERVE;
	r = collect_knobs(t, doc_get(ctl->doc, "plan"), records);
	if (r == CTL_OK)
		r = mark_gone(t, doc_get(ctl->doc, "pods"));
	if (r == CTL_OK)
		r = collect_holds(t, records);
	count_rows(t);
	return r;
}

static void add_number(struct table *table, uint64_t n)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, n);
	table_add(table, text, TERM_PLAIN);
}

static int print_rows(const struct ctl *ctl, const struct trial *t)
{
	static const struct table_column columns[] = {
		{.title = "EFFECT"},
		{.title = "RESOURCE"},
		{.title = "KNOBS", .right = true},
		{.title = "WITHHELD NOW", .right = true},
		{.title = "PODS", .right = true},
		{.title = "GONE SINCE", .right = true},
		{.title = "NEEDS MODE"},
	};
	struct table table;
	int r;

	table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < t->n_rows; i++) {
		const struct row *row = &t->rows[i];

		table_add(&table, row->effect, TERM_PLAIN);
		table_add(&table, row->resource, TERM_PLAIN);
		add_number(&table, row->knobs);
		add_number(&table, row->now);
		add_number(&table, row->pods);
		add_number(&table, row->gone);
		table_add(&table, row->needed > MODE_OFF ? names_mode(row->needed) : NULL,
			  TERM_PLAIN);
	}
	r = table_print(&table, &ctl->term);
	table_done(&table);
	return r;
}

static void print_holds(const struct ctl *ctl, const struct trial *t)
{
	size_t first = t->n_holds > HOLDS_SHOWN ? t->n_holds - HOLDS_SHOWN : 0;
	char from[WHEN_SIZE], lasted[DOC_TEXT_SIZE];

	if (t->n_holds == 0) {
		term_say(&ctl->term, 0, 2,
			 "No online pod waited so long that batch work would have been held.");
		return;
	}
	term_say(&ctl->term, 0, 2, "Batch work would have been held %zu time%s:", t->n_holds,
		 t->n_holds == 1 ? "" : "s");
	for (size_t i = first; i < t->n_holds; i++) {
		const struct hold *h = &t->holds[i];

		if (h->from_us == 0)
			term_say(&ctl->term, 2, 4, "%s until %s: %s", h->resource,
				 when_text(h->to_us, t->now_us, from), h->why);
		else
			term_say(&ctl->term, 2, 4, "%s from %s on, for %s%s: %s", h->resource,
				 when_text(h->from_us, t->now_us, from),
				 doc_duration(h->for_us, lasted), h->to_us ? "" : " so far",
				 h->why);
	}
	if (first > 0)
		term_say(&ctl->term, 2, 4, "and %zu times before: coloctl history --kind rung",
			 first);
}

static void print_window(const struct ctl *ctl, const struct trial *t)
{
	const char *mode = doc_text(doc_get(ctl->doc, "status"), "mode", "?");
	char since[WHEN_SIZE];

	if (t->from_midnight)
		term_say(&ctl->term, 0, 2, "Since midnight; the mode is %s now.", mode);
	else if (t->since_us > 0)
		term_say(&ctl->term, 0, 2,
			 "Since %s, where the history begins; the mode is %s now.",
			 when_text(t->since_us, t->now_us, since), mode);
	else
		term_say(&ctl->term, 0, 2, "There is no history yet; the mode is %s now.", mode);
	if (t->started > 0)
		term_say(&ctl->term, 0, 2, "colod was started %" PRIu64 " time%s in that time.",
			 t->started, t->started == 1 ? "" : "s");
}

static void print_end(const struct ctl *ctl, const struct trial *t)
{
	int mode = names_mode_from(doc_text(doc_get(ctl->doc, "status"), "mode", ""));
	uint64_t now = 0;

	for (size_t i = 0; i < t->n_rows; i++)
		now += t->rows[i].now;
	if (now == 0 && (t->n_rows == 0 || mode >= (int)t->needed)) {
		term_say(&ctl->term, 0, 2, "Nothing is withheld now.");
		return;
	}
	term_say(&ctl->term, 0, 2,
		 "%" PRIu64 " change%s withheld now; coloctl plan lists %s with the reason. All of "
		 "the table needs mode %s. To allow it, and after a restart too:",
		 now, now == 1 ? " is" : "s are", now == 1 ? "it" : "them", names_mode(t->needed));
	term_say(&ctl->term, 2, 4, "coloctl mode %s --persist", names_mode(t->needed));
}

int verb_trial(const struct ctl *ctl)
{
	_cleanup_(trial_done) struct trial t = {0};
	int r = collect(ctl, &t);

	if (r != CTL_OK)
		return r;
	print_window(ctl, &t);
	(void)fputc('\n', ctl->term.out);
	if (t.n_rows > 0 && print_rows(ctl, &t) < 0)
		return CTL_FAILED;
	if (t.n_rows == 0)
		term_say(&ctl->term, 0, 2, "No knob would have been changed.");
	(void)fputc('\n', ctl->term.out);
	print_holds(ctl, &t);
	(void)fputc('\n', ctl->term.out);
	print_end(ctl, &t);
	return CTL_OK;
}

static void add_hold(cJSON *array, const struct hold *h)
{
	cJSON *object = cJSON_CreateObject();

	(void)cJSON_AddStringToObject(object, "resource", h->resource);
	(void)cJSON_AddStringToObject(object, "why", h->why);
	(void)cJSON_AddNumberToObject(object, "from_us", (double)h->from_us);
	(void)cJSON_AddNumberToObject(object, "to_us", (double)h->to_us);
	(void)cJSON_AddNumberToObject(object, "for_us", (double)h->for_us);
	(void)cJSON_AddItemToArray(array, object);
}

cJSON *verb_trial_json(const struct ctl *ctl, int *ret_exit)
{
	_cleanup_(trial_done) struct trial t = {0};
	int r = collect(ctl, &t);
	cJSON *doc = r == CTL_OK ? cJSON_CreateObject() : NULL, *rows, *holds;

	*ret_exit = CTL_FAILED;
	if (!doc)
		return NULL;
	(void)cJSON_AddNumberToObject(doc, "since_us", (double)t.since_us);
	(void)cJSON_AddStringToObject(doc, "since", t.from_midnight ? "midnight" : "history");
	(void)cJSON_AddNumberToObject(doc, "started", (double)t.started);
	(void)cJSON_AddStringToObject(doc, "mode_needed", names_mode(t.needed));
	rows = cJSON_AddArrayToObject(doc, "changes");
	for (size_t i = 0; i < t.n_rows; i++) {
		cJSON *row = cJSON_CreateObject();

		(void)cJSON_AddStringToObject(row, "effect", t.rows[i].effect);
		(void)cJSON_AddStringToObject(row, "resource", t.rows[i].resource);
		(void)cJSON_AddNumberToObject(row, "knobs", (double)t.rows[i].knobs);
		(void)cJSON_AddNumberToObject(row, "withheld_now", (double)t.rows[i].now);
		(void)cJSON_AddNumberToObject(row, "pods", (double)t.rows[i].pods);
		(void)cJSON_AddNumberToObject(row, "pods_gone", (double)t.rows[i].gone);
		(void)cJSON_AddItemToArray(rows, row);
	}
	holds = cJSON_AddArrayToObject(doc, "holds");
	for (size_t i = 0; i < t.n_holds; i++)
		add_hold(holds, &t.holds[i]);
	return doc;
}
