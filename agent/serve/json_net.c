// SPDX-License-Identifier: LGPL-2.1-or-later
// The "net" section: each uplink, what colod does on it and what is counted there; and the pods, whose traffic is marked or not and why.
#include "agent/serve/json_view.h"

#include <stdio.h>

#include "policy/decide.h"
#include "policy/names.h"
#include "policy/names_net.h"
#include "policy/net_arrived.h"
#include "policy/net_plan.h"
#include "policy/net_words.h"

#define SENTENCE_SIZE 512

static void one_class(struct json_view *view, cJSON *array, const char *name,
		      const struct net_class *class, const struct net_count *count)
{
	struct json_put *put = &view->put;
	cJSON *object = json_put_object(put, array, NULL);

	json_put_text(put, object, "class", name);
	json_put_u64(put, object, "rate_bytes_per_s", class->rate_bytes_per_s);
	json_put_u64(put, object, "ceil_bytes_per_s", class->ceil_bytes_per_s);
	if (!count)
		return;
	json_put_u64(put, object, "sent_bytes", count->bytes);
	json_put_u64(put, object, "sent_packets", count->packets);
	json_put_u64(put, object, "dropped_packets", count->drops);
	json_put_u64(put, object, "backlog_bytes", count->backlog_bytes);
}

static void classes(struct json_view *view, cJSON *object, const struct net_shape *shape,
		    const struct net_counts *counts)
{
	bool counted = counts->at_us > 0;
	cJSON *array = json_put_array(&view->put, object, "classes");

	one_class(view, array, "unmarked", &shape->unmarked, counted ? &counts->unmarked : NULL);
	if (shape->offline_levels)
		one_class(view, array, "all offline", &shape->offline, NULL);
	for (int level = 0; level < LEVEL_COUNT; level++)
		if (shape->levels >> level & 1)
			one_class(view, array, names_level((enum level)level), &shape->level[level],
				  counts->levels >> level & 1 ? &counts->level[level] : NULL);
}

static void hold(struct json_view *view, cJSON *object, const struct net_hold *of)
{
	struct json_put *put = &view->put;
	cJSON *held;

	if (of->ceil_bytes_per_s == 0) {
		json_put_null(put, object, "held");
		return;
	}
	held = json_put_object(put, object, "held");
	json_put_u64(put, held, "ceil_bytes_per_s", of->ceil_bytes_per_s);
	json_put_u64(put, held, "online_bytes_per_s", of->online_bytes_per_s);
	json_put_i64(put, held, "since_us", of->since_us);
	json_view_reason(view, held, &of->reason);
}

static void arrivals(struct json_view *view, cJSON *link, const struct net_plan_link *plan,
		     const struct net_counts *counts)
{
	struct json_put *put = &view->put;
	cJSON *object;

	if (plan->police == NET_POLICE_OFF) {
		json_put_null(put, link, "arrivals");
		return;
	}
	object = json_put_object(put, link, "arrivals");
	json_put_text(put, object, "policed", names_net_police(plan->police));
	json_put_text(put, object, "why", net_arrived_words(plan->police));
	hold(view, object, &plan->rx_hold);
	if (counts->rx_at_us == 0)
		return;
	json_put_u64(put, object, "received_bytes", counts->rx_bytes);
	json_put_u64(put, object, "offline_bytes", counts->rx_offline.bytes);
	json_put_u64(put, object, "offline_packets", counts->rx_offline.packets);
	json_put_u64(put, object, "dropped_packets", counts->rx_offline.drops);
}

static void one_link(struct json_view *view, cJSON *array, uint32_t i)
{
	const struct net_shown *net = view->snapshot->net;
	const struct net_link *link = &net->view->links.list[i];
	const struct net_plan_link *plan = net_plan_find(net->plan, link->ifindex);
	bool wanted = plan && net_plan_shapes(plan);
	bool shaped = wanted && net->plan->on && link->root == NET_ROOT_OURS;
	struct json_put *put = &view->put;
	cJSON *object = json_put_object(put, array, NULL);
	char text[SENTENCE_SIZE] = "";

	json_put_text(put, object, "name", link->name);
	json_put_i64(put, object, "ifindex", link->ifindex);
	json_put_text(put, object, "root", names_net_root(link->root));
	json_put_text(put, object, "root_kind", link->root_kind);
	json_put_bool(put, object, "shaped", shaped);
	if (wanted && net->plan->on && !shaped)
		(void)snprintf(text, sizeof(text), "not shaped yet");
	else if (plan)
		net_words_link(plan, text, sizeof(text));
	json_put_text(put, object, "why", text);
	json_put_text(put, object, "refusal",
		      names_net_refusal(plan ? plan->refusal : link->refusal));
	if (!wanted)
		return;
	json_put_u64(put, object, "speed_bytes_per_s", plan->speed_bytes_per_s);
	hold(view, object, &plan->hold);
	classes(view, object, &plan->shape, &net->counts[i]);
	arrivals(view, object, plan, &net->counts[i]);
}

static const char *not_marked(const struct net_plan *plan)
{
	if (!plan->on)
		return "the mode does not allow it";
	return plan->mark.mask ? "not yet" : "no link is shaped";
}

static void one_pod(struct json_view *view, cJSON *array, const struct pod *pod)
{
	const struct snapshot *s = view->snapshot;
	const struct net_shown *net = s->net;
	const struct assignment *a = plan_assignment(s->plan, pod);
	const struct net_pod *seen;
	struct json_put *put = &view->put;
	cJSON *object;

	if (pod->slot >= net->n_sent || net->view->pods[pod->slot].serial != pod->serial ||
	    net_plan_pod(s->policy, pod, a) != NET_POD_MARKED)
		return;
	seen = &net->view->pods[pod->slot];
	object = json_put_object(put, array, NULL);
	json_put_text(put, object, "pod", pod->name);
	json_put_text(put, object, "level", names_level(a->level));
	json_put_u64(put, object, "interfaces", seen->n);
	json_put_bool(put, object, "host_network", seen->host);
	json_put_bool(put, object, "marked", net->sent[pod->slot].marked);
	json_put_text(put, object, "refusal", names_net_refusal(seen->refusal));
	if (seen->refusal != NET_FINE)
		json_put_text(put, object, "why", net_words_refusal(seen->refusal));
	else if (!net->sent[pod->slot].marked)
		json_put_text(put, object, "why", not_marked(net->plan));
	if (!net->sent[pod->slot].marked || !net->sent[pod->slot].counted)
		return;
	json_put_u64(put, object, "sent_bytes", net->sent[pod->slot].bytes);
	json_put_u64(put, object, "sent_packets", net->sent[pod->slot].packets);
}

void json_net_section(struct json_view *view, cJSON *doc)
{
	const struct snapshot *s = view->snapshot;
	const struct net_shown *net = s->net;
	struct json_put *put = &view->put;
	cJSON *object, *array;

	/* What was known is old, but why nobody knows more is not. */
	if (net && !net->view->known && net->trouble[0] && s->policy && s->policy->net.on) {
		object = json_put_object(put, doc, "net");
		json_put_bool(put, object, "on", net->plan->on);
		json_put_text(put, object, "trouble", net->trouble);
		return;
	}
	/* Not asked for, or not looked at yet. */
	if (!net || !net->view->known || !s->policy || !s->policy->net.on || !s->model ||
	    !s->plan) {
		json_put_null(put, doc, "net");
		return;
	}
	object = json_put_object(put, doc, "net");
	json_put_bool(put, object, "on", net->plan->on);
	json_put_text(put, object, "trouble", net->trouble);
	array = json_put_array(put, object, "links");
	for (uint32_t i = 0; i < net->view->links.n; i++)
		one_link(view, array, i);
	json_put_u64(put, object, "links_left_out", net->view->links.left_out);
	json_put_text(put, object, "wireguard", net->view->wireguard);
	array = json_put_array(put, object, "pods");
	for (size_t i = 0; i < s->model->n_pods; i++)
		one_pod(view, array, s->model->pods[i]);
}
