// SPDX-License-Identifier: LGPL-2.1-or-later
// See memory_bounds.h. A kubelet's memory manager binds containers, not pods, and a pod's sandbox to nothing.
#include "policy/memory_bounds.h"

#include "policy/decide_memory_reclaim.h"
#include "policy/ladder_memory.h"
#include "policy/room.h"

static bool is_online(const struct plan *plan, const struct pod *pod)
{
	const struct assignment *a = plan_assignment(plan, pod);

	return a->state == ASSIGNMENT_LEVEL && a->role == ROLE_ONLINE;
}

static bool is_known(const struct plan *plan, uint64_t nodes)
{
	for (size_t i = 0; i < plan->n_bounds; i++)
		if (plan->bounds[i].nodes == nodes)
			return true;
	return false;
}

/* To which memory nodes it is bound, of `all`; 0: to none, or nothing runs there. */
static uint64_t bound_to(const struct cgroup *cgroup, uint64_t all)
{
	uint64_t nodes = cgroup->mems & all;

	return cgroup->populated && nodes != all ? nodes : 0;
}

void memory_bounds_look(const struct model *model, struct plan *plan)
{
	uint64_t all = memory_nodes_mask(&model->node.memory_nodes);

	plan->n_bounds = 0;
	for (size_t i = 0; all != 0 && i < model->n_cgroups; i++) {
		const struct cgroup *cgroup = model->cgroups[i];
		uint64_t nodes = bound_to(cgroup, all);

		if (!cgroup->pod || nodes == 0 || !is_online(plan, cgroup->pod) ||
		    is_known(plan, nodes))
			continue;
		if (plan->n_bounds == PLAN_BOUNDS_MAX)
			return;
		plan->bounds[plan->n_bounds++] = (struct plan_bound){
			.nodes = nodes,
			.slot = cgroup->pod->slot,
			.serial = cgroup->pod->serial,
		};
	}
}

uint64_t memory_bounds_of(const struct model *model, const struct pod *pod)
{
	uint64_t all = memory_nodes_mask(&model->node.memory_nodes), bound = 0;

	for (size_t i = 0; all != 0 && i < model->n_cgroups; i++) {
		if (model->cgroups[i]->pod == pod)
			bound |= bound_to(model->cgroups[i], all);
	}
	return bound == all ? 0 : bound;
}

uint64_t memory_bounds_short(const struct decide_input *in, const struct plan *plan)
{
	struct room room;

	if (plan->n_bounds == 0)
		return 0;
	if (ladder_memory_is_tense(&in->ladders->of[RESOURCE_MEMORY], in->model, in->samples,
				   in->policy, plan, in->now_us))
		return room_look_bound(in->model, in->samples, plan, in->now_us, &room) ? room.nodes
											: 0;
	return decide_memory_reclaim_nodes(in, plan);
}
