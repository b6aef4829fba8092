// SPDX-License-Identifier: LGPL-2.1-or-later
// See incident_mark.h.
#include "policy/incident_mark.h"
#include "policy/evict.h"

#include <stdio.h>
#include <string.h>

#define AGAIN_US 15000000
/* So many of the last ones are looked at for the same thing. */
#define AGAIN_MARKS 8

static bool is_step(const struct incident_mark *m)
{
	return m->kind != HISTORY_WRITE && m->kind != HISTORY_RESTORE && m->kind != HISTORY_RECLAIM;
}

static bool matters(const struct history_record *r)
{
	switch (r->kind) {
	case HISTORY_RUNG:
	case HISTORY_RECLAIM:
	case HISTORY_KILL:
	case HISTORY_EVICT:
	case HISTORY_EFFECT:
	case HISTORY_ORDER:
	case HISTORY_MODE:
	case HISTORY_FIGHT:
	case HISTORY_SLI:
	case HISTORY_AGENT:
		return true;
	case HISTORY_WRITE:
	case HISTORY_RESTORE:
	case HISTORY_REFUSED:
		return r->effect == EFFECT_HOLD;
	case HISTORY_LEFT:
	case HISTORY_DRIFT:
	case HISTORY_PROPERTY:
	case HISTORY_POLICY:
	case HISTORY_FACTS:
	case HISTORY_CANDIDATE:
	case HISTORY_INCIDENT:
	case HISTORY_CALIBRATE: /* its writes are holds */
	case HISTORY_KIND_COUNT:
		break;
	}
	return false;
}

static bool is_inside(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* Never inside a UTF-8 character. */
static void cut(char *to, size_t size, const char *from)
{
	size_t n = strlen(from);

	if (n >= size)
		n = size - 1;
	while (n > 0 && is_inside(from[n]))
		n--;
	memcpy(to, from, n);
	to[n] = '\0';
}

/* The end of it. */
static void cut_front(char *to, size_t size, const char *from)
{
	size_t n = strlen(from);

	if (n >= size)
		from += n - (size - 1);
	while (is_inside(*from))
		from++;
	memcpy(to, from, strlen(from) + 1);
}

static struct incident_mark mark_of(const struct history_record *r)
{
	struct incident_mark m = {
		.at_us = r->at_us,
		.last_us = r->at_us,
		.n = 1,
		.kind = r->kind,
		.effect = r->effect,
		.would = r->would,
	};

	cut(m.pod, sizeof(m.pod), r->pod);
	cut_front(m.what, sizeof(m.what), r->what);
	cut(m.knob, sizeof(m.knob), r->knob);
	cut(m.from, sizeof(m.from), r->from);
	cut(m.to, sizeof(m.to), r->to);
	cut(m.why, sizeof(m.why), r->why);
	return m;
}

static bool is_again(const struct incident_mark *a, const struct incident_mark *b)
{
	return !is_step(a) && a->kind == b->kind && a->would == b->would &&
	       b->at_us - a->last_us <= AGAIN_US && strcmp(a->what, b->what) == 0 &&
	       strcmp(a->knob, b->knob) == 0;
}

/* What came later is told of as well. */
static void add_to(struct incident_mark *m, const struct incident_mark *later)
{
	m->n += later->n;
	m->last_us = later->last_us;
	memcpy(m->to, later->to, sizeof(m->to));
	memcpy(m->why, later->why, sizeof(m->why));
}

static bool merge(struct incident_mark *list, uint32_t n, const struct incident_mark *m)
{
	for (uint32_t back = 1; back <= n && back <= AGAIN_MARKS; back++) {
		if (!is_again(&list[n - back], m))
			continue;
		add_to(&list[n - back], m);
		return true;
	}
	return false;
}

/* The place of the first write, else, for a step, that of the first mark; -1: it is not worth one. */
static int room_for(const struct incident *i, const struct incident_mark *m)
{
	for (uint32_t n = 0; n < i->n_marks; n++)
		if (!is_step(&i->marks[n]))
			return (int)n;
	return is_step(m) ? 0 : -1;
}

void incident_mark_put(struct incident *i, const struct incident_mark *m)
{
	int place;

	i->changes++;
	if (merge(i->marks, i->n_marks, m))
		return;
	if (i->n_marks == INCIDENT_MARKS) {
		i->marks_left_out++;
		place = room_for(i, m);
		if (place < 0)
			return;
		i->n_marks--;
		memmove(&i->marks[place], &i->marks[place + 1],
			(i->n_marks - (uint32_t)place) * sizeof(*m));
	}
	i->marks[i->n_marks++] = *m;
}

static void keep_recent(struct incidents *in, const struct incident_mark *m)
{
	if (merge(in->recent, in->n_recent, m))
		return;
	if (in->n_recent == INCIDENT_RECENT) {
		in->n_recent--;
		memmove(&in->recent[0], &in->recent[1], in->n_recent * sizeof(*m));
	}
	in->recent[in->n_recent++] = *m;
}

void incident_mark(struct incidents *in, const struct history_record *r)
{
	struct incident_mark m;

	if (!matters(r))
		return;
	m = mark_of(r);
	keep_recent(in, &m);
	for (int n = 0; n < INCIDENTS_OPEN; n++)
		if (in->list[n] && !in->list[n]->closed)
			incident_mark_put(in->list[n], &m);
}

void incident_mark_begin(struct incident *i, const struct incidents *in)
{
	for (uint32_t n = 0; n < in->n_recent; n++)
		if (in->recent[n].last_us >= i->opened_us - INCIDENT_BEFORE_US)
			incident_mark_put(i, &in->recent[n]);
}

/* --- in a few words ------------------------------------------------------------------------------ */

enum done {
	DONE_KILL,
	DONE_EVICT,
	DONE_FREEZE,
	DONE_RECLAIM,
	DONE_HOLD,
	DONE_COUNT,
};

static enum done done_of(const struct incident_mark *m)
{
	if (m->kind == HISTORY_KILL)
		return DONE_KILL;
	if (m->kind == HISTORY_EVICT)
		return DONE_EVICT;
	if (m->kind == HISTORY_RECLAIM)
		return DONE_RECLAIM;
	if (m->kind != HISTORY_WRITE || m->effect != EFFECT_HOLD)
		return DONE_COUNT;
	return strcmp(m->knob, "cgroup.freeze") == 0 ? DONE_FREEZE : DONE_HOLD;
}

/* A refused eviction and a kill that was not done took nobody. */
static bool took(const struct incident_mark *m)
{
	if (m->kind == HISTORY_KILL)
		return strncmp(m->to, "was not done", strlen("was not done")) != 0;
	for (int a = 0; m->kind == HISTORY_EVICT && a < EVICT_ANSWER_COUNT; a++)
		if (a != EVICT_ANSWER_ACCEPTED && a != EVICT_ANSWER_GONE &&
		    strcmp(m->to, evict_text_answer((enum evict_answer)a)) == 0)
			return false;
	return true;
}

/* Cgroups that this was done to: each once. */
static uint32_t count(const struct incident *i, enum done done, bool would)
{
	uint32_t found = 0;

	for (uint32_t n = 0; n < i->n_marks; n++) {
		const struct incident_mark *m = &i->marks[n];
		bool again = false;

		if (done_of(m) != done || m->would != would || !took(m))
			continue;
		for (uint32_t b = 0; b < n && !again; b++)
			again = done_of(&i->marks[b]) == done && i->marks[b].would == would &&
				took(&i->marks[b]) && strcmp(i->marks[b].what, m->what) == 0;
		found += !again;
	}
	return found;
}

const char *incident_mark_done(const struct incident *i, char *buf, size_t size)
{
	static const char *const words[DONE_COUNT] = {"killed", "evicted", "frozen", "reclaimed",
						      "held"};
	static const char *const woulds[DONE_COUNT] = {"kill", "evict", "freeze", "reclaim",
						       "hold"};
	size_t len = 0;

	buf[0] = '\0';
	for (int would = 0; would < 2 && len == 0; would++) {
		for (int done = 0; done < DONE_COUNT && len < size; done++) {
			uint32_t n = count(i, (enum done)done, would);
			int r;

			if (n == 0)
				continue;
			r = snprintf(buf + len, size - len, "%s%s%u %s", len > 0 ? ", " : "",
				     would ? "would " : "", n, would ? woulds[done] : words[done]);
			len += r > 0 ? (size_t)r : 0;
		}
	}
	if (len == 0)
		(void)snprintf(buf, size, "nothing");
	return buf;
}
