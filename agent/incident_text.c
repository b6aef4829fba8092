// SPDX-License-Identifier: LGPL-2.1-or-later
// See incident_text.h. Times are microseconds, of which boot_us are CLOCK_BOOTTIME; those of the points are milliseconds since it was
// opened. What was not measured is null; of a network of which nothing was, net_sent_kib_s and node_net are left out, and of the
// victim the lists of which nothing was.
#include "agent/incident_text.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "agent/base/messages.h"
#include "agent/base/utf8.h"
#include "policy/incident.h"
#include "policy/incident_event.h"
#include "policy/incident_mark.h"
#include "policy/names.h"

#define MS_US 1000

/* Names come from pods: valid UTF-8 of one line, whatever they are. */
static void put_text(struct record_buf *to, const char *key, const char *text)
{
	record_put(to, "\"%s\":\"", key);
	for (size_t i = 0, len = strlen(text); i < len;) {
		uint32_t point = 0;
		size_t n = utf8_decode(text + i, len - i, &point);

		if (n == 0)
			record_put_bytes(to, "?", 1);
		else if (point == '"' || point == '\\')
			record_put(to, "\\%c", (char)point);
		else if (point < ' ')
			record_put(to, "\\u%04" PRIx32, point);
		else
			record_put_bytes(to, text + i, n);
		i += n > 0 ? n : 1;
	}
	record_put_bytes(to, "\"", 1);
}

/* The first of the list that is sure enough to be named in a line. */
static void put_suspect(struct record_buf *to, const struct incident *i)
{
	const struct culprit_trial *trial;
	const struct culprit_who *who;

	if (!incident_event_suspect(i, &trial, &who)) {
		record_put(to, "\"culprit\":null,\"confidence\":null");
		return;
	}
	put_text(to, "culprit", who->name);
	record_put(to, ",\"confidence\":\"%s\"",
		   trial ? names_verdict(trial->verdict)
			 : names_confidence(i->culprits.found.list[0].confidence));
}

void incident_text_summary(struct record_buf *to, const struct incident *i)
{
	int64_t until_us = i->hurt_us;
	char done[128], worst[16] = "null";

	if (i->stall_known)
		(void)snprintf(worst, sizeof(worst), "%" PRIu32, i->worst_stalled_permille);
	record_put(to,
		   "{\"schema\":%d,\"id\":%" PRIu64 ",\"state\":\"%s\",\"time_us\":%" PRId64
		   ",\"boot_us\":%" PRId64 ",\"hurt_us\":%" PRId64 ",\"cause\":\"%s\",",
		   INCIDENT_SCHEMA, i->id, i->closed ? "closed" : "open", i->wall_us, i->opened_us,
		   until_us - i->opened_us, incident_cause_name(i->cause));
	put_text(to, "pod", i->pods[0].name);
	record_put(to,
		   ",\"level\":\"%s\",\"resource\":\"%s\",\"rung\":\"%s\",\"mode\":\"%s\""
		   ",\"worst_stalled_permille\":%s,\"worst_excess_permille\":%" PRIu32
		   ",\"cut\":%s,",
		   names_level(i->pods[0].level), names_resource(i->resource), names_rung(i->rung),
		   names_mode(i->node.mode), worst, i->worst_excess_permille,
		   i->spent ? "true" : "false");
	put_suspect(to, i);
	record_put(to, ",");
	put_text(to, "done", incident_mark_done(i, done, sizeof(done)));
	record_put(to, "}");
}

/* --- the scene ----------------------------------------------------------------------------------- */

static const char *comma(uint32_t n)
{
	return n > 0 ? "," : "";
}

static void put_causes(struct record_buf *to, const struct incident *i)
{
	uint32_t n = 0;

	record_put(to, "\"causes\":[");
	for (int c = 0; c < INCIDENT_CAUSE_COUNT; c++)
		if (i->causes & 1u << c)
			record_put(to, "%s\"%s\"", comma(n++),
				   incident_cause_name((enum incident_cause)c));
	record_put(to, "]");
}

static void put_node(struct record_buf *to, const struct incident_node *node)
{
	record_put(to, "\"node\":{");
	put_text(to, "kernel", node->kernel);
	record_put(to, ",\"cpus\":%" PRIu32 ",\"memory_bytes\":%" PRIu64 ",\"pods\":%" PRIu32 "}",
		   node->n_cpus, node->memory_bytes, node->n_pods);
}

static const char *role_of(enum role role)
{
	return role == ROLE_ONLINE || role == ROLE_OFFLINE ? names_role(role) : "";
}

static void put_culprits(struct record_buf *to, const struct incident *i)
{
	const struct culprits_kept *k = &i->culprits;
	bool looked = k->serial != 0;

	record_put(to,
		   "\"culprits\":{\"state\":\"%s\",\"seconds\":%" PRIu32
		   ",\"own_permille\":%" PRIu32 ",\"list\":[",
		   names_culprits(looked ? k->state : CULPRITS_NONE), k->found.seconds,
		   k->found.own_permille);
	for (uint32_t n = 0; n < k->found.n && n < CULPRITS_MAX; n++) {
		const struct culprit *c = &k->found.list[n];

		record_put(to, "%s{", comma(n));
		put_text(to, "name", k->who[n].name);
		record_put(to,
			   ",\"role\":\"%s\",\"confidence\":\"%s\",\"share_permille\":%" PRIu32
			   ",\"fit_permille\":%" PRIu32 ",\"lag_s\":%" PRIu32 ",\"alike\":%s}",
			   role_of(k->who[n].role), names_confidence(c->confidence),
			   c->share_permille, c->fit_permille, c->lag_s,
			   c->alike ? "true" : "false");
	}
	record_put(to, "],\"tried\":[");
	for (uint32_t n = 0; n < INCIDENT_TRIALS && i->trials[n].suspect != 0; n++) {
		const struct culprit_trial *t = &i->trials[n];

		record_put(to, "%s{", comma(n));
		put_text(to, "name", t->who.name);
		record_put(to,
			   ",\"verdict\":\"%s\",\"before_permille\":%" PRIu32
			   ",\"after_permille\":%" PRIu32 ",\"calibrated\":%s}",
			   names_verdict(t->verdict), t->before_permille, t->after_permille,
			   t->calibrated ? "true" : "false");
	}
	record_put(to, "]}");
}

static int64_t since_ms(const struct incident *i, int64_t at_us)
{
	return (at_us - i->opened_us) / MS_US;
}

static void put_mark(struct record_buf *to, const struct incident *i, const struct incident_mark *m)
{
	record_put(to,
		   "{\"at_ms\":%" PRId64 ",\"last_ms\":%" PRId64 ",\"times\":%" PRIu32
		   ",\"kind\":\"%s\",\"would\":%s,\"hold\":%s,",
		   since_ms(i, m->at_us), since_ms(i, m->last_us), m->n, messages_of(m->kind)->name,
		   m->would ? "true" : "false", m->effect == EFFECT_HOLD ? "true" : "false");
	put_text(to, "pod", m->pod);
	record_put(to, ",");
	put_text(to, "what", m->what);
	record_put(to, ",");
	put_text(to, "knob", m->knob);
	record_put(to, ",");
	put_text(to, "from", m->from);
	record_put(to, ",");
	put_text(to, "to", m->to);
	record_put(to, ",");
	put_text(to, "why", m->why);
	record_put(to, "}");
}

static void put_pods(struct record_buf *to, const struct incident *i)
{
	record_put(to, "\"pods\":[");
	for (uint32_t p = 0; p < INCIDENT_PODS && i->pods[p].serial != 0; p++) {
		record_put(to, "%s{", comma(p));
		put_text(to, "name", i->pods[p].name);
		record_put(to, ",\"role\":\"%s\",\"level\":\"%s\",\"suspected\":%s}",
			   role_of(i->pods[p].role), names_level(i->pods[p].level),
			   i->pods[p].suspected ? "true" : "false");
	}
	record_put(to, "]");
}

static void put_number(struct record_buf *to, uint32_t n, uint32_t value, uint32_t unknown)
{
	if (value == unknown)
		record_put(to, "%snull", comma(n));
	else
		record_put(to, "%s%" PRIu32, comma(n), value);
}

enum column { CPU, MEMORY, DISK, NET_SENT };

static uint32_t value_of(const struct incident_use *use, enum column column)
{
	switch (column) {
	case MEMORY:
		return use->memory_kib;
	case DISK:
		return use->disk_kib_s;
	case NET_SENT:
		return use->sent_kib_s;
	default:
		return use->cpu_milli;
	}
}

/* One column of all the points. */
static void put_use(struct record_buf *to, const struct incident *i, int pod, enum column column)
{
	record_put(to, "[");
	for (uint32_t n = 0; n < i->n_points; n++) {
		const struct incident_point *p = &i->points[n];
		const struct incident_use *use = pod < 0 ? &p->node : &p->pods[pod];

		put_number(to, n, value_of(use, column), INCIDENT_UNKNOWN);
	}
	record_put(to, "]");
}

static void put_uses(struct record_buf *to, const struct incident *i, enum column column)
{
	record_put(to, "[");
	for (int p = 0; p < INCIDENT_PODS && i->pods[p].serial != 0; p++) {
		record_put(to, "%s", comma((uint32_t)p));
		put_use(to, i, p, column);
	}
	record_put(to, "]");
}

struct flow_column {
	const char *name;
	size_t offset; /* in struct incident_flow, of an uint32_t */
};

static const struct flow_column flow_columns[] = {
	{"sent_kib_s", offsetof(struct incident_flow, sent_kib_s)},
	{"arrived_kib_s", offsetof(struct incident_flow, arrived_kib_s)},
	{"dropped_per_s", offsetof(struct incident_flow, dropped_per_s)},
	{"waiting_kib", offsetof(struct incident_flow, waiting_kib)},
};

#define N_FLOW_COLUMNS (sizeof(flow_columns) / sizeof(flow_columns[0]))

static uint32_t flow_value(const struct incident_flow *flow, const struct flow_column *column)
{
	return *(const uint32_t *)((const char *)flow + column->offset);
}

/* Of a node whose policy has no network nothing is to be told of it. */
static bool has_net(const struct incident *i)
{
	for (uint32_t n = 0; n < i->n_points; n++) {
		const struct incident_point *point = &i->points[n];

		/* What is sent is measured wherever anything of all uplinks is. */
		if (point->net.online.sent_kib_s != INCIDENT_UNKNOWN)
			return true;
		for (int p = 0; p < INCIDENT_PODS; p++)
			if (i->pods[p].serial != 0 && point->pods[p].sent_kib_s != INCIDENT_UNKNOWN)
				return true;
	}
	return false;
}

static void put_flow(struct record_buf *to, const struct incident *i, bool offline)
{
	record_put(to, "\"%s\":{", offline ? "offline" : "online");
	for (size_t c = 0; c < N_FLOW_COLUMNS; c++) {
		record_put(to, "%s\"%s\":[", comma((uint32_t)c), flow_columns[c].name);
		for (uint32_t n = 0; n < i->n_points; n++) {
			const struct incident_net *net = &i->points[n].net;

			put_number(to, n,
				   flow_value(offline ? &net->offline : &net->online,
					      &flow_columns[c]),
				   INCIDENT_UNKNOWN);
		}
		record_put(to, "]");
	}
	record_put(to, "}");
}

static void put_net(struct record_buf *to, const struct incident *i)
{
	record_put(to, ",\"net_sent_kib_s\":");
	put_uses(to, i, NET_SENT);
	record_put(to, ",\"node_net\":{");
	put_flow(to, i, false);
	record_put(to, ",");
	put_flow(to, i, true);
	record_put(to, "}");
}

static const struct {
	const char *name;
	size_t offset; /* in struct incident_victim, of an uint32_t */
} victim_columns[] = {
	{"throttled_permille", offsetof(struct incident_victim, throttled_permille)},
	{"memory_full_permille", offsetof(struct incident_victim, memory_full_permille)},
	{"io_full_permille", offsetof(struct incident_victim, io_full_permille)},
	{"anon_kib", offsetof(struct incident_victim, anon_kib)},
	{"file_kib", offsetof(struct incident_victim, file_kib)},
	{"refaults_per_s", offsetof(struct incident_victim, refaults_per_s)},
	{"direct_per_s", offsetof(struct incident_victim, direct_per_s)},
};

static uint32_t victim_value(const struct incident *i, uint32_t point, size_t column)
{
	const struct incident_victim *victim = &i->points[point].victim;

	return *(const uint32_t *)((const char *)victim + victim_columns[column].offset);
}

static bool was_measured(const struct incident *i, size_t column)
{
	for (uint32_t n = 0; n < i->n_points; n++)
		if (victim_value(i, n, column) != INCIDENT_UNKNOWN)
			return true;
	return false;
}

static void put_victim(struct record_buf *to, const struct incident *i)
{
	uint32_t n_put = 0;

	record_put(to, ",\"victim\":{");
	for (size_t c = 0; c < sizeof(victim_columns) / sizeof(victim_columns[0]); c++) {
		if (!was_measured(i, c))
			continue;
		record_put(to, "%s\"%s\":[", comma(n_put++), victim_columns[c].name);
		for (uint32_t n = 0; n < i->n_points; n++)
			put_number(to, n, victim_value(i, n, c), INCIDENT_UNKNOWN);
		record_put(to, "]");
	}
	record_put(to, "}");
}

static void put_points(struct record_buf *to, const struct incident *i)
{
	record_put(to, "\"points\":{\"at_ms\":[");
	for (uint32_t n = 0; n < i->n_points; n++)
		record_put(to, "%s%" PRId64, comma(n), since_ms(i, i->points[n].at_us));
	record_put(to, "],\"span_ms\":[");
	for (uint32_t n = 0; n < i->n_points; n++)
		record_put(to, "%s%" PRIu32, comma(n), i->points[n].span_ms);
	record_put(to, "],\"stalled_permille\":{");
	for (uint32_t r = 0; r < RESOURCE_COUNT; r++) {
		record_put(to, "%s\"%s\":[", comma(r), names_resource((enum resource)r));
		for (uint32_t n = 0; n < i->n_points; n++)
			put_number(to, n, i->points[n].stalled_permille[r], INCIDENT_UNKNOWN_STALL);
		record_put(to, "]");
	}
	record_put(to, "},\"node_cpu_milli\":");
	put_use(to, i, -1, CPU);
	record_put(to, ",\"node_available_kib\":");
	put_use(to, i, -1, MEMORY);
	record_put(to, ",\"cpu_milli\":");
	put_uses(to, i, CPU);
	record_put(to, ",\"memory_kib\":");
	put_uses(to, i, MEMORY);
	record_put(to, ",\"disk_kib_s\":");
	put_uses(to, i, DISK);
	put_victim(to, i);
	if (has_net(i))
		put_net(to, i);
	record_put(to, "}");
}

void incident_text_put(struct record_buf *to, const struct incident *i)
{
	incident_text_summary(to, i);
	record_put(to, "\n{");
	put_causes(to, i);
	record_put(to, ",\"ended_ms\":%" PRId64 ",", i->closed ? since_ms(i, i->ended_us) : 0);
	put_node(to, &i->node);
	record_put(to, ",");
	put_culprits(to, i);
	record_put(to, ",\"marks_left_out\":%" PRIu32 ",\"marks\":[", i->marks_left_out);
	for (uint32_t n = 0; n < i->n_marks; n++) {
		record_put(to, "%s", comma(n));
		put_mark(to, i, &i->marks[n]);
	}
	record_put(to, "],");
	put_pods(to, i);
	record_put(to, ",");
	put_points(to, i);
	record_put(to, "}\n");
}
