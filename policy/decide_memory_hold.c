// SPDX-License-Identifier: LGPL-2.1-or-later
// The memory hold and the wish to reclaim: the ladder says how far to go, this file whom it meets and with what
// numbers. Must never touch a pod that is online, or of which not enough is known, nor a cgroup with one below.
//
// A pod that grows may use what it used when that began, and what it may grow by since (growth_line.c):
//
//   used 500 MiB a second ago, 540 now; the room is 300 MiB, so that all may take 10 MiB/s
//   memory.high = max(500 + 10, 540) = 540 MiB: it stands still until the second is over, then 550, 560 ...
//
// Reclaim has its own step.
#include "policy/decide_memory_hold.h"

#include "policy/decide_tree.h"
#include "policy/growth_line.h"
#include "policy/knob.h"
#include "policy/memory_growth.h"
#include "policy/room.h"

/* It was asked to go, and is held: let loose it would take the rest of the room in its grace, and somebody else would be killed
 * for that. No new hold is put on it, and it is calm that lets it loose. */
static bool goes_held(const struct decide_node *node, const struct assignment *a)
{
	const struct knob_state *high = &node->cgroup->knobs[KNOB_MEMORY_HIGH];
	const struct pod *pod = node->pod;

	return a->state == ASSIGNMENT_LEVEL && a->role == ROLE_OFFLINE && high->held &&
	       pod->facts_state == FACT_KNOWN && pod->facts && pod->facts->deleting;
}

static bool may_meet(const struct decide_node *node, const struct assignment *a)
{
	return (memory_growth_may_hold(a) || goes_held(node, a)) && node->online == 0 &&
	       node->waiting + node->unmatched == 0 && !node->blocked;
}

/* Whether the pod is held now, or is to be. */
static bool is_target(const struct decide_input *in, const struct plan *plan, uint64_t nodes,
		      size_t i, struct decide_node **ret_node, struct memory_growth *ret_growth)
{
	const struct pod *pod = in->model->pods[i];
	struct decide_node *node = decide_tree_pod(plan->tree, i);

	if (!node || !may_meet(node, plan_assignment(plan, pod)) ||
	    !decide_tree_has(node->cgroup, KNOB_MEMORY_HIGH) ||
	    !memory_growth_on(in->samples, pod, nodes, in->now_us, ret_growth))
		return false;
	*ret_node = node;
	/* One that stands at its bound says where it would grow only by what it has there. */
	return memory_growth_matters(ret_growth) ||
	       (growth_line_takes(plan, pod, in->now_us) &&
		ret_growth->there_bytes >= MEMORY_GROWTH_LEAST);
}

static int hold_pod(const struct decide_input *in, struct plan *plan, struct decide_node *node,
		    const struct memory_growth *growth, const struct room *room, size_t n)
{
	enum level level = plan_assignment(plan, node->pod)->level;
	const struct plan_entry *standing = plan_find(plan, node->cgroup, KNOB_MEMORY_HIGH);
	const struct knob_value *base = decide_tree_base(node->cgroup, KNOB_MEMORY_HIGH);
	uint64_t allowed = memory_growth_allowed(room, n, &in->policy->levels[level].memory);
	uint64_t want = growth_line_bound(in, plan, node->pod, growth, allowed);
	struct reason reason = in->ladders->of[RESOURCE_MEMORY].reason;

	/* A tighter one that the policy or somebody else has there is enough. */
	if ((standing && standing->want.value <= want) ||
	    (base->state == KNOB_KNOWN && base->value <= want))
		return 0;
	reason.code = REASON_MEMORY_GROWTH;
	reason.observed = growth->bytes_per_s;
	reason.limit = allowed;
	reason.extra = room->room_bytes > 0 ? (uint64_t)room->room_bytes : 0;
	reason.for_us = growth->span_us;
	reason.nodes = room->nodes;
	return decide_tree_add(plan, node, KNOB_MEMORY_HIGH, EFFECT_HOLD, knob_value_of(want),
			       &reason);
}

static int hold_all(const struct decide_input *in, struct plan *plan, const struct room *room)
{
	struct memory_growth growth;
	struct decide_node *node;
	size_t n = 0;

	for (size_t i = 0; i < in->model->n_pods; i++)
		n += is_target(in, plan, room->nodes, i, &node, &growth);
	for (size_t i = 0; i < in->model->n_pods; i++) {
		int r;

		if (!is_target(in, plan, room->nodes, i, &node, &growth))
			continue;
		r = hold_pod(in, plan, node, &growth, room, n);
		if (r < 0)
			return r;
	}
	return 0;
}

int decide_memory_hold(const struct decide_input *in, struct plan *plan)
{
	struct room room;

	/* A policy may reclaim or freeze without it. */
	if (!(policy_memory_steps(in->policy) & (1u << ACTION_SQUEEZE_MEMORY)) ||
	    in->ladders->of[RESOURCE_MEMORY].rung < RUNG_SQUEEZE ||
	    !room_look(in->model, in->samples, plan, in->now_us, &room) ||
	    !memory_growth_may_help(&room))
		return 0;
	return hold_all(in, plan, &room);
}
