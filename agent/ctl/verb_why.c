// SPDX-License-Identifier: LGPL-2.1-or-later
// coloctl why POD: which rule gave the pod its level, what stands in each of its knobs and those
// above it and for what reason, and what it loses. Prints the stored reasons and nothing else.
#include "agent/ctl/ctl.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "agent/ctl/culprit_lines.h"
#include "agent/ctl/doc.h"
#include "agent/ctl/pick.h"
#include "agent/ctl/score_words.h"
#include "agent/ctl/why_kill.h"

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
		(void)snprintf(text, sizeof(text), "%s, %s%s%s", level, doc_text(pod, "role", "?"),
			       doc_true(pod, "ordered") ? ": by hand, not by the rule" : "",
			       doc_true(pod, "kept_online")
				       ? ": the rule says offline, but a system pod never is"
				       : "");
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
	if (doc_has(pod, "stopped_at"))
		line(ctl, "stops at", doc_text(pod, "stopped_at", ""));
	line(ctl, "facts", doc_text(doc_get(pod, "facts"), "state", "?"));
}

/* What somebody ordered for it. */
static void order_lines(const struct ctl *ctl, const cJSON *pod)
{
	const char *cgroup = doc_text(pod, "cgroup", "");
	const cJSON *order;

	cJSON_ArrayForEach(order, doc_get(ctl->doc, "orders"))
	{
		if (strcmp(doc_text(order, "cgroup", "?"), cgroup) == 0)
			line(ctl, "by hand", doc_text(order, "reason", "?"));
	}
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

/* Appends to a list with commas; a text that does not fit any more is left out. */
static void add(char *list, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void add(char *list, size_t size, const char *format, ...)
{
	size_t len = strlen(list), comma = len > 0 ? 2 : 0;
	va_list args;
	int n;

	if (len + comma + 1 >= size)
		return;
	va_start(args, format);
	n = vsnprintf(list + len + comma, size - len - comma, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= size - len - comma)
		list[len] = '\0';
	else if (comma)
		memcpy(list + len, ", ", 2);
}

static void use_line(const struct ctl *ctl, const cJSON *use)
{
	char value[DOC_TEXT_SIZE], text[512] = "";

	if (cJSON_IsNumber(doc_get(use, "cpu_milli")))
		add(text, sizeof(text), "%s CPUs", doc_format(use, "cpu_milli", doc_milli, value));
	if (cJSON_IsNumber(doc_get(use, "memory_bytes")))
		add(text, sizeof(text), "%s memory",
		    doc_format(use, "memory_bytes", doc_bytes, value));
	if (cJSON_IsNumber(doc_get(use, "throttled_permille")))
		add(text, sizeof(text), "throttled in %s of its periods",
		    doc_format(use, "throttled_permille", doc_percent, value));
	line(ctl, "uses", *text ? text : "not measured yet");
}

/* Only what is written stands still: a lower mode only says what it would do. */
static void freeze_line(const struct ctl *ctl, const cJSON *freeze)
{
	bool due = strcmp(doc_text(freeze, "state", ""), "due") == 0;
	char text[1024];

	if (!freeze)
		return;
	(void)snprintf(
		text, sizeof(text), "%s%s",
		due && !doc_true(freeze, "frozen")
			? "not frozen, as the mode does not allow it, or not yet; otherwise: "
			: "",
		doc_text(freeze, "reason", "?"));
	line(ctl, "freeze", text);
}

/* "cpu 12.4 % (usual is ...)", one resource a line where there are several. */
static void stall_lines(const struct ctl *ctl, const cJSON *score)
{
	static const char *const resources[] = {"cpu", "memory", "io"};
	char words[SCORE_WORDS_SIZE], text[CULPRIT_SHORT_SIZE + 64], who[CULPRIT_SHORT_SIZE];
	const char *key = "stalled";

	if (cJSON_IsNumber(doc_get(score, "permille"))) {
		score_words_number(score, words);
		(void)snprintf(text, sizeof(text), "%s; how it came about: coloctl score POD",
			       words);
		line(ctl, "score", text);
	}
	for (size_t i = 0; i < sizeof(resources) / sizeof(resources[0]); i++) {
		score_words_stalled(doc_get(score, resources[i]), words);
		if (!*words)
			continue;
		(void)snprintf(text, sizeof(text), "%s %s", resources[i], words);
		line(ctl, key, text);
		key = "";
		culprit_short(doc_get(score, resources[i]), who);
		if (!*who)
			continue;
		(void)snprintf(text, sizeof(text), "made to wait for %s, it seems, by %s",
			       resources[i], who);
		line(ctl, "", text);
	}
}

static void rest_line(const struct ctl *ctl, const cJSON *pod)
{
	uint64_t until_us, now_us = (uint64_t)ctl->term.now_us;
	char left[DOC_TEXT_SIZE], text[160];

	if (doc_u64(pod, "hold_rests_until_us", &until_us) < 0 || until_us <= now_us)
		return;
	(void)snprintf(text, sizeof(text),
		       "holding offline work did not help it: not tried for it for another %s",
		       doc_duration(until_us - now_us, left));
	line(ctl, "no hold", text);
}

/* ", held for 12 s"; nothing where it is not held. */
static const char *held_for(const struct ctl *ctl, const cJSON *knob, char *buf, size_t size)
{
	uint64_t now_us = (uint64_t)ctl->term.now_us, since_us = 0;
	char age[DOC_TEXT_SIZE];

	buf[0] = '\0';
	if (!doc_true(knob, "held"))
		return buf;
	if (doc_u64(knob, "held_since_us", &since_us) < 0)
		(void)snprintf(buf, size, ", held");
	else
		(void)snprintf(buf, size, ", held for %s",
			       doc_duration(now_us > since_us ? now_us - since_us : 0, age));
	return buf;
}

/* Prints one knob that colod plans or owns, and no other. */
static bool knob_lines(const struct ctl *ctl, const cJSON *knob)
{
	const char *original = doc_text(knob, "original", NULL);
	const char *want = doc_text(knob, "want", NULL);
	uint64_t rewrites = doc_count(knob, "rewrites");
	char text[512], drift[96] = "", age[DOC_TEXT_SIZE + 16] = "";

	if (!want && !doc_true(knob, "owned"))
		return false;
	if (rewrites > 0)
		(void)snprintf(drift, sizeof(drift),
			       ", written over by others %" PRIu64 " time%s%s", rewrites,
			       rewrites == 1 ? "" : "s",
			       doc_true(knob, "contested") ? " and contested now" : "");
	(void)snprintf(text, sizeof(text), "now %s%s%s%s%s%s%s",
		       doc_text(knob, "now", doc_true(knob, "missing") ? "not there" : "unread"),
		       original ? ", originally " : "", original ? original : "",
		       want ? ", wanted " : "", want ? want : "",
		       held_for(ctl, knob, age, sizeof(age)), drift);
	(void)fputs("    ", ctl->term.out);
	term_field(&ctl->term, doc_text(knob, "knob", "?"), KNOB_COLUMNS, false, TERM_BOLD);
	term_paragraph(&ctl->term, text, KNOB_COLUMNS + 4, 0, KNOB_COLUMNS + 4, TERM_PLAIN);
	term_paragraph(&ctl->term,
		       doc_text(knob, "reason", "no longer in the plan: the original comes back"),
		       0, 8, 8, TERM_DIM);
	return true;
}

static void path_line(const struct ctl *ctl, const char *before, const char *path)
{
	char text[4200];

	(void)snprintf(text, sizeof(text), "/%s", path);
	(void)fprintf(ctl->term.out, "  %s: ", before);
	term_paragraph(&ctl->term, text, (unsigned)strlen(before) + 4, 0, 6, TERM_BOLD);
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
		path_line(ctl, "on its path", path);
		(void)knob_list(ctl, doc_get(class, "knobs"));
	}
}

/* "3.84 %" of one CPU. */
static const char *ppm(const cJSON *branch, const char *key, char *buf, size_t size)
{
	uint64_t millionths = doc_count(branch, key);

	(void)snprintf(buf, size, "%" PRIu64 ".%02" PRIu64 " %%", millionths / 10000,
		       millionths % 10000 / 100);
	return buf;
}

/* What the weight above it promises, and what all of it gets. */
static void floor_line(const struct ctl *ctl, const cJSON *pod)
{
	const cJSON *branch;
	char text[512], number[32], got[64], promised[32];

	if (strcmp(doc_text(pod, "role", ""), "offline") != 0)
		return;
	cJSON_ArrayForEach(branch, doc_get(doc_get(ctl->doc, "floor"), "branches"))
	{
		const char *path = doc_text(branch, "cgroup", ""), *state;
		uint64_t got_ppm;
		bool starves, known;

		if (strlen(path) > strlen(doc_text(pod, "cgroup", "")) ||
		    !on_path(path, doc_text(pod, "cgroup", "")))
			continue;
		state = doc_text(branch, "state", "");
		starves = strcmp(state, "starving") == 0;
		if (!starves && strcmp(state, "fed") != 0)
			continue;
		known = doc_u64(branch, "got_ppm", &got_ppm) == 0;
		(void)snprintf(got, sizeof(got), "all in its group get %s now",
			       ppm(branch, "got_ppm", number, sizeof(number)));
		(void)snprintf(
			text, sizeof(text),
			"at least %s of one CPU by its weight, when online work is busy; %s%s%s",
			ppm(branch, "promised_ppm", promised, sizeof(promised)),
			known ? got : "what all in its group get is not measured yet",
			starves && known ? ", which is too little" : "",
			doc_true(branch, "raised") ? ": its weight is raised" : "");
		line(ctl, "floor", text);
	}
}

static size_t loss_lines(const struct ctl *ctl, const cJSON *knobs, const char *path)
{
	const cJSON *knob;
	size_t n = 0;
	char text[1024];

	cJSON_ArrayForEach(knob, knobs)
	{
		char age[DOC_TEXT_SIZE + 16];
		bool held = doc_true(knob, "held");
		bool limit = doc_true(knob, "owned") &&
			     strcmp(doc_text(knob, "effect", ""), "limit") == 0;

		if (!held && !limit)
			continue;
		(void)snprintf(text, sizeof(text), "%s by %s = %s at /%s",
			       held ? held_for(ctl, knob, age, sizeof(age)) + 2 : "bounded",
			       doc_text(knob, "knob", "?"), doc_text(knob, "now", "?"), path);
		line(ctl, "loses", text);
		n++;
	}
	return n;
}

/* What it lost since colod first saw it, or started. */
static void lost_line(const struct ctl *ctl, const cJSON *lost)
{
	uint64_t holds = doc_count(lost, "holds");
	char text[160], held[DOC_TEXT_SIZE];

	if (holds == 0)
		return;
	(void)snprintf(text, sizeof(text), "held %" PRIu64 " time%s, %s in all", holds,
		       holds == 1 ? "" : "s", doc_duration(doc_count(lost, "held_us"), held));
	line(ctl, "lost", text);
	if (doc_count(lost, "freezes") == 0)
		return;
	(void)snprintf(text, sizeof(text), "of that frozen %" PRIu64 " time%s, %s in all",
		       doc_count(lost, "freezes"), doc_count(lost, "freezes") == 1 ? "" : "s",
		       doc_duration(doc_count(lost, "frozen_us"), held));
	line(ctl, "", text);
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
	lost_line(ctl, doc_get(pod, "lost"));
	if (strcmp(doc_text(pod, "role", ""), "offline") == 0 && !doc_true(pod, "may_hold"))
		line(ctl, "",
		     "too little is known of it for limits and holds: it gets shares and "
		     "protection only");
}

int verb_why(const struct ctl *ctl)
{
	const cJSON *pod;
	int r = pick_pod(ctl, &pod);

	if (r != CTL_OK) {
		why_kill_gone(ctl);
		return r;
	}
	term_text(&ctl->term, doc_text(pod, "name", "?"), TERM_BOLD);
	(void)fputc('\n', ctl->term.out);
	assignment_lines(ctl, pod);
	order_lines(ctl, pod);
	if (doc_has(pod, "uid"))
		line(ctl, "uid", doc_text(pod, "uid", ""));
	line(ctl, "qos", doc_text(pod, "qos", "?"));
	resource_lines(ctl, pod);
	if (doc_get(pod, "cores"))
		line(ctl, "cores", doc_text(doc_get(pod, "cores"), "reason", "?"));
	freeze_line(ctl, doc_get(pod, "freeze"));
	use_line(ctl, doc_get(pod, "use"));
	stall_lines(ctl, doc_get(pod, "score"));
	rest_line(ctl, pod);
	floor_line(ctl, pod);
	losses(ctl, pod);
	why_kill_lines(ctl, KEY_COLUMNS);
	path_line(ctl, "its own knobs", doc_text(pod, "cgroup", "?"));
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
	if (!why_kill_json(ctl, object)) {
		cJSON_Delete(object);
		return NULL;
	}
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
