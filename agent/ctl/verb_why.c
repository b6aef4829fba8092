// SPDX-License-Identifier: LGPL-2.1-or-later
// coloctl why POD: which rule gave the pod its level, what stands in each of its knobs and those
// above it and for what reason, and what it loses. Prints the stored reasons and nothing else.
#include "agent/ctl/ctl.h"

#include <string.h>

#include "agent/ctl/doc.h"
#include "agent/ctl/pick.h"

#define KEY_COLUMNS 11
#define KNOB_COLUMNS 14

static void line(const struct ctl *ctl, const char *key, const char *text)
{
	(void)fputs("  ", ctl->term.out);
	term_field(&ctl->term, key, KEY_COLUMNS - 2, false, TERM_BOLD);
	term_paragraph(&ctl->term, text, KEY_COLUMNS, KEY_COLUMNS, KEY_COLUMNS, TERM_PLAIN);
}

static void assignment_lines(const struct ctl *ctl, const cJSON *pod)
{
	const char *level = doc_text(pod, "level", NULL);
	const char *waits = doc_text(pod, "waiting_for", NULL);
	char text[512];

	if (level) {
		(void)snprintf(text, sizeof(text), "%s, %s", level, doc_text(pod, "role", "?"));
		line(ctl, "level", text);
	} else if (waits) {
		(void)snprintf(text, sizeof(text), "undecided and untouched, waiting for: %s",
			       waits);
		line(ctl, "level", text);
	} else {
		line(ctl, "level", "none: no rule matches it, so nothing of it is touched");
	}
	if (doc_has(pod, "rule"))
		line(ctl, "rule", doc_text(pod, "rule", ""));
	line(ctl, "facts", doc_text(doc_get(pod, "facts"), "state", "?"));
}

static const char *amount(const cJSON *resources, const char *key, doc_format_fn format, char *buf,
			  size_t size)
{
	const cJSON *fact = doc_get(resources, key);
	const char *state = doc_text(fact, "state", "unknown");
	char value[DOC_TEXT_SIZE];

	if (strcmp(doc_text(fact, "value", ""), "max") == 0)
		(void)snprintf(buf, size, "none");
	else if (!cJSON_IsNumber(doc_get(fact, "value")))
		(void)snprintf(buf, size, "%s", state);
	else
		(void)snprintf(buf, size, "%s%s", doc_format(fact, "value", format, value),
			       strcmp(state, "derived") == 0 ? " (derived)" : "");
	return buf;
}

static void resource_lines(const struct ctl *ctl, const cJSON *pod)
{
	const cJSON *r = doc_get(pod, "resources");
	char cpu[64], memory[64], text[256];

	(void)snprintf(text, sizeof(text), "cpu %s, memory %s",
		       amount(r, "cpu_request_milli", doc_milli, cpu, sizeof(cpu)),
		       amount(r, "memory_request_bytes", doc_bytes, memory, sizeof(memory)));
	line(ctl, "requests", text);
	(void)snprintf(text, sizeof(text), "cpu %s, memory %s",
		       amount(r, "cpu_limit_milli", doc_milli, cpu, sizeof(cpu)),
		       amount(r, "memory_limit_bytes", doc_bytes, memory, sizeof(memory)));
	line(ctl, "limits", text);
}

static void use_lines(const struct ctl *ctl, const cJSON *pod)
{
	const cJSON *use = doc_get(pod, "use"), *score = doc_get(pod, "score"), *one;
	char cpu[DOC_TEXT_SIZE], memory[DOC_TEXT_SIZE], throttled[DOC_TEXT_SIZE], text[512];
	size_t len = 0;

	(void)snprintf(text, sizeof(text), "%s CPUs, %s memory, throttled in %s of its periods",
		       doc_format(use, "cpu_milli", doc_milli, cpu),
		       doc_format(use, "memory_bytes", doc_bytes, memory),
		       doc_format(use, "throttled_permille", doc_percent, throttled));
	line(ctl, "uses", text);
	text[0] = '\0';
	cJSON_ArrayForEach(one, score)
	{
		if (!cJSON_IsNumber(doc_get(one, "stalled_permille")) || len >= sizeof(text))
			continue;
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s %s (%s)",
					len ? ", " : "", one->string,
					doc_format(one, "stalled_permille", doc_percent, cpu),
					doc_text(one, "state", "?"));
	}
	if (*text)
		line(ctl, "stalled", text);
}

/* Prints one knob that colod plans or owns; others only count as "left alone". */
static bool knob_lines(const struct ctl *ctl, const cJSON *knob)
{
	const struct term *term = &ctl->term;
	const char *want = doc_text(knob, "want", NULL);
	const char *original = doc_text(knob, "original", NULL);

	if (!want && !doc_true(knob, "owned"))
		return false;
	(void)fputs("    ", term->out);
	term_field(term, doc_text(knob, "knob", "?"), KNOB_COLUMNS, false, TERM_BOLD);
	term_text(term, "now ", TERM_DIM);
	term_text(term, doc_text(knob, "now", doc_true(knob, "missing") ? "not there" : "unread"),
		  TERM_PLAIN);
	if (original) {
		term_text(term, ", originally ", TERM_DIM);
		term_text(term, original, TERM_PLAIN);
	}
	if (want) {
		term_text(term, ", wanted ", TERM_DIM);
		term_text(term, want, TERM_PLAIN);
	}
	if (doc_true(knob, "held"))
		term_text(term, "  held", TERM_YELLOW);
	(void)fputc('\n', term->out);
	term_paragraph(term,
		       doc_text(knob, "reason", "no longer in the plan: the original comes back"),
		       0, 8, 8, TERM_DIM);
	return true;
}

static bool knob_list(const struct ctl *ctl, const cJSON *knobs)
{
	const cJSON *knob;
	bool any = false;

	cJSON_ArrayForEach(knob, knobs) any = knob_lines(ctl, knob) || any;
	return any;
}

/* Whether `path` is the pod's cgroup, stands above it, or below it. */
static bool on_path(const char *path, const char *pod)
{
	size_t a = strlen(path), b = strlen(pod), n = a < b ? a : b;

	if (strncmp(path, pod, n) != 0)
		return false;
	return a == 0 || a == b || (a < b ? pod[a] : path[b]) == '/';
}

static void class_lines(const struct ctl *ctl, const cJSON *pod)
{
	const char *cgroup = doc_text(pod, "cgroup", "");
	const cJSON *class;

	cJSON_ArrayForEach(class, doc_get(ctl->doc, "classes"))
	{
		const char *path = doc_text(class, "cgroup", "");

		if (!on_path(path, cgroup))
			continue;
		(void)fputs("  on its path: /", ctl->term.out);
		term_text(&ctl->term, path, TERM_BOLD);
		(void)fputc('\n', ctl->term.out);
		(void)knob_list(ctl, doc_get(class, "knobs"));
	}
}

static size_t loss_lines(const struct ctl *ctl, const cJSON *knobs, const char *path)
{
	const cJSON *knob;
	size_t n = 0;
	char text[1024];

	cJSON_ArrayForEach(knob, knobs)
	{
		bool held = doc_true(knob, "held");
		bool limit = doc_true(knob, "owned") &&
			     strcmp(doc_text(knob, "effect", ""), "limit") == 0;

		if (!held && !limit)
			continue;
		(void)snprintf(text, sizeof(text), "%s %s = %s at /%s",
			       held ? "held for a while by" : "bounded by",
			       doc_text(knob, "knob", "?"), doc_text(knob, "now", "?"), path);
		line(ctl, "loses", text);
		n++;
	}
	return n;
}

static void losses(const struct ctl *ctl, const cJSON *pod)
{
	const char *cgroup = doc_text(pod, "cgroup", "");
	size_t n = loss_lines(ctl, doc_get(pod, "knobs"), cgroup);
	const cJSON *class;

	cJSON_ArrayForEach(class, doc_get(ctl->doc, "classes"))
	{
		const char *path = doc_text(class, "cgroup", "");

		if (on_path(path, cgroup))
			n += loss_lines(ctl, doc_get(class, "knobs"), path);
	}
	if (n == 0)
		line(ctl, "loses", "nothing now: no limit and no hold of colod's is on it");
	if (strcmp(doc_text(pod, "role", ""), "offline") == 0 && !doc_true(pod, "may_hold"))
		line(ctl, "",
		     "too little is known of it for limits and holds: it gets shares and "
		     "protection only");
}

int verb_why(const struct ctl *ctl)
{
	const cJSON *pod;
	int r = pick_pod(ctl, &pod);

	if (r != CTL_OK)
		return r;
	term_text(&ctl->term, doc_text(pod, "name", "?"), TERM_BOLD);
	(void)fputc('\n', ctl->term.out);
	assignment_lines(ctl, pod);
	if (doc_has(pod, "uid"))
		line(ctl, "uid", doc_text(pod, "uid", ""));
	line(ctl, "qos", doc_text(pod, "qos", "?"));
	resource_lines(ctl, pod);
	use_lines(ctl, pod);
	losses(ctl, pod);
	(void)fputs("  its own knobs: /", ctl->term.out);
	term_text(&ctl->term, doc_text(pod, "cgroup", "?"), TERM_BOLD);
	(void)fputc('\n', ctl->term.out);
	if (!knob_list(ctl, doc_get(pod, "knobs")))
		term_say(&ctl->term, 4, 4, "none is planned or changed");
	class_lines(ctl, pod);
	return CTL_OK;
}

cJSON *verb_why_json(const struct ctl *ctl, int *ret_exit)
{
	const cJSON *pod, *class;
	cJSON *object, *classes;
	int r = pick_pod(ctl, &pod);

	if (r != CTL_OK) {
		*ret_exit = r;
		return NULL;
	}
	object = cJSON_Duplicate(pod, 1);
	classes = cJSON_AddArrayToObject(object, "classes");
	cJSON_ArrayForEach(class, doc_get(ctl->doc, "classes"))
	{
		if (on_path(doc_text(class, "cgroup", ""), doc_text(pod, "cgroup", "")) &&
		    !cJSON_AddItemToArray(classes, cJSON_Duplicate(class, 1))) {
			cJSON_Delete(object);
			return NULL;
		}
	}
	return object;
}
