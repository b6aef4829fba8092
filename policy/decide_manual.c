// SPDX-License-Identifier: LGPL-2.1-or-later
// A pod that somebody ordered to be squeezed gets, while that is in force, what the ladders would give it at the
// worst: the CPU floor and the growth limit of its level. Must never touch a pod that is online, or of which not
// enough is known, nor a cgroup with one below; a tighter bound that is there stays.
//
// Example, 2 CPUs, Linux 6.12, growth 256MiB/s: cpu.max 10000 20000 (the floor there is a quarter of the CPUs, at most
// one), memory.high what it uses, rising by at most 256 MiB a second.
#include "policy/cpu_floor.h"
#include "policy/cpu_place.h"
#include "policy/decide.h"
#include "policy/decide_cpu.h"
#include "policy/decide_tree.h"
#include "policy/growth_line.h"
#include "policy/knob.h"
#include "policy/manual.h"
#include "policy/memory_growth.h"
#include "policy/room.h"

#define MILLI_PER_CPU 1000u

/* The node of a pod that is to be squeezed and may be, or NULL. */
static struct decide_node *target(const struct decide_input *in, const struct plan *plan, size_t i,
				  enum knob knob, const struct manual_order **ret_order)
{
	struct decide_node *node;

	*ret_order = manual_find(in->model->manual, in->model->pods[i], MANUAL_SQUEEZE);
	if (!*ret_order)
		return NULL;
	node = decide_tree_pod(plan->tree, i);
	if (!node || node->blocked || node->online > 0 || node->waiting + node->unmatched > 0 ||
	    node->holdable != node->offline || !decide_tree_has(node->cgroup, knob))
		return NULL;
	return node;
}

static uint64_t floor_us(const struct decide_input *in, const struct pod *pod,
			 const struct level_cpu *cpu)
{
	struct cpu_places places = cpu_place_look(in->model, NULL);
	uint64_t milli = in->model->node.n_cpus * (uint64_t)MILLI_PER_CPU;

	if (places.bounded) {
		struct cpu_set place = cpu_place_pod(&places, pod);

		milli = cpu_set_count(&place) * (uint64_t)MILLI_PER_CPU;
	}
	milli = cpu_floor_milli(&in->model->node, milli, cpu->squeeze_floor_permille);
	return milli * DECIDE_CPU_PERIOD_US / MILLI_PER_CPU;
}

int decide_manual_cpu(const struct decide_input *in, struct plan *plan)
{
	for (size_t i = 0; in->model->manual && i < in->model->n_pods; i++) {
		const struct pod *pod = in->model->pods[i];
		const struct manual_order *order;
		struct decide_node *node = target(in, plan, i, KNOB_CPU_MAX, &order);
		const struct level_cpu *cpu;
		int r;

		if (!node || !model_can(in->model, CAPABILITY_CPU_MAX))
			continue;
		cpu = &in->policy->levels[plan_assignment(plan, pod)->level].cpu;
		if (!cpu->squeeze)
			continue;
		r = decide_cpu_hold_at(plan, node, floor_us(in, pod, cpu), manual_reason(order));
		if (r < 0)
			return r;
	}
	return 0;
}

static int hold_memory(const struct decide_input *in, struct plan *plan, struct decide_node *node,
		       const struct manual_order *order)
{
	const struct plan_entry *standing = plan_find(plan, node->cgroup, KNOB_MEMORY_HIGH);
	const struct knob_value *base = decide_tree_base(node->cgroup, KNOB_MEMORY_HIGH);
	const struct level_memory *memory =
		&in->policy->levels[plan_assignment(plan, node->pod)->level].memory;
	struct reason reason = manual_reason(order);
	struct memory_growth growth;
	uint64_t want;

	if (memory->growth_bytes_per_s == 0 ||
	    !memory_growth_of(in->samples, node->pod, in->now_us, &growth))
		return 0;
	/* The ladder's own hold has moved the line on already. */
	if (standing && standing->effect == EFFECT_HOLD)
		return 0;
	want = growth_line_bound(in, plan, node->pod, &growth, memory->growth_bytes_per_s);
	if ((standing && standing->want.value <= want) ||
	    (base->state == KNOB_KNOWN && base->value <= want))
		return 0;
	return decide_tree_add(plan, node, KNOB_MEMORY_HIGH, EFFECT_HOLD, knob_value_of(want),
			       &reason);
}

int decide_manual_memory(const struct decide_input *in, struct plan *plan)
{
	for (size_t i = 0; in->model->manual && i < in->model->n_pods; i++) {
		const struct manual_order *order;
		struct decide_node *node = target(in, plan, i, KNOB_MEMORY_HIGH, &order);
		int r = node && model_can(in->model, CAPABILITY_MEMORY)
				? hold_memory(in, plan, node, order)
				: 0;

		if (r < 0)
			return r;
	}
	return 0;
}
