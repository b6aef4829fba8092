// SPDX-License-Identifier: LGPL-2.1-or-later
// See replay_side.h.
#include "agent/replay_side.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/life.h"
#include "policy/decide.h"
#include "policy/diff.h"
#include "policy/floor.h"
#include "policy/ladder.h"
#include "policy/score.h"
#include "policy/sli.h"

void replay_side_init(struct replay_side *side, const struct policy *policy)
{
	*side = (struct replay_side){.policy = policy};
}

void replay_side_done(struct replay_side *side)
{
	plan_free(&side->plan);
	scores_free(&side->scores);
	sli_free(&side->slis);
	changes_free(&side->changes);
}

/* The levels as the record has them: with pseudonyms no rule could find them again. */
static int take_assignments(struct plan *plan, const struct record_replayed *given)
{
	size_t n = given->n_assignments;

	if (n > plan->cap_assignments) {
		struct assignment *grown = reallocarray(plan->assignments, n, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		plan->assignments = grown;
		plan->cap_assignments = n;
	}
	if (n > 0)
		memcpy(plan->assignments, given->assignments, n * sizeof(*plan->assignments));
	plan->n_assignments = n;
	return 0;
}

static int decide_pass(struct replay_side *side, const struct record_replayed *given,
		       const struct policy *policy)
{
	int r;

	if (!given->assignments)
		return decide(given->model, given->samples, policy, given->now_us, &side->ladders,
			      &side->plan);
	r = take_assignments(&side->plan, given);
	if (r < 0)
		return r;
	return decide_assigned(given->model, given->samples, policy, given->now_us, &side->ladders,
			       &side->plan);
}

/* Whom the agent would have killed by what it measured; NULL: nobody, or it did not look. */
static const struct record_kill *kill_pass(struct replay_side *side,
					   const struct record_replayed *given,
					   const struct policy *policy)
{
	const struct victim_input in = {
		.model = given->model,
		.samples = given->samples,
		.policy = policy,
		.plan = &side->plan,
		.way = EVICT_KILL,
		.now_us = given->now_us,
	};

	if (!given->kill)
		return NULL;
	side->kill = (struct record_kill){
		.before = *given->kill,
		.memory = given->kill_memory,
		.n_memory = given->n_kill_memory,
	};
	return record_kill_decide(&side->kill, &in) ? &side->kill : NULL;
}

/* Whom it would have asked to go. */
static const struct record_evict *evict_pass_again(struct replay_side *side,
						   const struct record_replayed *given,
						   const struct policy *policy)
{
	const struct evict_input in = {
		.ladder =
			&side->ladders.of[given->evict ? given->evict->resource : RESOURCE_MEMORY],
		.model = given->model,
		.samples = given->samples,
		.policy = policy,
		.plan = &side->plan,
		.now_us = given->now_us,
		.holds = &side->ladders.io,
	};

	if (!given->evict)
		return NULL;
	side->evict = (struct record_evict){
		.before = given->evict->before,
		.resource = given->evict->resource,
		.kubernetes = given->evict->kubernetes,
		.memory = given->evict->memory,
		.n_memory = given->evict->n_memory,
	};
	return record_evict_decide(&side->evict, &in) ? &side->evict : NULL;
}

/* What would have become of what somebody ordered. */
static const struct evict_order *order_again(struct replay_side *side,
					     const struct record_replayed *given,
					     const struct policy *policy)
{
	const struct evict_order_input in = {
		.model = given->model,
		.policy = policy,
		.plan = &side->plan,
		.modes = given->modes,
	};

	if (!given->order)
		return NULL;
	side->order = *given->order;
	side->order.no = evict_order_judge(&in, &side->order);
	return &side->order;
}

/* What of the service level indicators began and ended. */
static int sli_pass_again(struct replay_side *side, const struct record_replayed *given,
			  const struct policy *policy)
{
	const struct sli_look look = {
		.model = given->model,
		.samples = given->samples,
		.plan = &side->plan,
		.scores = &side->scores,
		.policy = policy,
		.now_us = given->now_us,
	};

	return sli_step(&side->slis, &look);
}

/* What would have been wanted of the network; a round that is due is handed in. */
static const struct record_net *net_pass_again(struct replay_side *side,
					       const struct record_replayed *given,
					       const struct policy *policy)
{
	const struct record_net_given *net = given->net;
	enum net_pace_due due;

	if (!net)
		return NULL;
	if (net->state_given)
		side->net = net->state;
	side->net_before = side->net;
	side->net_look = (struct record_net){
		.view = &net->view,
		.asked = net->asked,
		.counted = net->counted ? net->before : NULL,
		.counts = net->counted ? net->now : NULL,
		.sent = net->sent,
		.n_sent = net->view.n_pods,
		.before = &side->net_before,
		.plan = &side->net.plan,
		.done = &side->net_done,
	};
	net_pass(&(const struct net_pass_in){.policy = policy,
					     .model = given->model,
					     .plan = &side->plan,
					     .view = &net->view,
					     .before = side->net_look.counted,
					     .now = side->net_look.counts,
					     .mode = given->modes->by[RESOURCE_NET],
					     .asked = net->asked,
					     .now_us = given->now_us},
		 &side->net, &side->net_done);
	due = net_pace_due(side->net_done.why);
	if (due != NET_PACE_NOT)
		net_pace_handed(&side->net.pace, &side->net_done.wanted, due == NET_PACE_BRIEF,
				given->now_us);
	return &side->net_look;
}

int replay_side_pass(struct replay_side *side, const struct record_replayed *given,
		     struct record_pass *ret_pass)
{
	const struct policy *policy = side->policy ? side->policy : given->policy;
	const struct score_look scored = {
		.model = given->model,
		.samples = given->samples,
		.plan = &side->plan,
	};
	int64_t gap_us = given->now_us - side->last_us;
	int r;

	if (side->last_us > 0 && gap_us > LIFE_BOUND_US) {
		ladder_reset_all(&side->ladders, given->now_us, (uint64_t)gap_us);
		floor_reset(&side->floor);
	}
	for (int i = 0; i < RESOURCE_COUNT; i++)
		if (given->ladders[i])
			side->ladders.of[i] = *given->ladders[i];
	if (given->holds)
		side->ladders.io = *given->holds;
	if (given->floor)
		side->floor = *given->floor;
	side->last_us = given->now_us;
	r = decide_pass(side, given, policy);
	if (r == 0)
		floor_step(&side->floor, given->model, given->samples, &side->plan, given->now_us);
	if (r == 0)
		r = score(&scored, &side->scores);
	if (r == 0)
		r = sli_pass_again(side, given, policy);
	if (r == 0)
		r = diff(given->model, &side->plan, given->modes, false, &side->changes);
	if (r < 0)
		return r;
	*ret_pass = (struct record_pass){
		.now_us = given->now_us,
		.modes = given->modes,
		.model = given->model,
		.samples = given->samples,
		.policy = policy,
		.ladders_after = &side->ladders,
		.floor_after = &side->floor,
		.plan = &side->plan,
		.scores = &side->scores,
		.changes = &side->changes,
		.kill = kill_pass(side, given, policy),
		.evict = evict_pass_again(side, given, policy),
		.order = order_again(side, given, policy),
		.net = net_pass_again(side, given, policy),
		.slis = &side->slis,
		.unnamed = given->assignments != NULL,
	};
	return 0;
}
