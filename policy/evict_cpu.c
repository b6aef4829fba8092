// SPDX-License-Identifier: LGPL-2.1-or-later
// See evict_cpu.h.
//
// Example, 4 CPUs, an old kernel (floor 1 CPU): "web" waits 30 % of 2 s and uses 2.9 CPUs, "hog" 0.9 under its quota,
// "idle" 0.01. 3.9 of 4 are used: web lacks what hog has, and hog is asked to go; idle has nothing to give. Were
// 2.5 used, web would wait for something else (for CPUs that it is bound to, or for its own threads to take turns on few),
// and nobody's going would help it. On a kernel without that floor hog keeps 0.08: that is not worth an eviction.
#include "policy/evict_cpu.h"

#include "policy/cpu_room.h"
#include "policy/cpu_use.h"
#include "policy/decide.h"

#define CPU_MILLI 1000u
#define PERMILLE 1000u

static int use_of(const struct wait_look *look, const struct pod *pod, uint64_t *ret_milli)
{
	return cpu_use_pod_milli(look->samples, pod, look->rule->window_us, look->now_us,
				 ret_milli);
}

static bool may_hold(const struct wait_look *look, const struct pod *pod)
{
	return cpu_room_may_hold(look->policy, plan_assignment(look->plan, pod));
}

bool evict_cpu_offline(const struct wait_look *look, uint64_t *ret_milli)
{
	uint64_t sum = 0, milli;

	for (size_t i = 0; i < look->model->n_pods; i++) {
		const struct pod *pod = look->model->pods[i];

		if (!may_hold(look, pod) || cpu_room_is_nested(pod))
			continue;
		if (use_of(look, pod, &milli) < 0)
			return false;
		sum += milli;
	}
	*ret_milli = sum;
	return true;
}

static void see_use(struct evict_cpu *c)
{
	const struct wait_look *look = &c->look;
	uint64_t pods = 0, busy, milli;

	for (size_t i = 0; i < look->model->n_pods; i++) {
		const struct pod *pod = look->model->pods[i];
		uint64_t part;

		if (use_of(look, pod, &milli) < 0)
			continue;
		part = cpu_room_part(&c->places, &c->room, milli, pod);
		if (may_hold(look, pod) && part > c->most_milli)
			c->most_milli = part;
		if (cpu_room_is_nested(pod))
			continue;
		pods += milli;
		c->busy_milli += part;
	}
	if (cpu_use_node_milli(look->samples, look->rule->window_us, look->now_us, &busy) < 0)
		return;
	c->measured = true;
	if (busy > pods)
		c->busy_milli += cpu_room_part(&c->places, &c->room, busy - pods, NULL);
}

void evict_cpu_look(const struct wait_look *look, const struct efficacy *efficacy,
		    struct evict_cpu *ret_cpu)
{
	struct evict_cpu *c = ret_cpu;
	uint64_t permille, span_us;

	*c = (struct evict_cpu){.look = *look};
	c->places = cpu_place_look(look->model, NULL);
	if (c->places.bounded)
		c->offline = cpu_room_look(&c->places, look->model, look->policy, look->plan);
	c->look.places = &c->places;
	c->look.room = &c->offline;
	c->waiter = efficacy_waiter(efficacy, &c->look, &permille, &span_us);
	if (!c->waiter)
		return;
	c->capacity_milli = look->model->node.n_cpus * CPU_MILLI;
	if (c->places.bounded) {
		c->room = cpu_place_pod(&c->places, c->waiter);
		c->capacity_milli = cpu_set_count(&c->room) * CPU_MILLI;
	}
	c->least_milli = c->capacity_milli * EVICT_CPU_LEAST_PERMILLE / PERMILLE;
	if (c->least_milli < EVICT_CPU_LEAST_MILLI)
		c->least_milli = EVICT_CPU_LEAST_MILLI;
	see_use(c);
	c->offline_measured = evict_cpu_offline(look, &c->offline_milli);
	c->measured &= c->offline_measured;
}

bool evict_cpu_is_needed(const struct evict_cpu *c)
{
	return c->waiter && c->measured &&
	       c->busy_milli >= c->capacity_milli * EVICT_CPU_FULL_PERMILLE / PERMILLE &&
	       c->most_milli >= c->least_milli;
}

static uint64_t over_request(const struct pod *pod, uint64_t milli)
{
	const struct fact_u64 *request = &pod->resources.cpu_request_milli;
	uint64_t asked = fact_has_value(request) ? request->value : 0;

	if (request->state == FACT_UNKNOWN)
		return 0;
	return milli > asked ? milli - asked : 0;
}

enum victim_out evict_cpu_rate(const void *context, const struct pod *pod, struct victim *v)
{
	const struct evict_cpu *c = context;
	uint64_t milli;

	if (!may_hold(&c->look, pod))
		return VICTIM_NO_HOLD;
	if (use_of(&c->look, pod, &milli) < 0)
		return VICTIM_NOT_MEASURED;
	v->rate_of = RESOURCE_CPU;
	v->rate = cpu_room_part(&c->places, &c->room, milli, pod);
	v->over_request_rate = over_request(pod, v->rate);
	return v->rate < c->least_milli ? VICTIM_FREES_NOTHING : VICTIM_OUT_COUNT;
}
