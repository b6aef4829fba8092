// SPDX-License-Identifier: LGPL-2.1-or-later
// See floor_look.h.
//
// The promise. The kernel splits a group's weight over the CPUs it runs on. With the share s of the
// whole (its weight among its siblings', times the same for each cgroup above it) and N CPUs, k busy
// offline threads get N s / (N s / k + 1 - s) of one CPU together while all online work is busy
// everywhere: least with k = 1, N s / (N s + 1 - s). That is taken, whatever runs: a single thread
// on 64 CPUs is held against what one thread can get, and many threads get a little more than that.
// On 2 CPUs at 50:1 it is 3.8 % of one CPU; on 64 at 640:1, 9.1 %.
//
// Waiting. `full` of cpu.pressure is the time in which some thread of the pod wanted a CPU and none
// had one. A pod that is fed 2 % shows 98 % too, so that alone says nothing: it says that the pod
// could have used what it did not get. `some` would not: two threads on one CPU show 100 % with
// all of it. Read less than every 2 s `full` comes out far too small, which errs towards not
// starving; samples are a second apart at most.
#include "policy/floor_look.h"

#include <errno.h>

#include "policy/cpu_use.h"
#include "policy/decide.h"
#include "policy/ring.h"

#define PPM 1000000u
/* The kernel's; a damaged record may say more. */
#define WEIGHT_MAX 10000u
/* A share of the whole: the product of some weights at 10000:1 is still seen. */
#define SHARE_ONE 1000000000u

/* "Waits all the time": less than all, because a sample comes a little early or late. */
#define WAITS_PERMILLE 800u

/* The rule's 2 s; longer where half of the promise would be less than four ticks of 4 ms in it, and
 * no longer than what 64 samples reach back in a storm. */
#define WINDOW_MIN_US 2000000u
#define WINDOW_MAX_US 10000000u
#define EVEN_US 16000u

static bool is_weight(const struct knob_value *weight)
{
	return weight->state == KNOB_KNOWN && weight->value <= WEIGHT_MAX;
}

static bool stands_idle(const struct cgroup *cg)
{
	const struct knob_value *idle = &cg->knobs[KNOB_CPU_IDLE].now;

	return idle->state == KNOB_KNOWN && idle->value == 1;
}

void floor_look_weights(struct decide_tree *t)
{
	for (size_t i = 0; i < t->n_nodes; i++) {
		t->nodes[i].children_weight = 0;
		t->nodes[i].children_unknown = t->nodes[i].cgroup->hidden;
		t->nodes[i].floor_at = DECIDE_NONE;
	}
	for (size_t i = 0; i < t->n_nodes; i++) {
		const struct decide_node *node = &t->nodes[i];
		const struct knob_value *now = &node->cgroup->knobs[KNOB_CPU_WEIGHT].now;

		/* Nobody competes from an empty cgroup. */
		if (node->parent == DECIDE_NONE || !node->cgroup->populated)
			continue;
		if (is_weight(now))
			t->nodes[node->parent].children_weight += now->value;
		else
			t->nodes[node->parent].children_unknown = true;
	}
}

int floor_look_promise(const struct decide_tree *t, uint32_t at, uint64_t weight, size_t n_cpus,
		       uint64_t *ret_ppm)
{
	uint64_t share = SHARE_ONE, of_all;

	if (n_cpus == 0 || n_cpus > NODE_MAX_CPUS)
		return -ENODATA;
	for (bool first = true; t->nodes[at].parent != DECIDE_NONE; first = false) {
		const struct decide_node *node = &t->nodes[at];
		const struct decide_node *parent = &t->nodes[node->parent];
		const struct knob_value *now = &node->cgroup->knobs[KNOB_CPU_WEIGHT].now;
		uint64_t own = first ? weight : now->value;

		if (parent->children_unknown || !is_weight(now) || own == 0 || own > WEIGHT_MAX ||
		    !node->cgroup->populated || stands_idle(node->cgroup))
			return -ENODATA;
		share = share * own / (parent->children_weight - now->value + own);
		at = node->parent;
	}
	of_all = share * n_cpus;
	*ret_ppm = of_all * PPM / (of_all + SHARE_ONE - share);
	return 0;
}

uint64_t floor_look_window(uint64_t promised_ppm)
{
	uint64_t window_us = promised_ppm > 1 ? (uint64_t)EVEN_US * PPM / (promised_ppm / 2)
					      : WINDOW_MAX_US;

	if (window_us < WINDOW_MIN_US)
		return WINDOW_MIN_US;
	return window_us > WINDOW_MAX_US ? WINDOW_MAX_US : window_us;
}

bool floor_look_has_quota(const struct decide_tree *t, uint32_t at)
{
	for (; t->nodes[at].parent != DECIDE_NONE; at = t->nodes[at].parent) {
		const struct knob_value *max = &t->nodes[at].cgroup->knobs[KNOB_CPU_MAX].now;

		if (max->state == KNOB_KNOWN && max->value != KNOB_VALUE_MAX)
			return true;
	}
	return false;
}

/* A pod's own cpu.stat tells of its own quota and of those of its containers, but not of those
 * above it: with one there nobody can say what it waits for. */
static bool may_wait_for_quota(const struct decide_tree *t, uint32_t node,
			       const struct pod_sample *back, const struct pod_sample *last)
{
	uint64_t permille;

	return floor_look_has_quota(t, t->nodes[node].parent) ||
	       cpu_use_throttled_permille(back, last, &permille) < 0 ||
	       permille > CPU_USE_OWN_FAULT_PERMILLE;
}

static void see_wait(struct floor_look *look, const struct decide_tree *t, uint32_t node,
		     const struct pod_sample *back, const struct pod_sample *last,
		     const struct pod *pod)
{
	uint64_t from_us = back->psi[RESOURCE_CPU].full_us;
	uint64_t to_us = last->psi[RESOURCE_CPU].full_us;
	uint64_t span_us = (uint64_t)last->at_us - (uint64_t)back->at_us, permille;

	if (!(back->valid & last->valid & SAMPLE_PSI_CPU) || to_us < from_us) {
		look->unmeasured = true;
		return;
	}
	permille = cpu_use_permille(to_us - from_us, span_us);
	if (permille < WAITS_PERMILLE)
		return;
	if (may_wait_for_quota(t, node, back, last)) {
		look->waits_for_quota = true;
		return;
	}
	if (look->waits && permille <= look->waited_permille)
		return;
	look->waits = pod;
	look->waited_permille = permille;
	look->span_us = span_us;
}

/* Millionths of one CPU; what no counter of a working kernel shows counts as very much. */
static uint64_t ppm_of(uint64_t use_us, uint64_t span_us)
{
	return use_us > UINT32_MAX ? UINT32_MAX : use_us * PPM / span_us;
}

void floor_look_pod(struct floor_look *look, const struct decide_tree *t, const struct model *model,
		    size_t i, const struct samples *samples, const struct plan *plan,
		    int64_t now_us)
{
	const struct pod *pod = model->pods[i];
	const struct assignment *a = plan_assignment(plan, pod);
	const struct pod_history *history = ring_of(samples, pod->slot, pod->serial);
	const struct pod_sample *last = history ? ring_last(history) : NULL;
	const struct pod_sample *back = last ? ring_back(history, look->window_us, SAMPLE_CPU)
					     : NULL;

	if (!back || (uint64_t)now_us - (uint64_t)last->at_us > CPU_USE_STALE_US) {
		look->unmeasured = true;
		return;
	}
	/* Measured for less than the window, so it is new: all that it ever used is the most that it
	 * can have used in it. Of one that was there before colod that is much, and nobody starves. */
	if ((uint64_t)last->at_us - (uint64_t)back->at_us < look->window_us) {
		look->got_ppm += ppm_of(last->cpu_usage_us, look->window_us);
		look->at_most = true;
		return;
	}
	if (back->at_us < look->since_us || last->cpu_usage_us < back->cpu_usage_us) {
		look->unmeasured = true;
		return;
	}
	look->got_ppm += ppm_of(last->cpu_usage_us - back->cpu_usage_us,
				(uint64_t)last->at_us - (uint64_t)back->at_us);
	if (a->state == ASSIGNMENT_LEVEL && a->role == ROLE_OFFLINE)
		see_wait(look, t, t->of_pod[i], back, last, pod);
}
