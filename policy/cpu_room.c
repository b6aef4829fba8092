// SPDX-License-Identifier: LGPL-2.1-or-later
// See cpu_room.h.
#include "policy/cpu_room.h"

#include "policy/decide.h"

bool cpu_room_may_hold(const struct policy *policy, const struct assignment *a)
{
	return a->state == ASSIGNMENT_LEVEL && a->role == ROLE_OFFLINE && a->may_hold &&
	       policy->levels[a->level].cpu.squeeze;
}

bool cpu_room_is_nested(const struct pod *pod)
{
	for (const struct cgroup *up = pod->cgroup->parent; up; up = up->parent)
		if (up->pod && up->pod->cgroup == up)
			return true;
	return false;
}

struct cpu_set cpu_room_look(const struct cpu_places *places, const struct model *model,
			     const struct policy *policy, const struct plan *plan)
{
	struct cpu_set room = {0};

	for (size_t i = 0; i < model->n_pods; i++) {
		struct cpu_set place;

		if (!cpu_room_may_hold(policy, plan_assignment(plan, model->pods[i])))
			continue;
		place = cpu_place_pod(places, model->pods[i]);
		cpu_set_union(&room, &place);
	}
	return room;
}

uint64_t cpu_room_part(const struct cpu_places *places, const struct cpu_set *room, uint64_t milli,
		       const struct pod *pod)
{
	struct cpu_set place;

	if (!places->bounded)
		return milli;
	place = pod ? cpu_place_pod(places, pod) : cpu_place_cgroup(places, places->model->root);
	return cpu_place_part(milli, &place, room);
}
