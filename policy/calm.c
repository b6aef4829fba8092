// SPDX-License-Identifier: LGPL-2.1-or-later
// See calm.h.
#include "policy/calm.h"

#include "policy/decide.h"
#include "policy/ring.h"

#define WINDOW_US (CALM_SPAN_US / 2)
/* A fiftieth of all CPUs, a hundredth of the time for IO, a thousandth of it for memory. */
#define OFFLINE_CPU_PER 50u
#define OFFLINE_IO_PER 100u
#define NODE_MEMORY_PER 1000u

const char *calm_text(enum calm calm)
{
	static const char *const texts[CALM_COUNT] = {
		[CALM_YES] = "",
		[CALM_UNMEASURED] = "the last 20 s were not measured, or not all of them",
		[CALM_OFFLINE_CPU] = "offline work uses CPU, or came or went",
		[CALM_OFFLINE_IO] = "offline work waits for devices",
		[CALM_NODE_MEMORY] = "the node is short of memory",
		[CALM_RUNG] = "a rung is up, or was within 30 s",
	};

	return (unsigned)calm < CALM_COUNT ? texts[calm] : "";
}

bool calm_may_be_offline(const struct calm_look *look, const struct pod *pod)
{
	const struct assignment *a = plan_assignment(look->plan, pod);

	return a->state == ASSIGNMENT_WAITING ||
	       (a->state == ASSIGNMENT_LEVEL && a->role == ROLE_OFFLINE);
}

bool calm_covered(const struct pod_history *history, uint32_t valid, int64_t now_us,
		  const struct pod_sample **ret_half, const struct pod_sample **ret_whole)
{
	const struct pod_sample *last = ring_last(history), *newer = last, *s;
	const struct pod_sample *half = ring_back(history, WINDOW_US, valid);
	const struct pod_sample *whole = ring_back(history, CALM_SPAN_US, valid);

	if (!last || !half || !whole || now_us - last->at_us > CALM_GAP_US ||
	    last->at_us - whole->at_us < CALM_SPAN_US)
		return false;
	for (uint32_t back = 1; newer != whole; back++, newer = s) {
		s = ring_at(history, back);
		if (!s || newer->at_us - s->at_us > CALM_GAP_US || (s->valid & valid) != valid)
			return false;
	}
	*ret_half = half;
	*ret_whole = whole;
	return true;
}

/* What the offline pods did in the two windows, all together. */
struct offline {
	uint64_t cpu_us[2];
	bool waited;
};

/* Since before the span; else it came in it. */
static bool is_old(const struct pod_history *history)
{
	const struct pod_sample *last = history ? ring_last(history) : NULL;

	return last && last->at_us - ring_at(history, history->count - 1)->at_us >= CALM_SPAN_US;
}

static enum calm add_pod(const struct calm_look *look, const struct pod *pod, struct offline *all)
{
	const struct pod_history *history = ring_of(look->samples, pod->slot, pod->serial);
	const struct pod_sample *last, *half, *whole;
	const uint32_t valid = SAMPLE_CPU | SAMPLE_PSI_IO;

	if (!is_old(history))
		return CALM_OFFLINE_CPU;
	if (!calm_covered(history, valid, look->now_us, &half, &whole))
		return CALM_UNMEASURED;
	last = ring_last(history);
	if (last->cpu_usage_us < half->cpu_usage_us || half->cpu_usage_us < whole->cpu_usage_us)
		return CALM_OFFLINE_CPU;
	all->cpu_us[0] += last->cpu_usage_us - half->cpu_usage_us;
	all->cpu_us[1] += half->cpu_usage_us - whole->cpu_usage_us;
	if (last->psi[RESOURCE_IO].some_us - whole->psi[RESOURCE_IO].some_us >
	    CALM_SPAN_US / OFFLINE_IO_PER)
		all->waited = true;
	return CALM_YES;
}

static enum calm offline_calm(const struct calm_look *look)
{
	uint64_t most_us = look->model->node.n_cpus * (uint64_t)WINDOW_US / OFFLINE_CPU_PER;
	struct offline all = {0};

	for (size_t i = 0; i < look->model->n_pods; i++) {
		enum calm calm = CALM_YES;

		if (calm_may_be_offline(look, look->model->pods[i]))
			calm = add_pod(look, look->model->pods[i], &all);
		if (calm != CALM_YES)
			return calm;
	}
	if (all.cpu_us[0] >= most_us || all.cpu_us[1] >= most_us)
		return CALM_OFFLINE_CPU;
	return all.waited ? CALM_OFFLINE_IO : CALM_YES;
}

static enum calm memory_calm(const struct calm_look *look)
{
	const struct node_sample *last = ring_last_node(&look->samples->node);
	const struct node_sample *whole =
		ring_back_node(&look->samples->node, CALM_SPAN_US, SAMPLE_PSI_MEMORY);
	uint64_t stalled_us;

	if (!whole || look->now_us - last->at_us > CALM_GAP_US ||
	    last->at_us - whole->at_us < CALM_SPAN_US)
		return CALM_UNMEASURED;
	stalled_us = last->psi[RESOURCE_MEMORY].some_us - whole->psi[RESOURCE_MEMORY].some_us;
	return stalled_us > CALM_SPAN_US / NODE_MEMORY_PER ? CALM_NODE_MEMORY : CALM_YES;
}

bool calm_rung_is_up(const struct calm_look *look)
{
	for (int r = 0; r < RESOURCE_COUNT; r++) {
		const struct ladder *l = &look->ladders->of[r];

		if (l->rung != RUNG_CALM ||
		    (l->steps > 0 && look->now_us - l->since_us < CALM_RUNGS_US))
			return true;
	}
	return false;
}

enum calm calm_node(const struct calm_look *look)
{
	enum calm calm;

	if (calm_rung_is_up(look))
		return CALM_RUNG;
	calm = memory_calm(look);
	return calm == CALM_YES ? offline_calm(look) : calm;
}

uint64_t calm_offline_set(const struct calm_look *look)
{
	uint64_t set = 0;

	for (size_t i = 0; i < look->model->n_pods; i++) {
		const struct pod *pod = look->model->pods[i];

		/* A sum: in whatever order the pods are listed. */
		if (calm_may_be_offline(look, pod))
			set += (pod->serial + 1) * 0x9e3779b97f4a7c15u;
	}
	return set;
}
