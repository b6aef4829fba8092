// SPDX-License-Identifier: LGPL-2.1-or-later
// See bus_why.h. Prints the stored reasons and nothing worked out here.
#include "agent/serve/bus_why.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "agent/base/history.h"
#include "agent/base/messages.h"
#include "agent/base/pod_ref.h"
#include "agent/serve/bus_text.h"
#include "colod/loss.h"
#include "policy/culprit_watch.h"
#include "policy/decide.h"
#include "policy/knob.h"
#include "policy/manual.h"
#include "policy/names.h"
#include "policy/reason_text.h"
#include "policy/score.h"

/* Longer words name no pod, and an error message that quotes them must stay short. A cgroup's path,
 * which coloctl sends, is shorter than this. */
#define WORD_MAX 1024

int bus_why_pick(const struct snapshot *snapshot, const char *word, const struct pod **ret_pod)
{
	const struct model *model = snapshot->model;
	enum pod_ref_match best = POD_REF_NO;
	const struct pod *found = NULL;
	bool shared = false;

	for (size_t i = 0; model && i < model->n_pods; i++) {
		const struct pod *pod = model->pods[i];
		struct pod_ref ref = {
			.label = pod->name,
			.name = pod->facts ? pod->facts->name : NULL,
			.uid = pod->uid,
			.cgroup = pod->cgroup ? pod->cgroup->path : NULL,
		};
		enum pod_ref_match match = pod_ref_match(&ref, word);

		if (match == POD_REF_NO || match < best)
			continue;
		shared = match == best;
		best = match;
		found = pod;
	}
	if (!found)
		return -ENOENT;
	if (shared)
		return -ENOTUNIQ;
	*ret_pod = found;
	return 0;
}

int bus_why_find(const struct snapshot *snapshot, const char *word, const struct pod **ret_pod,
		 sd_bus_error *error)
{
	int r;

	if (strlen(word) > WORD_MAX)
		return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
					"no pod has a name as long as this");
	r = bus_why_pick(snapshot, word, ret_pod);
	if (r == -ENOTUNIQ)
		return sd_bus_error_setf(error, BUS_ERROR_AMBIGUOUS_POD,
					 "several pods go by '%s': give namespace/name or the UID",
					 word);
	if (r < 0)
		return sd_bus_error_setf(error, BUS_ERROR_NO_SUCH_POD, "no pod goes by '%s'", word);
	return 0;
}

static int append_assignment(sd_bus_message *reply, const struct snapshot *s, const struct pod *pod)
{
	static const struct assignment none = {.state = ASSIGNMENT_NONE, .rule = -1};
	const struct assignment *a = s->plan ? plan_assignment(s->plan, pod) : &none;
	char text[REASON_TEXT_SIZE];

	switch (a->state) {
	case ASSIGNMENT_LEVEL:
		return bus_text_appendf(reply, "%s is %s (%s)%s: %s", pod->name,
					names_level(a->level), names_role(a->role),
					a->ordered ? " by hand, where the rule is" : "",
					reason_text_rule(s->policy, a->rule, text, sizeof(text)));
	case ASSIGNMENT_WAITING:
		return bus_text_appendf(reply, "%s is undecided and untouched: waiting for: %s",
					pod->name, a->waiting_for ? a->waiting_for : "facts");
	case ASSIGNMENT_NONE:
		break;
	}
	return bus_text_appendf(reply, "%s is matched by no rule: nothing of it is touched",
				pod->name);
}

static int append_orders(sd_bus_message *reply, const struct snapshot *s, const struct pod *pod)
{
	const struct manual *m = s->model->manual;
	char text[REASON_TEXT_SIZE];
	int r = 0;

	for (int k = 0; k < MANUAL_KIND_COUNT && r >= 0; k++) {
		const struct manual_order *o = manual_find(m, pod, (enum manual_kind)k);
		struct reason reason;

		if (!o)
			continue;
		reason = manual_reason(o);
		r = bus_text_appendf(reply, "by hand: %s: %s", manual_kind_name(o->kind),
				     reason_text(&reason, s->policy, text, sizeof(text)));
	}
	return r;
}

static int append_knob(sd_bus_message *reply, const struct snapshot *s, const struct cgroup *cgroup,
		       enum knob knob)
{
	const struct plan_entry *entry = s->plan ? plan_find(s->plan, cgroup, knob) : NULL;
	const struct knob_state *state = &cgroup->knobs[knob];
	char now[KNOB_TEXT_SIZE], want[KNOB_TEXT_SIZE] = "", original[KNOB_TEXT_SIZE] = "";
	char reason[REASON_TEXT_SIZE] = "colod wrote it, the plan no longer asks for it";

	if (!entry && !state->owned)
		return 0;
	(void)knob_format(knob, &state->now, now, sizeof(now));
	if (state->owned)
		(void)knob_format(knob, &state->original, original, sizeof(original));
	if (entry) {
		(void)knob_format(knob, &entry->want, want, sizeof(want));
		(void)reason_text(&entry->reason, s->policy, reason, sizeof(reason));
	}
	return bus_text_appendf(reply, "/%s %s: now %s%s%s%s%s: %s", cgroup->path, knob_file(knob),
				now, *original ? ", originally " : "", original,
				*want ? ", wanted " : "", want, reason);
}

static int append_cores(sd_bus_message *reply, const struct snapshot *s, const struct pod *pod)
{
	const struct plan_cores *c = s->plan ? plan_cores(s->plan, pod) : NULL;
	char text[REASON_TEXT_SIZE];

	if (!c || c->state == CORES_NOT_ASKED)
		return 0;
	return bus_text_appendf(reply, "cores: %s",
				reason_text(&c->reason, s->policy, text, sizeof(text)));
}

/* Whether it may be frozen, and how often it was. */
static int append_freeze(sd_bus_message *reply, const struct snapshot *s, const struct pod *pod)
{
	const struct plan_freeze *f = s->plan ? plan_freeze(s->plan, pod) : NULL;
	const struct losses *l = s->losses;
	char text[REASON_TEXT_SIZE];
	int r = 0;

	if (f && f->state != FREEZE_NOT_ASKED)
		r = bus_text_appendf(reply, "freeze: %s",
				     reason_text(&f->reason, s->policy, text, sizeof(text)));
	if (r < 0 || !l || pod->slot >= l->n_slots || l->pods[pod->slot].serial != pod->serial ||
	    l->pods[pod->slot].freezes == 0)
		return r;
	return bus_text_appendf(reply, "frozen so far: %" PRIu32 " times, %" PRIu64 " ms in all",
				l->pods[pod->slot].freezes, l->pods[pod->slot].frozen_us / 1000);
}

/* The newest of what the history has of this pod and kills: whether it was taken, or why not. */
static int append_kill(sd_bus_message *reply, const struct snapshot *s, const struct pod *pod)
{
	struct history_record r, kill, evict, candidate;
	uint64_t cursor = 0, n_kill = 0, n_evict = 0, n_candidate = 0;
	char text[MESSAGES_TEXT_SIZE];
	int rc = 0;

	while (s->history && pod->cgroup && history_next(s->history, &cursor, &r)) {
		if (strcmp(r.what, pod->cgroup->path) != 0)
			continue;
		if (r.kind == HISTORY_KILL)
			kill = r;
		if (r.kind == HISTORY_EVICT)
			evict = r;
		if (r.kind == HISTORY_CANDIDATE)
			candidate = r;
		n_kill += r.kind == HISTORY_KILL;
		n_evict += r.kind == HISTORY_EVICT;
		n_candidate += r.kind == HISTORY_CANDIDATE;
	}
	if (n_candidate > 0)
		rc = bus_text_appendf(reply, "kill: %s",
				      messages_text(&candidate, text, sizeof(text)));
	if (rc >= 0 && n_kill > 0)
		rc = bus_text_appendf(reply, "kill: %s", messages_text(&kill, text, sizeof(text)));
	if (rc >= 0 && n_evict > 0)
		rc = bus_text_appendf(reply, "evict: %s",
				      messages_text(&evict, text, sizeof(text)));
	return rc;
}

/* Who seems to make it wait now. */
static int append_culprits(sd_bus_message *reply, const struct snapshot *s, const struct pod *pod)
{
	const struct pod_score *score = score_of(s->scores, pod);
	int64_t now_us = s->status ? s->status->pass_us : 0;

	for (int i = 0; score && i < RESOURCE_COUNT; i++) {
		const struct culprits_kept *k =
			culprit_watch_of(s->culprits, pod, (enum resource)i, now_us);

		if (culprit_watch_state(&score->by[i], k, now_us) != CULPRITS_RANKED)
			continue;
		for (uint32_t n = 0; n < k->found.n; n++) {
			int r = bus_text_appendf(reply,
						 "made to wait for %s, it seems, by %s: %" PRIu32
						 " permille of its ups and downs, confidence %s%s",
						 names_resource((enum resource)i), k->who[n].name,
						 k->found.list[n].share_permille,
						 names_confidence(k->found.list[n].confidence),
						 k->who[n].role == ROLE_ONLINE
							 ? "; online: colod does not act on it"
							 : "");

			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int append_held(sd_bus_message *reply, const struct pod *pod)
{
	size_t n = 0;
	int r;

	for (const struct cgroup *c = pod->cgroup; c; c = c->parent) {
		for (int k = 0; k < KNOB_COUNT; k++) {
			if (!c->knobs[k].owned || !c->knobs[k].held)
				continue;
			r = bus_text_appendf(reply, "held now: /%s %s", c->path,
					     knob_file((enum knob)k));
			if (r < 0)
				return r;
			n++;
		}
	}
	return n > 0 ? 0 : bus_text_append(reply, "held now: nothing");
}

int bus_why_append(sd_bus_message *reply, const struct snapshot *snapshot, const struct pod *pod)
{
	int r = sd_bus_message_open_container(reply, 'a', "s");

	if (r < 0)
		return r;
	r = append_assignment(reply, snapshot, pod);
	if (r < 0)
		return r;
	r = bus_text_appendf(reply, "facts: %s", names_fact(pod->facts_state));
	if (r < 0)
		return r;
	r = append_orders(reply, snapshot, pod);
	if (r >= 0)
		r = append_cores(reply, snapshot, pod);
	if (r >= 0)
		r = append_freeze(reply, snapshot, pod);
	if (r >= 0)
		r = append_kill(reply, snapshot, pod);
	if (r >= 0)
		r = append_culprits(reply, snapshot, pod);
	if (r < 0)
		return r;
	for (const struct cgroup *c = pod->cgroup; c; c = c->parent) {
		for (int k = 0; k < KNOB_COUNT; k++) {
			r = append_knob(reply, snapshot, c, (enum knob)k);
			if (r < 0)
				return r;
		}
	}
	r = append_held(reply, pod);
	if (r < 0)
		return r;
	return sd_bus_message_close_container(reply);
}
