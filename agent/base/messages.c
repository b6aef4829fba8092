// SPDX-License-Identifier: LGPL-2.1-or-later
// See messages.h.
#include "agent/base/messages.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/base/history.h"
#include "agent/base/journal.h"
#include "agent/base/log.h"

static const struct message messages[HISTORY_KIND_COUNT] = {
	[HISTORY_WRITE] = {"write", "b83c6083d43443bf8bf1353769314f89", LOG_NOTICE},
	[HISTORY_RESTORE] = {"restore", "70a653671180422bb91a5b76f27f7c81", LOG_NOTICE},
	[HISTORY_LEFT] = {"left", "4bc828f59cfc469da7c75a8312a81f4d", LOG_WARNING},
	[HISTORY_REFUSED] = {"refused", "b28edc8c4f254be786cc12022f22b0cd", LOG_WARNING},
	[HISTORY_DRIFT] = {"drift", "90419ec532f747f689691b25439f0590", LOG_NOTICE},
	[HISTORY_FIGHT] = {"fight", "6f65d1cd201d4924bbb7ec62883ae2ac", LOG_WARNING},
	[HISTORY_PROPERTY] = {"property", "8ea40f22e8774e6ba29b5cbc8e582dcd", LOG_NOTICE},
	[HISTORY_RUNG] = {"rung", "ffd5145431da4a318ad4a5bc95db895f", LOG_NOTICE},
	[HISTORY_MODE] = {"mode", "2c61e4914f564d63a11b6e982aa8887b", LOG_NOTICE},
	[HISTORY_POLICY] = {"policy", "ba0b5b53248a498192886172ab1c466f", LOG_NOTICE},
	[HISTORY_FACTS] = {"facts", "e683ce4511d2416fa9cfdcd8226e46b9", LOG_NOTICE},
	[HISTORY_RECLAIM] = {"reclaim", "f9faa4078fc742288586617a4d3e647a", LOG_NOTICE},
	[HISTORY_KILL] = {"kill", "e08267fde7de4bb0bb26a56e2a000201", LOG_WARNING},
	[HISTORY_EVICT] = {"evict", "6a4d1f0e9b7c4c3f8d25e1a07b9c6f42", LOG_WARNING},
	[HISTORY_CANDIDATE] = {"candidate", "5d0b6c3a8f2e4b0c9a5e7d1f46c28b93", LOG_DEBUG},
	[HISTORY_EFFECT] = {"effect", "1f7c9b52e0d84c6d8b3a40e2957fd6ac", LOG_INFO},
	[HISTORY_ORDER] = {"order", "6b1e0f4d7c934d0fa2c85be1937f60d8", LOG_NOTICE},
	[HISTORY_SLI] = {"sli", "1226943d759f4c38b6a997c802a45a33", LOG_NOTICE},
	[HISTORY_INCIDENT] = {"incident", "e0a1c6bb34f945ed9f8a5dbb2d0f6f93", LOG_NOTICE},
	[HISTORY_CALIBRATE] = {"calibrate", "c7e7a3a6c0364f0d8f5bd6b0a13f7e52", LOG_INFO},
	[HISTORY_AGENT] = {"agent", "91de851ceea542e5a7991ce07b0760ad", LOG_NOTICE},
};

const struct message *messages_of(enum history_kind kind)
{
	return (unsigned)kind < HISTORY_KIND_COUNT ? &messages[kind] : NULL;
}

int messages_kind_from(const char *name)
{
	for (int i = 0; i < HISTORY_KIND_COUNT; i++)
		if (strcmp(messages[i].name, name) == 0)
			return i;
	return -EINVAL;
}

/* A bounded cursor: what does not fit is left out. */
struct text {
	char *buf;
	size_t size;
	size_t len;
};

static void put(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct text *t, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->buf + t->len, t->size - t->len, format, args);
	va_end(args);
	if (n < 0)
		t->buf[t->len] = '\0';
	else
		t->len += (size_t)n < t->size - t->len ? (size_t)n : t->size - t->len - 1;
}

/* What happened, after the words for where. */
static void put_fact(struct text *t, const struct history_record *r)
{
	switch (r->kind) {
	case HISTORY_LEFT:
		put(t, " is left as it is (it is %s, colod had written %s)", r->to, r->from);
		return;
	case HISTORY_REFUSED:
		put(t, " stays %s instead of %s", r->from, r->to);
		return;
	case HISTORY_DRIFT:
		put(t, ": somebody else wrote %s over colod's %s", r->to, r->from);
		return;
	case HISTORY_FIGHT:
		if (*r->to)
			put(t, ": somebody else keeps writing %s over colod's %s", r->to, r->from);
		return;
	case HISTORY_CANDIDATE:
		put(t, " was %s", r->to);
		return;
	case HISTORY_SLI:
	case HISTORY_INCIDENT:
	case HISTORY_AGENT:
	case HISTORY_ORDER:
		put(t, ": %s", r->to);
		return;
	default:
		if (*r->from && *r->to)
			put(t, " %s → %s", r->from, r->to);
		else if (*r->to)
			put(t, " %s", r->to);
		return;
	}
}

static void put_caller(struct text *t, const struct history_caller *caller)
{
	if (!caller->known)
		return;
	put(t, " (asked for by uid %u, pid %d", caller->uid, caller->pid);
	put(t, "%s%s)", *caller->comm ? ", " : "", caller->comm);
}

const char *messages_text(const struct history_record *r, char *buf, size_t size)
{
	struct text t = {.buf = buf, .size = size};
	/* Pressure and modes are told of by the resource alone: "cpu: calm → squeeze". */
	bool step = r->kind == HISTORY_RUNG || r->kind == HISTORY_MODE ||
		    r->kind == HISTORY_FACTS || (r->kind == HISTORY_EFFECT && !*r->knob);
	bool part = r->kind == HISTORY_MODE && strcmp(r->what, "mode") != 0;

	buf[0] = '\0';
	if (r->kind == HISTORY_POLICY)
		put(&t, "policy ");
	put(&t, "%s%s%s%s%s", part ? "mode of " : "", *r->what ? r->what : "/", *r->knob ? " " : "",
	    r->knob, step ? ":" : "");
	put_fact(&t, r);
	if (r->would)
		put(&t, " (not done: the mode does not allow it)");
	if (*r->why)
		put(&t, ": %s", r->why);
	put_caller(&t, &r->caller);
	return buf;
}

/* Numbers of a record as texts, for fields. */
struct numbers {
	char level[4];
	char uid[12];
	char pid[12];
	char line[12];
};

static void say(const struct history_record *r, const struct message *m, struct numbers *n,
		const char *file, const char *function)
{
	bool knob = *r->knob != '\0', rung = r->kind == HISTORY_RUNG;
	const struct journal_field fields[] = {
		{"MESSAGE_ID", m->id},
		{"CODE_FILE", file},
		{"CODE_LINE", n->line},
		{"CODE_FUNC", function},
		{"COLOD_KIND", m->name},
		{"COLOD_WOULD", r->would ? "1" : ""},
		{"COLOD_POD", r->pod},
		{knob ? "COLOD_CGROUP" : "COLOD_WHAT", r->what},
		{r->kind == HISTORY_SLI ? "COLOD_SLI" : "COLOD_KNOB", r->knob},
		{"COLOD_FROM", r->from},
		{"COLOD_TO", r->to},
		{"COLOD_WHY", r->why},
		{"COLOD_NUMBERS", r->numbers},
		{"COLOD_LEVEL", n->level},
		{"COLOD_RUNG", rung ? r->to : ""},
		{"COLOD_CALLER_UID", n->uid},
		{"COLOD_CALLER_PID", n->pid},
		{"COLOD_CALLER_COMM", r->caller.comm},
	};
	/* A pod that stands still, or would: one line each, not one among the many of a pod that is held. */
	bool freeze = strcmp(r->knob, "cgroup.freeze") == 0;
	bool step = rung || r->kind == HISTORY_KILL || r->kind == HISTORY_EVICT || freeze;
	char text[MESSAGES_TEXT_SIZE];

	/* What was only observed is in the history; a line for each would be the plan over again. */
	log_fields(r->would && !step ? LOG_DEBUG : m->level, freeze ? "freeze" : m->name, fields,
		   sizeof(fields) / sizeof(fields[0]), messages_text(r, text, sizeof(text)));
}

void messages_tell_at(struct history *history, const struct history_record *r, const char *file,
		      int line, const char *function)
{
	const struct message *m = messages_of(r->kind);
	struct numbers n = {0};

	history_add(history, r);
	if (!m)
		return;
	if ((int)r->level >= 0 && r->level < LEVEL_COUNT)
		(void)snprintf(n.level, sizeof(n.level), "P%u", (unsigned)r->level % 10);
	if (r->caller.known) {
		(void)snprintf(n.uid, sizeof(n.uid), "%u", r->caller.uid);
		(void)snprintf(n.pid, sizeof(n.pid), "%d", r->caller.pid);
	}
	(void)snprintf(n.line, sizeof(n.line), "%d", line);
	say(r, m, &n, file, function);
}
