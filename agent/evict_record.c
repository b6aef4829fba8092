// SPDX-License-Identifier: LGPL-2.1-or-later
// See evict_record.h.
#include "agent/evict_record.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/base/history.h"
#include "agent/base/history_numbers.h"
#include "policy/decide.h"
#include "policy/reason_text.h"
#include "policy/victim_text.h"

#define KNOB "evict"

static const char *way_text(enum evict_way way, const struct pod *pod)
{
	if (way == EVICT_KUBERNETES)
		return "through Kubernetes";
	return pod->kind == POD_UNIT ? "through systemd" : "by cgroup.kill";
}

static void begin_rate(const struct state *s, const struct evict_look *look, const struct victim *v,
		       enum evict_way way, struct history_record *r)
{
	char why[REASON_TEXT_SIZE], uses[REASON_TEXT_UNIT_SIZE];
	bool io = look->resource == RESOURCE_IO;

	HISTORY_SET(r->why, "%s; for %s%s%s: %s that it uses are expected back %s",
		    reason_text(&s->ladders.of[look->resource].reason, s->policy, why, sizeof(why)),
		    look->waiter, look->disk[0] ? " on " : "", look->disk,
		    victim_text_rate(v, v->rate, uses), way_text(way, v->pod));
	history_number(r, "kill_us", s->status.pass_us);
	history_number_if(r, io ? "needed_io_kib_per_s" : "needed_cpu_milli", true,
			  look->need_rate);
	history_number_if(r, io ? "expected_io_kib_per_s" : "expected_cpu_milli", true, v->rate);
	history_number(r, "candidates", (int64_t)look->list.n_candidates);
	history_number(r, "left_out", victim_text_n_left(&look->list));
}

void evict_record_begin(const struct state *s, const struct evict_look *look,
			const struct victim *v, enum evict_way way,
			struct history_record *ret_record)
{
	struct history_record *r = ret_record;
	char why[REASON_TEXT_SIZE], expected[REASON_TEXT_UNIT_SIZE], needed[REASON_TEXT_UNIT_SIZE];

	*r = HISTORY_RECORD(HISTORY_EVICT);
	history_set_path(r, v->pod->cgroup ? v->pod->cgroup->path : "");
	HISTORY_SET(r->pod, "%s", v->pod->name);
	HISTORY_SET(r->knob, KNOB);
	r->level = v->level;
	if (v->rate > 0) {
		begin_rate(s, look, v, way, r);
		return;
	}
	HISTORY_SET(r->why, "%s; %s are needed, %s are expected back %s",
		    reason_text(&s->ladders.of[RESOURCE_MEMORY].reason, s->policy, why,
				sizeof(why)),
		    reason_text_bytes(look->need_bytes, needed),
		    reason_text_bytes(v->estimate_bytes, expected), way_text(way, v->pod));
	history_number(r, "kill_us", s->status.pass_us);
	history_number_if(r, "needed_bytes", true, look->need_bytes);
	history_number_if(r, "pending_bytes", true, look->pending_bytes);
	history_number_if(r, "expected_bytes", true, v->estimate_bytes);
	history_number(r, "candidates", (int64_t)look->list.n_candidates);
	history_number(r, "left_out", victim_text_n_left(&look->list));
}

void evict_record_ordered(const struct state *s, const struct pod *pod, const char *who,
			  const struct history_caller *caller, struct history_record *ret_record)
{
	enum evict_way way = evict_choose_way(s->policy, pod, true);
	struct history_record *r = ret_record;

	*r = HISTORY_RECORD(HISTORY_EVICT);
	history_set_path(r, pod->cgroup->path);
	HISTORY_SET(r->pod, "%s", pod->name);
	HISTORY_SET(r->knob, KNOB);
	r->level = plan_assignment(&s->plan, pod)->level;
	HISTORY_SET(r->why, "%s ordered it, %s", who, way_text(way, pod));
	r->caller = *caller;
	history_number(r, "kill_us", s->status.pass_us);
}

void evict_record_adopted(const char *path, const struct pod *pod, const struct evict_pending *p,
			  const char *who, const struct history_caller *caller,
			  struct history_record *ret_record)
{
	struct history_record *r = ret_record;

	*r = HISTORY_RECORD(HISTORY_EVICT);
	history_set_path(r, path);
	if (pod)
		HISTORY_SET(r->pod, "%s", pod->name);
	else if (*p->back.stem)
		HISTORY_SET(r->pod, "%s/%s-*", p->back.namespace, p->back.stem);
	HISTORY_SET(r->knob, KNOB);
	HISTORY_SET(r->why, "%s%sa colod that ended meanwhile had asked it to go", who,
		    *who ? " ordered it; " : "");
	r->caller = *caller;
	history_number(r, "kill_us", p->asked_us);
	history_number_if(r, "expected_bytes", !p->ordered, p->estimate_bytes);
}

void evict_record_answer(struct history_record *r, const struct evict_done *done, const char *who)
{
	HISTORY_SET(r->to, "%s", evict_text_answer(done->answer));
	if (done->answer != EVICT_ANSWER_ACCEPTED && done->why[0] != '\0')
		HISTORY_SET(r->why, "%s%s%s%s", done->why, *who ? "; " : "", who,
			    *who ? " ordered it" : "");
}

static const char *end_text(enum evict_end end)
{
	switch (end) {
	case EVICT_END_GONE:
		return "gone";
	case EVICT_END_FREED:
		return "its memory is back";
	case EVICT_END_OVERDUE:
		return "still there";
	default:
		return "still there, asked in vain";
	}
}

/* What others took at once is not back. */
static void over_rate(struct history_record *r, const struct evict_over *over, int64_t now_us)
{
	const struct evict_pending *p = &over->pending;
	const struct victim as = {.rate_of = p->rate_of};
	int64_t gone_us = p->gone_us > 0 ? p->gone_us : now_us;
	bool measured = p->before_rate > 0;
	char text[REASON_TEXT_UNIT_SIZE];

	HISTORY_SET(r->to, "%s, %s less used after %" PRId64 " ms", end_text(over->end),
		    measured ? victim_text_rate(&as, p->freed_rate, text) : "an unknown amount",
		    (gone_us - p->asked_us) / 1000);
	history_number_if(r, p->rate_of == RESOURCE_IO ? "freed_io_kib_per_s" : "freed_cpu_milli",
			  measured, p->freed_rate);
	history_number(r, "took_us", gone_us - p->asked_us);
	history_number(r, "poor", over->poor);
}

void evict_record_over(struct history_record *r, const struct evict_over *over, int64_t now_us)
{
	const struct evict_pending *p = &over->pending;
	bool measured = p->before_bytes > 0;
	int64_t took_us = now_us - p->asked_us;
	char text[REASON_TEXT_UNIT_SIZE];

	if (p->estimate_rate > 0) {
		over_rate(r, over, now_us);
		return;
	}
	HISTORY_SET(r->to, "%s, %s back in %" PRId64 " ms", end_text(over->end),
		    measured ? reason_text_bytes(p->freed_bytes, text) : "an unknown amount",
		    took_us / 1000);
	history_number_if(r, "freed_bytes", measured, p->freed_bytes);
	history_number(r, "took_us", took_us);
	history_number(r, "poor", over->poor);
}
