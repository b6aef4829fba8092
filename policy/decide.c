// SPDX-License-Identifier: LGPL-2.1-or-later
// The order of deciding: levels, what the tree holds, the ladder, then one decider per resource.
// A new resource is one more row below. Must not know any knob itself.
#include "policy/decide.h"

#include <errno.h>
#include <stdlib.h>

#include "policy/decide_tree.h"
#include "policy/freeze.h"
#include "policy/growth_line.h"
#include "policy/ladder_cpu.h"
#include "policy/ladder_io.h"
#include "policy/ladder_memory.h"
#include "policy/manual.h"
#include "policy/memory_bounds.h"

static const struct {
	enum resource resource;
	int (*decide)(const struct decide_input *in, struct plan *plan);
} deciders[] = {
	{RESOURCE_CPU, decide_cores}, /* before decide_cpu: who meets whom */
	{RESOURCE_CPU, decide_batch_cpu},
	{RESOURCE_CPU, decide_cpu},
	{RESOURCE_CPU, decide_manual_cpu},
	{RESOURCE_CPU, decide_cpu_burst},
	{RESOURCE_CPU, decide_cpu_returned},
	{RESOURCE_MEMORY, decide_memory},
	{RESOURCE_MEMORY, decide_manual_memory},
	{RESOURCE_MEMORY, decide_batch_memory},
	{RESOURCE_IO, decide_io},
	{RESOURCE_IO, decide_io_returned},
	{RESOURCE_IO, decide_io_hold},
};

static int assign(const struct model *model, const struct policy *policy, struct plan *plan)
{
	struct assignment *assignments;

	/* Slots are reused, so their number only grows with the most pods ever seen at once. */
	if (model->n_slots > plan->cap_assignments) {
		size_t cap = (size_t)model->n_slots * 2;

		assignments = reallocarray(plan->assignments, cap, sizeof(*assignments));
		if (!assignments)
			return -ENOMEM;
		plan->assignments = assignments;
		plan->cap_assignments = cap;
	}
	plan->n_assignments = model->n_slots;
	for (size_t i = 0; i < plan->n_assignments; i++)
		plan->assignments[i] = (struct assignment){
			.state = ASSIGNMENT_NONE,
			.level = LEVEL_NONE,
			.role = ROLE_INVALID,
			.rule = -1,
		};
	for (size_t i = 0; i < model->n_pods; i++)
		manual_assign(model->manual, policy, model->pods[i],
			      &plan->assignments[model->pods[i]->slot]);
	return 0;
}

static int decide_all(const struct decide_input *in, struct ladders *ladders, struct plan *plan)
{
	int r = decide_tree_build(in->model, in->policy, plan);

	memory_bounds_look(in->model, plan);
	if (r == 0)
		r = freeze_look(in, plan);
	if (r == 0)
		r = growth_line_look(in, plan);
	if (r < 0)
		return r;
	ladder_cpu_step(&ladders->of[RESOURCE_CPU], in->model, in->samples, in->policy, plan,
			in->now_us);
	plan->room_nodes = ladder_memory_step(&ladders->of[RESOURCE_MEMORY], in->model, in->samples,
					      in->policy, plan, in->now_us);
	plan->room_up = ladders->of[RESOURCE_MEMORY].rung != RUNG_CALM;
	ladder_io_step(ladders, in->model, in->samples, in->policy, plan, in->now_us);
	for (size_t i = 0; i < sizeof(deciders) / sizeof(deciders[0]); i++) {
		r = deciders[i].decide(in, plan);
		if (r < 0)
			return r;
	}
	return 0;
}

int decide_assigned(const struct model *model, const struct samples *samples,
		    const struct policy *policy, int64_t now_us, struct ladders *ladders,
		    struct plan *plan)
{
	size_t n_assignments = plan->n_assignments;
	struct decide_input in = {
		.model = model,
		.samples = samples,
		.policy = policy,
		.ladders = ladders,
		.now_us = now_us,
	};
	int r;

	plan_clear(plan);
	plan->n_assignments = n_assignments;
	r = decide_all(&in, ladders, plan);
	if (r < 0)
		plan_clear(plan);
	return r;
}

int decide(const struct model *model, const struct samples *samples, const struct policy *policy,
	   int64_t now_us, struct ladders *ladders, struct plan *plan)
{
	int r = assign(model, policy, plan);

	if (r < 0) {
		plan_clear(plan);
		return r;
	}
	return decide_assigned(model, samples, policy, now_us, ladders, plan);
}
