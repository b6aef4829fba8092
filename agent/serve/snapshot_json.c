// SPDX-License-Identifier: LGPL-2.1-or-later
// See snapshot_json.h. This file has the small sections; the large ones are in json_*.c.
#include "agent/serve/snapshot_json.h"

#include "agent/serve/held.h"
#include "agent/serve/json_view.h"
#include "agent/serve/rungs.h"
#include "policy/decide.h"
#include "policy/names.h"
#include "policy/ring.h"

/* The version of this document: grows when a key changes its meaning or goes away. */
#define SCHEMA 1

static void node_use(struct json_view *view, cJSON *node)
{
	const struct samples *samples = view->snapshot->samples;
	const struct node_history *h = samples ? &samples->node : NULL;
	const struct node_sample *last = h ? ring_last_node(h) : NULL;
	const struct node_sample *back = last ? ring_back_node(h, SCORE_WINDOW_US, SAMPLE_CPU)
					      : NULL;
	struct json_put *put = &view->put;
	cJSON *object = json_put_object(put, node, "use");

	if (back && last->at_us > back->at_us && last->cpu_busy_us >= back->cpu_busy_us)
		json_put_u64(put, object, "cpu_milli",
			     (last->cpu_busy_us - back->cpu_busy_us) * 1000 /
				     (uint64_t)(last->at_us - back->at_us));
	else
		json_put_null(put, object, "cpu_milli");
	if (last && (last->valid & SAMPLE_MEMORY))
		json_put_u64(put, object, "memory_available_bytes", last->memory_available_bytes);
	else
		json_put_null(put, object, "memory_available_bytes");
}

static void node_section(struct json_view *view, cJSON *doc)
{
	const struct model *model = view->snapshot->model;
	struct json_put *put = &view->put;
	cJSON *object = json_put_object(put, doc, "node");

	if (!model)
		return;
	json_put_text(put, object, "kernel", model->node.kernel);
	json_put_u64(put, object, "cpus", model->node.n_cpus);
	json_put_u64(put, object, "cores", model->node.n_cores);
	json_put_u64(put, object, "numa_nodes", model->node.n_numa);
	json_put_bool(put, object, "smt", model->node.smt);
	json_put_u64(put, object, "memory_bytes", model->node.memory_bytes);
	json_put_u64(put, object, "swap_bytes", model->node.swap_bytes);
	json_put_u64(put, object, "page_bytes", model->node.page_bytes);
	json_put_text(put, object, "cgroup_driver", names_driver(model->driver));
	node_use(view, object);
}

static void count_pods(struct json_view *view, cJSON *status)
{
	static const struct assignment none = {.state = ASSIGNMENT_NONE};
	const struct snapshot *s = view->snapshot;
	size_t n = s->model ? s->model->n_pods : 0, online = 0, offline = 0;
	size_t waiting = 0, held = 0;
	struct json_put *put = &view->put;

	for (size_t i = 0; i < n; i++) {
		const struct assignment *a = s->plan ? plan_assignment(s->plan, s->model->pods[i])
						     : &none;

		waiting += a->state == ASSIGNMENT_WAITING;
		held += held_pod(s->model->pods[i]);
		if (a->state == ASSIGNMENT_LEVEL)
			*(a->role == ROLE_ONLINE ? &online : &offline) += 1;
	}
	json_put_u64(put, status, "pods", n);
	json_put_u64(put, status, "pods_online", online);
	json_put_u64(put, status, "pods_offline", offline);
	json_put_u64(put, status, "pods_waiting", waiting);
	json_put_u64(put, status, "pods_no_rule", n - online - offline - waiting);
	json_put_u64(put, status, "pods_held", held);
}

static void status_section(struct json_view *view, cJSON *doc)
{
	const struct status *s = view->snapshot->status;
	const struct ladders *ladders = view->snapshot->ladders;
	struct json_put *put = &view->put;
	cJSON *object = json_put_object(put, doc, "status");

	json_put_text(put, object, "version", COLOD_VERSION);
	if (!s)
		return;
	json_mode_section(view, object);
	json_put_text(put, object, "policy_state", s->policy_state);
	json_put_text(put, object, "policy_digest", s->policy_digest);
	json_put_u64(put, object, "policy_unenforced", s->policy_unenforced);
	json_put_u64(put, object, "policy_lacks", s->policy_lacks);
	json_put_text(put, object, "rung_cpu",
		      ladders ? names_rung(ladders->of[RESOURCE_CPU].rung) : NULL);
	json_put_text(put, object, "rung_memory",
		      ladders ? names_rung(ladders->of[RESOURCE_MEMORY].rung) : NULL);
	json_put_text(put, object, "rung_io",
		      ladders ? names_rung(ladders->of[RESOURCE_IO].rung) : NULL);
	count_pods(view, object);
	json_room_section(view, object);
	json_put_u64(put, object, "passes", s->passes);
	json_put_u64(put, object, "writes", s->writes);
	json_put_u64(put, object, "restores", s->restores);
	json_put_u64(put, object, "refusals", s->refusals);
	json_put_u64(put, object, "rewrites", s->rewrites);
	json_put_u64(put, object, "fights", s->fights);
	json_put_u64(put, object, "contested", s->contested);
	json_put_u64(put, object, "units_told", s->units_told);
	json_put_u64(put, object, "units_waiting", s->units_waiting);
	json_put_u64(put, object, "unit_calls", s->unit_calls);
	json_put_u64(put, object, "unit_refusals", s->unit_refusals);
	json_put_u64(put, object, "withheld", s->withheld);
	json_put_u64(put, object, "pending", s->pending);
	json_put_i64(put, object, "started_us", s->started_us);
	json_put_i64(put, object, "pass_us", s->pass_us);
	json_put_u64(put, object, "triggers", s->triggers);
	json_put_u64(put, object, "trigger_events", s->trigger_events);
	json_put_u64(put, object, "unsampled", s->unsampled);
	json_put_u64(put, object, "log_suppressed", s->log_suppressed);
	json_hold_section(view, object);
	json_put_u64(put, object, "slow_writes", s->slow_writes);
	json_put_u64(put, object, "slow_writes_cut", s->slow_cut);
	json_put_u64(put, object, "slow_write_longest_us", s->slow_longest_us);
	json_put_u64(put, object, "reclaim_asked_bytes", s->reclaim_asked_bytes);
	json_put_u64(put, object, "reclaim_got_bytes", s->reclaim_got_bytes);
	json_put_u64(put, object, "scores_raised", s->scores_raised);
	json_put_u64(put, object, "scores_given_back", s->scores_given_back);
	json_put_u64(put, object, "policies_set", s->policies_set);
	json_put_u64(put, object, "policies_given_back", s->policies_given_back);
	json_put_u64(put, object, "kills", s->kills);
	json_evict_section(view, object);
	json_slis_section(view, object);
}

static void one_ladder(struct json_view *view, cJSON *ladders, enum resource resource)
{
	const struct ladder *ladder = &view->snapshot->ladders->of[resource];
	struct json_put *put = &view->put;
	cJSON *object = json_put_object(put, ladders, names_resource(resource));
	int64_t until_us = rungs_until_us(view->snapshot, resource);
	int64_t least_us = rungs_at_least_until_us(view->snapshot, resource);

	json_put_text(put, object, "rung", names_rung(ladder->rung));
	json_put_i64(put, object, "since_us", ladder->since_us);
	if (least_us > 0)
		json_put_i64(put, object, "at_least_until_us", least_us);
	else
		json_put_null(put, object, "at_least_until_us");
	if (until_us > 0)
		json_put_i64(put, object, "until_us", until_us);
	else
		json_put_null(put, object, "until_us");
	json_put_i64(put, object, "pressure_us", ladder->pressure_us);
	if (resource == RESOURCE_CPU && ladder->rung != RUNG_CALM)
		json_put_u64(put, object, "quota_cpu_milli", ladder->quota_cpu_milli);
	else if (resource == RESOURCE_CPU)
		json_put_null(put, object, "quota_cpu_milli");
	json_put_u64(put, object, "steps", ladder->steps);
	if (ladder->reason.code != REASON_NONE)
		json_view_reason(view, object, &ladder->reason);
	else
		json_put_null(put, object, "reason");
}

static void ladder_section(struct json_view *view, cJSON *doc)
{
	cJSON *object = json_put_object(&view->put, doc, "ladder");

	if (!view->snapshot->ladders)
		return;
	one_ladder(view, object, RESOURCE_CPU);
	one_ladder(view, object, RESOURCE_MEMORY);
	one_ladder(view, object, RESOURCE_IO);
	json_io_holds(view, object);
}

cJSON *snapshot_json(const struct snapshot *snapshot)
{
	struct json_view view;
	cJSON *doc;

	if (json_view_init(&view, snapshot) < 0)
		return NULL;
	doc = cJSON_CreateObject();
	json_put_u64(&view.put, doc, "schema", SCHEMA);
	node_section(&view, doc);
	status_section(&view, doc);
	json_policy_section(&view, doc);
	json_pod_section(&view, doc);
	json_class_section(&view, doc);
	json_plan_section(&view, doc);
	json_doctor_section(&view, doc);
	ladder_section(&view, doc);
	json_orders_section(&view, doc);
	json_floor_section(&view, doc);
	json_calm_section(&view, doc);
	json_calibration_section(&view, doc);
	json_lend_section(&view, doc);
	json_net_section(&view, doc);
	json_view_done(&view);
	if (view.put.failed) {
		cJSON_Delete(doc);
		return NULL;
	}
	return doc;
}
