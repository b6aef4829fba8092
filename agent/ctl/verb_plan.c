// SPDX-License-Identifier: LGPL-2.1-or-later
// coloctl plan: the knobs that change or would change, old → new with the reason, like a diff.
#include "agent/ctl/ctl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/ctl/doc.h"

#define KNOB_COLUMNS 14

struct item {
	const cJSON *entry;
	const char *cgroup;
	size_t order; /* in the plan: sorting by path keeps it */
};

struct count {
	uint64_t withheld;
	uint64_t coming;
	uint64_t same;
	uint64_t missing;
	uint64_t unread;
};

static int compare(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int r = strcmp(x->cgroup, y->cgroup);

	return r ? r : (x->order > y->order) - (x->order < y->order);
}

static bool counted_and_shown(const cJSON *entry, bool all, struct count *count)
{
	bool differs = doc_true(entry, "differs");

	if (doc_true(entry, "missing"))
		count->missing++;
	else if (!doc_has(entry, "had"))
		count->unread++;
	else if (!differs)
		count->same++;
	else if (doc_true(entry, "allowed"))
		count->coming++;
	else
		count->withheld++;
	return differs || all;
}

static void print_header(const struct ctl *ctl, const cJSON *entry, bool first)
{
	const char *cgroup = doc_text(entry, "cgroup", "?");
	const char *pod = doc_text(entry, "pod", NULL);

	if (!first)
		(void)fputc('\n', ctl->term.out);
	(void)fputc('/', ctl->term.out);
	term_paragraph(&ctl->term, cgroup, 1, 1, 4, TERM_BOLD);
	if (pod && strcmp(pod, cgroup) != 0)
		term_say(&ctl->term, 2, 4, "pod %s", pod);
}

static void print_entry(const struct ctl *ctl, const cJSON *entry)
{
	const struct term *term = &ctl->term;
	bool differs = doc_true(entry, "differs");

	(void)fputs("  ", term->out);
	term_field(term, doc_text(entry, "knob", "?"), KNOB_COLUMNS, false, TERM_PLAIN);
	if (differs) {
		term_text(term, doc_text(entry, "had", "?"), TERM_RED);
		term_text(term, " → ", TERM_PLAIN);
		term_text(term, doc_text(entry, "want", "?"), TERM_GREEN);
	} else {
		term_text(term, doc_text(entry, "want", "?"), TERM_PLAIN);
		term_text(term,
			  doc_true(entry, "missing") ? "  (the file is not there)"
			  : doc_has(entry, "had")    ? "  (already so)"
						     : "  (not read yet)",
			  TERM_DIM);
	}
	if (differs && !doc_true(entry, "allowed"))
		term_field(term, "  withheld", 0, false, TERM_YELLOW);
	(void)fputc('\n', term->out);
	term_paragraph(term, doc_text(entry, "reason", "?"), 0, 6, 6, TERM_DIM);
}

static void print_summary(const struct ctl *ctl, const struct count *count)
{
	const cJSON *status = doc_get(ctl->doc, "status");
	const char *mode = doc_text(status, "mode", "?");

	if (count->withheld)
		term_say(&ctl->term, 0, 2,
			 "%" PRIu64 " change%s withheld by mode %s; coloctl status says how to "
			 "allow %s",
			 count->withheld, count->withheld == 1 ? "" : "s", mode,
			 count->withheld == 1 ? "it" : "them");
	if (count->coming)
		term_say(&ctl->term, 0, 2, "%" PRIu64 " change%s to be made", count->coming,
			 count->coming == 1 ? "" : "s");
	if (count->withheld + count->coming == 0)
		term_say(&ctl->term, 0, 2, "Nothing to change");
	if (count->same)
		term_say(&ctl->term, 0, 2, "%" PRIu64 " knob%s already as planned%s", count->same,
			 count->same == 1 ? "" : "s",
			 ctl->all ? "" : "; coloctl plan --all lists them");
	if (count->missing)
		term_say(&ctl->term, 0, 2,
			 "%" PRIu64
			 " planned knob%s not there on this node; coloctl doctor says why",
			 count->missing, count->missing == 1 ? " is" : "s are");
	if (count->unread)
		term_say(&ctl->term, 0, 2, "%" PRIu64 " planned knob%s not read yet", count->unread,
			 count->unread == 1 ? " is" : "s are");
}

/* What is not planned, and could be: with --all, or while memory is short. */
static void print_freezes(const struct ctl *ctl)
{
	const cJSON *status = doc_get(ctl->doc, "status"), *pod;

	if (!ctl->all && strcmp(doc_text(status, "rung_memory", "calm"), "calm") == 0)
		return;
	cJSON_ArrayForEach(pod, doc_get(ctl->doc, "pods"))
	{
		const cJSON *freeze = doc_get(pod, "freeze");

		if (freeze && strcmp(doc_text(freeze, "state", ""), "due") != 0)
			term_say(&ctl->term, 0, 2, "%s: %s", doc_text(pod, "name", "?"),
				 doc_text(freeze, "reason", "?"));
	}
}

int verb_plan(const struct ctl *ctl)
{
	const cJSON *plan = doc_get(ctl->doc, "plan"), *entry;
	int size = cJSON_GetArraySize(plan);
	_cleanup_free_ struct item *items = calloc((size_t)size + 1, sizeof(*items));
	struct count count = {0};
	size_t n = 0;

	if (!items)
		return CTL_FAILED;
	cJSON_ArrayForEach(entry, plan)
	{
		if (!counted_and_shown(entry, ctl->all, &count))
			continue;
		items[n] = (struct item){
			.entry = entry,
			.cgroup = doc_text(entry, "cgroup", "?"),
			.order = n,
		};
		n++;
	}
	qsort(items, n, sizeof(*items), compare);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || strcmp(items[i].cgroup, items[i - 1].cgroup) != 0)
			print_header(ctl, items[i].entry, i == 0);
		print_entry(ctl, items[i].entry);
	}
	if (n > 0)
		(void)fputc('\n', ctl->term.out);
	print_freezes(ctl);
	print_summary(ctl, &count);
	return CTL_OK;
}

cJSON *verb_plan_json(const struct ctl *ctl, int *ret_exit)
{
	(void)ret_exit;
	return cJSON_Duplicate(doc_get(ctl->doc, "plan"), 1);
}
