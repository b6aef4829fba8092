// SPDX-License-Identifier: LGPL-2.1-or-later
// See net.h.
#include "agent/net.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/apply/net_file.h"
#include "agent/apply/net_tc.h"
#include "agent/base/cleanup.h"
#include "agent/base/log.h"
#include "agent/net_say.h"
#include "agent/net_worker.h"
#include "policy/decide.h"
#include "policy/net_flow.h"
#include "policy/net_pass.h"

#define STOP_WAIT_MS 3000
/* After the kernel refused something: it will again, unless somebody loads a module or a drop-in. */
#define REFUSED_US 60000000

/* What the kernel did not do at a link, as long as it is not tried again. */
struct refused {
	int32_t ifindex;
	enum net_refusal refusal;
	int64_t until_us;
};

struct net {
	struct net_worker *worker; /* NULL until there is something to do for it */
	struct net_state state;
	struct net_view view;
	struct net_counts counts[NET_LINKS];  /* of view.links.list */
	struct net_counts counted[NET_LINKS]; /* the same; in the round before */
	bool has_counted; /* a round has ended, and nothing was decided by it yet */
	bool was_whole;	  /* that one was */
	struct net_counts
		whole[NET_LINKS]; /* in the last whole round by which something was measured */
	struct net_flow flow;
	struct refused refused[NET_LINKS];
	struct net_sent *sent; /* by slot */
	size_t room;	       /* of view.pods and sent */
	/* The round that was handed in last. */
	struct net_round_pod *pods;
	size_t n_pods, pods_room;
	bool takes_back;	   /* nothing of ours is to be there */
	bool file;		   /* NET_FILE is there */
	bool decided;		   /* in this pass */
	struct net_pass_done done; /* the same */
	struct net_view decided_by;
	struct net_state before; /* the decision */
	struct record_net record;
	bool has_record;
	struct net_say say;
	struct net_shown shown;
};

int net_new(struct state *s)
{
	struct net *n;

	if (strcmp(s->options->root, "/") != 0 || s->state_fd < 0)
		return 0;
	n = calloc(1, sizeof(*n));
	if (!n)
		return -ENOMEM;
	n->file = net_file_may_be(s->state_fd);
	s->net = n;
	return 0;
}

void net_stop(struct state *s)
{
	struct net *n = TAKE_PTR(s->net);

	if (!n)
		return;
	s->net_hangs = n->worker && !net_worker_wait(n->worker, STOP_WAIT_MS);
	if (s->net_hangs) {
		log_warning("net.stop", "the kernel does not answer about the network: what colod "
					"has there is taken back by whoever comes next");
		return;
	}
	net_worker_free(n->worker);
	free(n->view.pods);
	free(n->sent);
	free(n->pods);
	free(n);
}

/* --- what was found ------------------------------------------------------------------------------ */

static bool grow_pods(struct net *n, size_t room)
{
	struct net_pod *pods;
	struct net_sent *sent;

	if (room <= n->room)
		return true;
	pods = reallocarray(n->view.pods, room, sizeof(*pods));
	if (pods)
		n->view.pods = pods;
	sent = reallocarray(n->sent, room, sizeof(*sent));
	if (sent)
		n->sent = sent;
	if (!pods || !sent)
		return false;
	memset(pods + n->room, 0, (room - n->room) * sizeof(*pods));
	memset(sent + n->room, 0, (room - n->room) * sizeof(*sent));
	n->room = n->view.n_pods = room;
	return true;
}

/* In a round they are in the order of the model as it was then. */
static const struct pod *pod_of(const struct model *model, uint64_t serial, size_t hint)
{
	if (hint < model->n_pods && model->pods[hint]->serial == serial)
		return model->pods[hint];
	for (size_t i = 0; i < model->n_pods; i++)
		if (model->pods[i]->serial == serial)
			return model->pods[i];
	return NULL;
}

static void take_pods(struct net *n, const struct model *model, const struct net_round_found *found)
{
	for (size_t i = 0; i < found->n_pods; i++) {
		const struct net_round_told *told = &found->pods[i];
		const struct pod *pod = pod_of(model, told->pod.serial, i);
		uint32_t slot = pod ? pod->slot : 0;
		struct net_sent sent;

		if (!pod)
			continue;
		if (!grow_pods(n, (size_t)slot + 1))
			return;
		n->view.pods[slot] = told->pod;
		sent = (struct net_sent){.serial = told->pod.serial,
					 .marked = told->marked,
					 .counted = !told->pod.host,
					 .bytes = told->counts.bytes,
					 .packets = told->counts.packets,
					 .at_us = found->pods_us};
		net_flow_rate(&n->sent[slot], &sent);
		n->sent[slot] = sent;
	}
}

/* What was counted of each link of `links` in `list`, which may be of other links. */
static void counts_of(const struct net_counts list[NET_LINKS], const struct net_links *links,
		      struct net_counts to[NET_LINKS])
{
	memset(to, 0, NET_LINKS * sizeof(to[0]));
	for (uint32_t i = 0; i < links->n; i++)
		for (uint32_t l = 0; l < NET_LINKS; l++)
			if (list[l].at_us > 0 && list[l].ifindex == links->list[i].ifindex)
				to[i] = list[l];
}

static void take_counts(struct net *n, const struct net_round_found *found)
{
	counts_of(n->counts, &found->links, n->counted);
	memset(n->counts, 0, sizeof(n->counts));
	for (uint32_t i = 0; i < found->links.n; i++)
		n->counts[i] = found->of_link[i].counts;
	n->has_counted = true;
	n->was_whole = !found->brief;
}

static enum net_refusal refusal_of(enum net_tc_end_of end)
{
	switch (end) {
	case NET_TC_NO_MODULE:
		return NET_NO_MODULE;
	case NET_TC_DENIED:
		return NET_DENIED;
	case NET_TC_FOREIGN:
		return NET_FOREIGN_ROOT;
	default:
		return NET_FINE;
	}
}

static void note_refused(struct net *n, int32_t ifindex, enum net_refusal refusal)
{
	struct refused *to = &n->refused[0];

	for (size_t i = 0; i < NET_LINKS; i++) {
		if (n->refused[i].ifindex == ifindex) {
			to = &n->refused[i];
			break;
		}
		if (n->refused[i].until_us < to->until_us)
			to = &n->refused[i];
	}
	*to = (struct refused){ifindex, refusal, n->state.pace.handed_us + REFUSED_US};
}

static void note_refusals(struct net *n, const struct net_round_found *found)
{
	for (uint32_t i = 0; i < found->links.n; i++) {
		enum net_refusal refusal = refusal_of(found->of_link[i].result.end);

		if (refusal != NET_FINE)
			note_refused(n, found->links.list[i].ifindex, refusal);
	}
}

/* All that was there is back. */
static void forget_file(struct state *s)
{
	struct net *n = s->net;

	if (net_file_remove(s->state_fd) < 0)
		return;
	n->file = false;
	net_say_back(&n->say);
}

void net_collect(struct state *s)
{
	struct net *n = s->net;
	const struct net_round_found *found = n && n->worker ? net_worker_take(n->worker) : NULL;

	if (!found)
		return;
	net_say_found(&n->say, found);
	n->view.known = found->error == 0;
	net_pace_found(&n->state.pace, found->brief, found->error < 0 || found->again,
		       found->n_steps);
	if (found->error < 0)
		return;
	take_counts(n, found);
	note_refusals(n, found);
	if (found->brief)
		return;
	n->view.mark_users = found->mark_users;
	memcpy(n->view.wireguard, found->wireguard, NET_NAME_SIZE);
	n->view.links = found->links;
	take_pods(n, discover_model(s->discover), found);
	if (n->takes_back && !n->state.pace.again && found->n_left == 0)
		forget_file(s);
}

/* --- what is wanted ------------------------------------------------------------------------------ */

/* What was refused a moment ago is not asked for again at once. */
static struct net_view view_of(const struct net *n, int64_t now_us)
{
	struct net_view view = n->view;

	for (uint32_t i = 0; i < view.links.n; i++) {
		struct net_link *link = &view.links.list[i];

		if (link->refusal != NET_FINE && link->refusal != NET_NO_SPEED)
			continue;
		for (size_t r = 0; r < NET_LINKS; r++)
			if (n->refused[r].ifindex == link->ifindex &&
			    now_us < n->refused[r].until_us)
				link->refusal = n->refused[r].refusal;
	}
	return view;
}

/* Else there is neither a link to be looked at, nor anything to be taken back. */
static bool is_asked(const struct state *s)
{
	return s->net->file || (s->policy->net.on && s->status.modes.by[RESOURCE_NET] != MODE_OFF);
}

/* Of a node whose policy never asked for it there is nothing to tell. */
static void note_record(struct net *n, const struct net_pass_in *in)
{
	n->record = (struct record_net){
		.view = in->view,
		.asked = in->asked,
		.counted = in->before,
		.counts = in->now,
		.sent = n->sent,
		.n_sent = n->view.n_pods,
		.before = &n->before,
		.plan = &n->state.plan,
		.done = &n->done,
	};
	n->has_record = in->policy->net.on || n->before.plan.on || n->before.plan.n > 0;
}

/* By the plan as it was while that was sent. */
static void measure(struct net *n)
{
	const struct net_links *links = &n->decided_by.links;
	struct net_counts before[NET_LINKS];

	if (!n->has_counted)
		return;
	net_flow_measure(links, &n->before.plan, n->counted, n->counts, &n->flow);
	if (!n->was_whole)
		return;
	counts_of(n->whole, links, before);
	net_flow_drops(links, &n->before.plan, before, n->counts, &n->flow);
	memcpy(n->whole, n->counts, sizeof(n->counts));
}

void net_decide(struct state *s, int64_t now_us)
{
	struct net *n = s->net;
	struct net_pass_in in;

	if (!n || !s->policy)
		return;
	n->decided = true;
	n->done = (struct net_pass_done){.why = NET_PACE_NOTHING};
	/* An empty plan stays so. */
	if (!is_asked(s) && !n->state.plan.on && n->state.plan.n == 0)
		return;
	n->decided_by = view_of(n, now_us);
	n->before = n->state;
	measure(n);
	in = (struct net_pass_in){
		.policy = s->policy,
		.model = discover_model(s->discover),
		.plan = &s->plan,
		.view = &n->decided_by,
		.before = n->has_counted ? n->counted : NULL,
		.now = n->has_counted ? n->counts : NULL,
		.mode = s->status.modes.by[RESOURCE_NET],
		.asked = is_asked(s),
		.now_us = now_us,
	};
	net_pass(&in, &n->state, &n->done);
	n->has_counted = false;
	note_record(n, &in);
	net_say_plan(s, &n->before.plan, &n->state.plan);
}

const struct record_net *net_record(const struct state *s)
{
	return s->net && s->net->has_record ? &s->net->record : NULL;
}

/* --- a round ------------------------------------------------------------------------------------- */

static bool list_pods(struct state *s)
{
	const struct model *model = discover_model(s->discover);
	struct net *n = s->net;

	if (model->n_pods > n->pods_room) {
		struct net_round_pod *pods = reallocarray(n->pods, model->n_pods, sizeof(*pods));

		if (!pods)
			return false;
		n->pods = pods;
		n->pods_room = model->n_pods;
	}
	n->n_pods = model->n_pods;
	for (size_t i = 0; i < model->n_pods; i++) {
		const struct pod *pod = model->pods[i];
		const struct assignment *a = plan_assignment(&s->plan, pod);
		enum net_pod_want want = net_plan_pod(s->policy, pod, a);

		n->pods[i] = (struct net_round_pod){
			.serial = pod->serial,
			.cgroup_path = pod->cgroup->path,
			.stays = want == NET_POD_STAYS,
			.marked = want == NET_POD_MARKED,
			.level = want == NET_POD_MARKED ? a->level : LEVEL_P0,
			.offline = want == NET_POD_MARKED && a->role == ROLE_OFFLINE,
		};
	}
	return true;
}

static bool has_worker(struct state *s)
{
	struct net *n = s->net;
	int r = n->worker ? 0
			  : net_worker_new(s->root_fd, discover_cgroup_fd(s->discover), -EBADF,
					   &n->worker);

	net_say_worker(&n->say, r);
	return r == 0;
}

static bool keep_file(struct state *s)
{
	struct net *n = s->net;
	int r;

	if (n->file)
		return true;
	r = net_file_put(s->state_fd);
	n->file = r == 0;
	net_say_file(&n->say, r);
	return n->file;
}

static struct net_links_asked asked_of(const struct net_policy *policy)
{
	struct net_links_asked asked = {.n = policy->n_uplinks,
					.replace_mq = policy->replace_mq,
					.tunnels = policy->police_ingress};

	memcpy(asked.names, policy->uplinks, sizeof(asked.names));
	return asked;
}

static void hand_in(struct state *s, int64_t now_us)
{
	struct net *n = s->net;
	bool brief = net_pace_due(n->done.why) == NET_PACE_BRIEF;
	const struct net_round_wanted wanted = {
		.asked = asked_of(&s->policy->net),
		.brief = brief,
		.buckets = n->file || s->policy->net.police_ingress,
		.apply = n->state.plan.on ? n->state.plan.known && keep_file(s) : n->file,
		.plan = n->state.plan,
		.pods = n->pods,
		.n_pods = n->n_pods,
	};

	if (net_worker_start(n->worker, &wanted) < 0)
		return;
	n->takes_back = wanted.apply && !wanted.plan.on;
	net_pace_handed(&n->state.pace, &n->done.wanted, brief, now_us);
}

void net_run(struct state *s, int64_t now_us)
{
	struct net *n = s->net;

	if (!n)
		return;
	n->has_record = false;
	if (!s->policy || !n->decided)
		return;
	n->decided = false;
	if (!is_asked(s))
		n->view.known = false;
	else if (n->done.why != NET_PACE_NOTHING && has_worker(s) && list_pods(s))
		hand_in(s, now_us);
}

const struct net_shown *net_shown(const struct state *s)
{
	struct net *n = s->net;

	if (!n)
		return NULL;
	n->shown = (struct net_shown){
		.view = &n->view,
		.plan = &n->state.plan,
		.counts = n->counts,
		.sent = n->sent,
		.n_sent = n->view.n_pods,
		.flow = &n->flow,
		.trouble = n->say.trouble,
	};
	return &n->shown;
}
