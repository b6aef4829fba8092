// SPDX-License-Identifier: LGPL-2.1-or-later
// coloctl plan --policy FILE...: what the files, as the whole policy, would change on this node now. They
// are read and checked here first; the running agent, which knows the node, works the difference out.
#include "agent/ctl/verb_plan_policy.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/ctl/client.h"
#include "agent/ctl/doc.h"
#include "agent/ctl/json_out.h"
#include "agent/ctl/verb_policy.h"
#include "policy/read.h"

#define KNOB_COLUMNS 14
#define LINE_SIZE 1024

struct count {
	uint64_t write, restore, forget, drop, withheld, alike;
};

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* --- what changes ---------------------------------------------------------------------------- */

static void mode_lines(const struct ctl *ctl)
{
	const char *all_now = NULL, *all_then = NULL;
	const cJSON *mode;

	cJSON_ArrayForEach(mode, doc_get(ctl->doc, "modes"))
	{
		const char *of = doc_text(mode, "of", "?"), *now = doc_text(mode, "now", "?");
		const char *then = doc_text(mode, "then", "?");
		bool whole = strcmp(of, "all") == 0;

		/* A resource is told where it is not as the whole. */
		if (!whole && all_now && all_then && strcmp(now, all_now) == 0 &&
		    strcmp(then, all_then) == 0)
			continue;
		if (whole) {
			all_now = now;
			all_then = then;
		}
		if (strcmp(now, then) == 0)
			term_say(&ctl->term, 0, 2, "mode%s%s stays %s: %s", whole ? "" : " of ",
				 whole ? "" : of, now, doc_text(mode, "why", "?"));
		else
			term_say(&ctl->term, 0, 2, "mode%s%s %s → %s: %s", whole ? "" : " of ",
				 whole ? "" : of, now, then, doc_text(mode, "why", "?"));
	}
}

static const char *level_text(const cJSON *pod, const char *key, bool is_pod, char *buf,
			      size_t size)
{
	const cJSON *a = doc_get(pod, key);
	const char *level = doc_text(a, "level", NULL);

	if (!is_pod)
		(void)snprintf(buf, size, "not looked at");
	else if (level)
		(void)snprintf(buf, size, "%s %s%s", level, doc_text(a, "role", "?"),
			       doc_true(a, "kept_online") ? " (a system pod is never offline)"
							  : "");
	else if (doc_has(a, "waiting_for"))
		(void)snprintf(buf, size, "undecided, waiting for: %s",
			       doc_text(a, "waiting_for", "?"));
	else
		(void)snprintf(buf, size, "no rule");
	return buf;
}

static void pod_lines(const struct ctl *ctl, const cJSON *pod)
{
	char now[128], then[128];

	(void)fputs("  ", ctl->term.out);
	term_text(&ctl->term, doc_text(pod, "name", "?"), TERM_BOLD);
	(void)fputc('\n', ctl->term.out);
	(void)level_text(pod, "now", doc_true(pod, "is_pod"), now, sizeof(now));
	(void)level_text(pod, "then", doc_true(pod, "stays_pod"), then, sizeof(then));
	(void)fputs("    ", ctl->term.out);
	term_text(&ctl->term, now, TERM_RED);
	term_text(&ctl->term, " → ", TERM_PLAIN);
	term_text(&ctl->term, then, TERM_GREEN);
	(void)fputc('\n', ctl->term.out);
	if (doc_has(doc_get(pod, "now"), "rule"))
		term_say(&ctl->term, 6, 12, "now:  %s", doc_text(doc_get(pod, "now"), "rule", "?"));
	if (doc_has(doc_get(pod, "then"), "rule"))
		term_say(&ctl->term, 6, 12, "then: %s",
			 doc_text(doc_get(pod, "then"), "rule", "?"));
}

static void pods_section(const struct ctl *ctl)
{
	uint64_t n = 0, n_rule = 0;
	const cJSON *pod;

	cJSON_ArrayForEach(pod, doc_get(ctl->doc, "pods"))
	{
		n += doc_true(pod, "level_changes");
		n_rule += !doc_true(pod, "level_changes");
	}
	if (n > 0) {
		(void)fputc('\n', ctl->term.out);
		term_say(&ctl->term, 0, 2, "%" PRIu64 " pod%s would get another level:", n,
			 plural(n));
	}
	cJSON_ArrayForEach(pod, doc_get(ctl->doc, "pods"))
	{
		if (ctl->all || doc_true(pod, "level_changes"))
			pod_lines(ctl, pod);
	}
	if (n_rule > 0 && !ctl->all)
		term_say(&ctl->term, 0, 2,
			 "%" PRIu64 " pod%s would keep the level by another rule (--all)", n_rule,
			 plural(n_rule));
}

static void print_cgroup(const struct ctl *ctl, const cJSON *change)
{
	const char *cgroup = doc_text(change, "cgroup", "?");
	const char *pod = doc_text(change, "pod", NULL);

	(void)fputs("\n/", ctl->term.out);
	term_paragraph(&ctl->term, cgroup, 1, 1, 4, TERM_BOLD);
	if (pod && strcmp(pod, cgroup) != 0)
		term_say(&ctl->term, 2, 4, "pod %s", pod);
}

static void print_change(const struct ctl *ctl, const cJSON *change)
{
	const struct term *term = &ctl->term;
	const char *kind = doc_text(change, "kind", "?");
	bool drop = strcmp(kind, "drop") == 0, forget = strcmp(kind, "forget") == 0;
	const char *note = strcmp(kind, "restore") == 0 ? "  given back"
			   : forget			? "  left to whoever wrote it"
			   : drop			? "  no longer planned"
							: "";

	(void)fputs("  ", term->out);
	term_field(term, doc_text(change, "knob", "?"), KNOB_COLUMNS, false, TERM_PLAIN);
	term_text(term, doc_text(change, "had", "?"), drop || forget ? TERM_PLAIN : TERM_RED);
	if (!drop && !forget) {
		term_text(term, " → ", TERM_PLAIN);
		term_text(term, doc_text(change, "want", "?"), TERM_GREEN);
	}
	term_text(term, note, TERM_YELLOW);
	if (!drop && !doc_true(change, "allowed"))
		term_text(term, "  withheld", TERM_YELLOW);
	if (doc_true(change, "alike"))
		term_text(term, "  as now", TERM_DIM);
	(void)fputc('\n', term->out);
	term_paragraph(term, doc_text(change, "reason", "?"), 0, 6, 6, TERM_DIM);
}

static void count_one(const cJSON *change, struct count *count)
{
	const char *kind = doc_text(change, "kind", "?");

	if (doc_true(change, "alike"))
		count->alike++;
	else if (strcmp(kind, "drop") == 0)
		count->drop++;
	else if (!doc_true(change, "allowed"))
		count->withheld++;
	else if (strcmp(kind, "restore") == 0)
		count->restore++;
	else if (strcmp(kind, "forget") == 0)
		count->forget++;
	else
		count->write++;
}

struct item {
	const cJSON *change;
	const char *cgroup;
	size_t order;
};

static int by_cgroup(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int r = strcmp(x->cgroup, y->cgroup);

	return r ? r : (x->order > y->order) - (x->order < y->order);
}

/* They come in the order of writing; shown are the lines of each cgroup together. */
static int print_changes(const struct ctl *ctl, struct count *count)
{
	const cJSON *changes = doc_get(ctl->doc, "changes"), *change;
	int size = cJSON_GetArraySize(changes);
	_cleanup_free_ struct item *items = calloc((size_t)size + 1, sizeof(*items));
	size_t n = 0;

	if (!items)
		return -ENOMEM;
	cJSON_ArrayForEach(change, changes)
	{
		count_one(change, count);
		if (doc_true(change, "alike") && !ctl->all)
			continue;
		items[n] = (struct item){change, doc_text(change, "cgroup", "?"), n};
		n++;
	}
	qsort(items, n, sizeof(*items), by_cgroup);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || strcmp(items[i].cgroup, items[i - 1].cgroup) != 0)
			print_cgroup(ctl, items[i].change);
		print_change(ctl, items[i].change);
	}
	return 0;
}

static void summary(const struct ctl *ctl, const struct count *c)
{
	const struct term *term = &ctl->term;
	const cJSON *note;

	(void)fputc('\n', term->out);
	if (!doc_true(ctl->doc, "changed"))
		term_say(term, 0, 2, "unchanged: loading it would make no difference here now");
	else
		term_say(term, 0, 2,
			 "changed: %" PRIu64 " knob%s would be written, %" PRIu64
			 " given back, %" PRIu64 " left to whoever wrote %s",
			 c->write, plural(c->write), c->restore, c->forget,
			 c->forget == 1 ? "it" : "them");
	if (c->withheld > 0)
		term_say(term, 0, 2, "%" PRIu64 " other difference%s the mode would withhold",
			 c->withheld, plural(c->withheld));
	if (c->drop > 0)
		term_say(term, 0, 2,
			 "%" PRIu64 " knob%s that %s planned now would no longer be planned",
			 c->drop, plural(c->drop), c->drop == 1 ? "is" : "are");
	if (c->alike > 0)
		term_say(term, 0, 2,
			 "%" PRIu64 " change%s that the policy in force makes alike %s%s", c->alike,
			 plural(c->alike), c->alike == 1 ? "is" : "are",
			 ctl->all ? " among them" : " not listed (--all)");
	cJSON_ArrayForEach(note, doc_get(ctl->doc, "notes"))
	{
		if (cJSON_IsString(note))
			term_say(term, 0, 2, "note: %s", note->valuestring);
	}
	term_say(
		term, 0, 2,
		"Nothing was written. The files named were taken for the whole policy: neither the "
		"built-in default nor the drop-in directories were added");
}

int verb_plan_policy_show(const struct ctl *ctl)
{
	struct count count = {0};

	term_say(&ctl->term, 0, 2, "policy %s instead of %s",
		 doc_text(doc_get(ctl->doc, "policy"), "origin", "?"),
		 doc_text(doc_get(ctl->doc, "in_force"), "origin", "?"));
	mode_lines(ctl);
	pods_section(ctl);
	if (print_changes(ctl, &count) < 0)
		return CTL_FAILED;
	summary(ctl, &count);
	return doc_true(ctl->doc, "changed") ? CTL_CHANGED : CTL_OK;
}

/* --- asking ---------------------------------------------------------------------------------- */

static int show(const struct ctl *ctl, const cJSON *doc)
{
	struct ctl shown = *ctl;

	shown.doc = doc;
	if (!doc_true(doc, "good")) {
		(void)fprintf(ctl->err,
			      "coloctl: the running colod does not take these files, though this "
			      "coloctl does: it is another version, or sees another /etc. Restart "
			      "it: systemctl restart colod\n");
		return CTL_FAILED;
	}
	if (doc_has(doc, "waits")) {
		(void)fputs(
			"coloctl: what this policy would do cannot be told yet, and loading it would "
			"leave the one in force: ",
			ctl->err);
		shown.term.out = ctl->err;
		term_text(&shown.term, doc_text(doc, "waits", "?"), TERM_PLAIN);
		(void)fputc('\n', ctl->err);
		return CTL_FAILED;
	}
	if (!ctl->json)
		return verb_plan_policy_show(&shown);
	if (json_out(doc, ctl->term.out) < 0)
		return CTL_FAILED;
	return doc_true(doc, "changed") ? CTL_CHANGED : CTL_OK;
}

/* Read once more behind the check: the agent looks at what it gets by itself. */
static int read_texts(const struct ctl *ctl, struct policy_source *sources, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_close_ int fd = open(ctl->args[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		char *text = NULL;
		int r = fd < 0 ? -errno : 0;

		if (r == 0)
			r = fs_read_alloc_fd(fd, POLICY_FILE_MAX_BYTES, &text, &sources[i].len);
		if (r < 0) {
			(void)fprintf(ctl->err, "coloctl: the policy cannot be read any more: %s\n",
				      strerror(-r));
			return CTL_FAILED;
		}
		sources[i].name = ctl->args[i];
		sources[i].text = text;
	}
	return CTL_OK;
}

static void not_running(const struct ctl *ctl, size_t n)
{
	(void)fprintf(
		ctl->err,
		"The files are good. What they would change can only be told beside a running "
		"colod; without one, what they would do from nothing: colod --once --mode "
		"observe --policy %s%s\n",
		ctl->args[0], n > 1 ? " --policy ..." : "");
}

int verb_plan_policy(const struct ctl *ctl)
{
	struct policy_source sources[CTL_ARGS_MAX] = {{0}};
	cJSON *doc = NULL;
	size_t n = 0;
	int r;

	while (n < CTL_ARGS_MAX && ctl->args[n])
		n++;
	r = verb_policy_good(ctl, ctl->args, n);
	if (r == CTL_OK)
		r = read_texts(ctl, sources, n);
	if (r == CTL_OK)
		r = client_plan_policy(ctl->err, sources, n, &doc);
	if (r == CTL_NOT_RUNNING)
		not_running(ctl, n);
	if (r == CTL_OK)
		r = show(ctl, doc);
	cJSON_Delete(doc);
	for (size_t i = 0; i < n; i++)
		free((char *)sources[i].text);
	return r;
}
