// SPDX-License-Identifier: LGPL-2.1-or-later
// See kill_record.h.
#include "agent/kill_record.h"

#include <inttypes.h>
#include <string.h>

#include "agent/base/history.h"
#include "agent/base/history_numbers.h"
#include "agent/base/messages.h"
#include "agent/evictor.h"
#include "policy/decide.h"
#include "policy/reason_text.h"
#include "policy/victim_text.h"

static void set_pod(struct history_record *r, const struct pod *pod, enum level level)
{
	history_set_path(r, pod->cgroup ? pod->cgroup->path : "");
	HISTORY_SET(r->pod, "%s", pod->name);
	r->level = level;
}

void kill_record_begin(const struct state *s, const struct victim_list *list,
		       const struct memory_kill_need *need, struct history_record *ret_record)
{
	const struct victim *v = &list->list[0];
	struct history_record *r = ret_record;
	char why[REASON_TEXT_SIZE], expected[REASON_TEXT_UNIT_SIZE];
	bool kept = evictor_budget_keeps(s, v->pod->serial);

	*r = HISTORY_RECORD(HISTORY_KILL);
	set_pod(r, v->pod, v->level);
	HISTORY_SET(r->knob, "cgroup.kill");
	HISTORY_SET(r->why, "%s; %s are expected back%s",
		    reason_text(&need->reason, s->policy, why, sizeof(why)),
		    reason_text_bytes(v->estimate_bytes, expected),
		    kept ? "; its PodDisruptionBudget had refused an eviction" : "");
	history_number(r, "kill_us", s->status.pass_us);
	history_number_if(r, "needed_bytes", true, need->bytes);
	history_number_if(r, "expected_bytes", true, v->estimate_bytes);
	history_number(r, "candidates", (int64_t)list->n_candidates);
	history_number(r, "left_out", victim_text_n_left(list));
	if (kept)
		history_number(r, "budget_refused", 1);
}

void kill_record_end(struct history_record *r, const struct kill_done *done,
		     uint64_t *ret_freed_bytes)
{
	bool measured = done->before_known && done->after_known;
	uint64_t freed = 0;
	char text[REASON_TEXT_UNIT_SIZE];

	if (measured && done->before_bytes > done->after_bytes)
		freed = done->before_bytes - done->after_bytes;
	*ret_freed_bytes = freed;
	if (done->result < 0) {
		HISTORY_SET(r->to, "was not done: %s",
			    done->why ? done->why : strerror(-done->result));
		return;
	}
	HISTORY_SET(r->to, "%s: %" PRIu32 " process%s, %s back in %" PRIu64 " ms",
		    done->ended ? "dead" : "not dead yet", done->n_processes,
		    done->n_processes == 1 ? "" : "es",
		    measured ? reason_text_bytes(freed, text) : "an unknown amount",
		    done->took_us / 1000);
	history_number_if(r, "freed_bytes", measured, freed);
	history_number(r, "processes", done->n_processes);
	history_number_if(r, "took_us", true, done->took_us);
}

static void tell_candidate(const struct state *s, const struct victim_list *list, size_t i,
			   bool would)
{
	const struct victim *v = &list->list[i];
	struct history_record r = HISTORY_RECORD(HISTORY_CANDIDATE);
	char why[VICTIM_TEXT_SIZE];

	r.would = would;
	set_pod(&r, v->pod, v->level);
	HISTORY_SET(r.to, i == 0 ? "chosen" : "passed over");
	HISTORY_SET(r.why, "%s",
		    i == 0 ? victim_text_choice(list, why, sizeof(why))
			   : victim_text_passed(list, i, &s->policy->evict, why, sizeof(why)));
	history_number(&r, "kill_us", s->status.pass_us);
	history_number(&r, "place", (int64_t)i + 1);
	if (v->rate > 0 && v->rate_of == RESOURCE_IO) {
		history_number_if(&r, "expected_io_kib_per_s", true, v->rate);
	} else if (v->rate > 0) {
		history_number_if(&r, "expected_cpu_milli", true, v->rate);
		history_number_if(&r, "over_request_cpu_milli", true, v->over_request_rate);
	} else {
		history_number_if(&r, "expected_bytes", true, v->estimate_bytes);
	}
	history_number_if(&r, "usage_bytes", v->usage_bytes > 0, v->usage_bytes);
	history_number_if(&r, "soon_bytes", v->usage_bytes > 0, v->soon_bytes);
	history_number_if(&r, "over_request_bytes", v->usage_bytes > 0, v->over_request_bytes);
	history_number(&r, "deletion_cost", v->cost);
	messages_tell(s->history, &r);
}

static void tell_left(const struct state *s, const struct victim_left *left, bool would)
{
	const struct assignment *a = plan_assignment(&s->plan, left->pod);
	struct history_record r = HISTORY_RECORD(HISTORY_CANDIDATE);
	char why[VICTIM_TEXT_SIZE];

	r.would = would;
	set_pod(&r, left->pod, a->state == ASSIGNMENT_LEVEL ? a->level : LEVEL_NONE);
	HISTORY_SET(r.to, "no candidate");
	HISTORY_SET(r.why, "%s", victim_text_left(left, why, sizeof(why)));
	history_number(&r, "kill_us", s->status.pass_us);
	history_number_if(&r, "usage_bytes", left->usage_bytes > 0, left->usage_bytes);
	messages_tell(s->history, &r);
}

void kill_record_candidates(const struct state *s, const struct victim_list *list, bool would)
{
	for (size_t i = 0; i < list->n; i++)
		tell_candidate(s, list, i, would);
	for (size_t i = 0; i < list->n_left; i++)
		tell_left(s, &list->left[i], would);
}
