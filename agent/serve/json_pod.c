// SPDX-License-Identifier: LGPL-2.1-or-later
// The "pods" section: everything that is known of each pod, decided for it, and done to it.
#include "agent/serve/json_view.h"

#include "agent/serve/held.h"
#include "agent/serve/words.h"
#include "colod/loss.h"
#include "policy/cpu_use.h"
#include "policy/decide.h"
#include "policy/efficacy.h"
#include "policy/names.h"
#include "policy/reason_text.h"
#include "policy/ring.h"

/* Use is shown over the same window as the score. */
#define USE_WINDOW_US SCORE_WINDOW_US

static void assignment(struct json_view *view, cJSON *object, const struct pod *pod)
{
	static const struct assignment none = {.state = ASSIGNMENT_NONE, .rule = -1};
	const struct snapshot *s = view->snapshot;
	const struct assignment *a = s->plan ? plan_assignment(s->plan, pod) : &none;
	bool levelled = a->state == ASSIGNMENT_LEVEL, waiting = a->state == ASSIGNMENT_WAITING;
	struct json_put *put = &view->put;
	char text[REASON_TEXT_SIZE];
	const char *rule = NULL;

	json_put_text(put, object, "state", words_assignment(a->state));
	json_put_text(put, object, "level", levelled ? names_level(a->level) : NULL);
	json_put_text(put, object, "role", levelled ? names_role(a->role) : NULL);
	if (a->rule >= 0 && s->policy)
		rule = reason_text_rule(s->policy, a->rule, text, sizeof(text));
	json_put_text(put, object, "rule", levelled ? rule : NULL);
	/* Of a waiting pod: the rule that needs the missing fact, which may yet not match. */
	json_put_text(put, object, "stopped_at", waiting ? rule : NULL);
	json_put_text(put, object, "waiting_for", waiting ? a->waiting_for : NULL);
	json_put_bool(put, object, "kept_online", levelled && a->kept_online);
	json_put_bool(put, object, "ordered", levelled && a->ordered);
	json_put_bool(put, object, "may_hold", levelled && a->may_hold);
	json_put_bool(put, object, "held", held_pod(pod));
}

static void facts(struct json_view *view, cJSON *pod_object, const struct pod *pod)
{
	struct json_put *put = &view->put;
	cJSON *object = json_put_object(put, pod_object, "facts");
	const struct pod_facts *f = pod->facts;

	json_put_text(put, object, "state", names_fact(pod->facts_state));
	if (!f)
		return;
	json_put_text(put, object, "namespace", f->ns);
	json_put_text(put, object, "name", f->name);
	json_put_text(put, object, "priority_class", f->priority_class);
	json_put_text(put, object, "owner_kind", f->owner_kind);
	json_put_bool(put, object, "static", f->is_static);
	json_put_bool(put, object, "host_network", f->host_network);
	json_put_bool(put, object, "deleting", f->deleting);
}

static void resource(struct json_view *view, cJSON *parent, const char *key,
		     const struct fact_u64 *fact)
{
	struct json_put *put = &view->put;
	cJSON *object = json_put_object(put, parent, key);

	json_put_text(put, object, "state", names_fact(fact->state));
	if (!fact_has_value(fact))
		json_put_null(put, object, "value");
	else if (fact->value == KNOB_VALUE_MAX)
		json_put_text(put, object, "value", "max");
	else
		json_put_u64(put, object, "value", fact->value);
}

static void resources(struct json_view *view, cJSON *pod_object, const struct pod_resources *r)
{
	cJSON *object = json_put_object(&view->put, pod_object, "resources");

	resource(view, object, "cpu_request_milli", &r->cpu_request_milli);
	resource(view, object, "cpu_limit_milli", &r->cpu_limit_milli);
	resource(view, object, "memory_request_bytes", &r->memory_request_bytes);
	resource(view, object, "memory_limit_bytes", &r->memory_limit_bytes);
	if (r->cpu_batch_milli.state == FACT_KNOWN)
		resource(view, object, "cpu_batch_milli", &r->cpu_batch_milli);
	if (r->memory_batch_bytes.state == FACT_KNOWN)
		resource(view, object, "memory_batch_bytes", &r->memory_batch_bytes);
}

static void containers(struct json_view *view, cJSON *pod_object, const struct pod *pod)
{
	struct json_put *put = &view->put;
	cJSON *array = json_put_array(put, pod_object, "containers");

	for (size_t i = 0; i < pod->n_containers; i++) {
		const struct pod_container *c = &pod->containers[i];
		cJSON *object = json_put_object(put, array, NULL);

		json_put_text(put, object, "id", c->id);
		json_put_text(put, object, "name", c->name);
		json_put_text(put, object, "runtime", names_runtime(c->runtime));
		json_put_text(put, object, "cgroup", c->cgroup ? c->cgroup->path : NULL);
	}
}

/* Only where the pod's level asks for cores of its own, or for siblings without offline work. */
static void cores(struct json_view *view, cJSON *pod_object, const struct pod *pod)
{
	const struct snapshot *s = view->snapshot;
	const struct plan_cores *c = s->plan ? plan_cores(s->plan, pod) : NULL;
	struct json_put *put = &view->put;
	char text[REASON_TEXT_SIZE], cpus[CPU_SET_TEXT_SIZE];
	cJSON *object;

	if (!c || c->state == CORES_NOT_ASKED)
		return;
	object = json_put_object(put, pod_object, "cores");
	json_put_text(put, object, "state", words_cores(c->state));
	json_put_text(put, object, "cpus", cpu_set_format(&c->cpus, cpus, sizeof(cpus)));
	json_put_text(put, object, "reason",
		      reason_text(&c->reason, s->policy, text, sizeof(text)));
}

/* Only where the policy may have the pod frozen. */
static void freeze(struct json_view *view, cJSON *pod_object, const struct pod *pod)
{
	const struct snapshot *s = view->snapshot;
	const struct plan_freeze *f = s->plan ? plan_freeze(s->plan, pod) : NULL;
	struct json_put *put = &view->put;
	char text[REASON_TEXT_SIZE];
	cJSON *object;

	if (!f || f->state == FREEZE_NOT_ASKED)
		return;
	object = json_put_object(put, pod_object, "freeze");
	json_put_text(put, object, "state", words_freeze(f->state));
	if (f->state == FREEZE_DUE && f->since_us > 0)
		json_put_i64(put, object, "until_us", f->since_us + (int64_t)f->most_us);
	else
		json_put_null(put, object, "until_us");
	json_put_bool(put, object, "frozen", held_frozen(pod));
	json_put_text(put, object, "reason",
		      reason_text(&f->reason, s->policy, text, sizeof(text)));
}

/* Totals only mean something as a difference over the time between two samples. */
static void rate(struct json_view *view, cJSON *object, const char *key, uint64_t now,
		 uint64_t before, uint64_t per, uint64_t scale)
{
	if (per > 0 && now >= before)
		json_put_u64(&view->put, object, key, (now - before) * scale / per);
	else
		json_put_null(&view->put, object, key);
}

static void use(struct json_view *view, cJSON *pod_object, const struct pod *pod)
{
	const struct samples *samples = view->snapshot->samples;
	const struct pod_history *h = samples ? ring_of(samples, pod->slot, pod->serial) : NULL;
	const struct pod_sample *last = h ? ring_last(h) : NULL;
	const struct pod_sample *back = last ? ring_back(h, USE_WINDOW_US, SAMPLE_CPU) : NULL;
	struct json_put *put = &view->put;
	cJSON *object = json_put_object(put, pod_object, "use");
	uint64_t throttled,
		window_us = back && last->at_us > back->at_us ? last->at_us - back->at_us : 0;

	json_put_u64(put, object, "window_us", window_us);
	if (window_us > 0) {
		rate(view, object, "cpu_milli", last->cpu_usage_us, back->cpu_usage_us, window_us,
		     1000);
	} else {
		json_put_null(put, object, "cpu_milli");
	}
	if (window_us > 0 && cpu_use_throttled_permille(back, last, &throttled) > 0)
		json_put_u64(put, object, "throttled_permille", throttled);
	else
		json_put_null(put, object, "throttled_permille");
	if (last && (last->valid & SAMPLE_MEMORY))
		json_put_u64(put, object, "memory_bytes", last->memory_bytes);
	else
		json_put_null(put, object, "memory_bytes");
}

/* Until when (CLOCK_BOOTTIME) its waiting is no cause for a hold, because one did not help it. */
static void rests(struct json_view *view, cJSON *pod_object, const struct pod *pod)
{
	const struct ladders *ladders = view->snapshot->ladders;
	const struct status *status = view->snapshot->status;
	int64_t until_us = 0;

	if (ladders && status &&
	    efficacy_rests(&ladders->of[RESOURCE_CPU].efficacy, pod, status->pass_us, &until_us))
		json_put_i64(&view->put, pod_object, "hold_rests_until_us", until_us);
	else
		json_put_null(&view->put, pod_object, "hold_rests_until_us");
}

/* Since the agent started, or the pod did; null where nobody counted. */
static void loss(struct json_view *view, cJSON *pod_object, const struct pod *pod)
{
	const struct losses *l = view->snapshot->losses;
	bool there = l && pod->slot < l->n_slots && l->pods[pod->slot].serial == pod->serial;
	struct json_put *put = &view->put;
	cJSON *object;

	if (!there) {
		json_put_null(put, pod_object, "lost");
		return;
	}
	object = json_put_object(put, pod_object, "lost");
	json_put_u64(put, object, "held_us", l->pods[pod->slot].held_us);
	json_put_u64(put, object, "holds", l->pods[pod->slot].holds);
	json_put_u64(put, object, "frozen_us", l->pods[pod->slot].frozen_us);
	json_put_u64(put, object, "freezes", l->pods[pod->slot].freezes);
}

static void pod_object(struct json_view *view, cJSON *array, const struct pod *pod)
{
	struct json_put *put = &view->put;
	cJSON *object = json_put_object(put, array, NULL);

	json_put_text(put, object, "name", pod->name);
	json_put_text(put, object, "uid", pod->uid);
	json_put_text(put, object, "kind", words_pod_kind(pod->kind));
	json_put_text(put, object, "cgroup", pod->cgroup ? pod->cgroup->path : NULL);
	json_put_text(put, object, "qos", names_qos(pod->qos));
	assignment(view, object, pod);
	facts(view, object, pod);
	resources(view, object, &pod->resources);
	containers(view, object, pod);
	if (pod->cgroup)
		json_view_knobs(view, object, pod->cgroup);
	cores(view, object, pod);
	freeze(view, object, pod);
	use(view, object, pod);
	json_score(view, object, pod);
	json_slis(view, object, pod);
	rests(view, object, pod);
	loss(view, object, pod);
}

void json_pod_section(struct json_view *view, cJSON *doc)
{
	const struct model *model = view->snapshot->model;
	cJSON *array = json_put_array(&view->put, doc, "pods");

	for (size_t i = 0; model && i < model->n_pods; i++)
		pod_object(view, array, model->pods[i]);
}
