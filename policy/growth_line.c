// SPDX-License-Identifier: LGPL-2.1-or-later
// See growth_line.h. Example: a pod uses 500 MiB when its hold begins, and may grow by 1 MiB a second:
//
//   0 s: line 500, memory.high 500      0.5 s: it slipped over, to 503: the bound stays where it is, and the kernel slows it
//   3 s: line 503: memory.high 503      3.5 s: it slipped to 506 ...       10 s: it uses 510 or so, as the line says
//
// A bound that went up to what is in use at every look would forgive each slip: the kernel slows a pod by how far it is
// over, so that one of 64 MiB then grows by 10 MiB a second where 1 was allowed (measured: tests/vm/bench_storm.py).
// A bound below what is in use is never written: the kernel would make colod wait for the reclaim.
#include "policy/growth_line.h"

#include "policy/freeze.h"
#include "policy/knob.h"

#define SECOND_US 1000000u
#define UNIT 1024u
/* Nearer than this to its bound, it stands at it: the kernel's own batches are a few hundred KiB. One that does not
 * grow has a second's growth above it, MEMORY_GROWTH_LEAST at least. */
#define NEAR_BYTES (MEMORY_GROWTH_LEAST / 2)
#define MET_US 2000000
/* A pod that stood still has no more to make up for than so many seconds. */
#define SAVED_S 2u
/* Nobody looked for longer: what was not used meanwhile is not made up for. */
#define GAP_US 2000000

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t growth_line_held(const struct model *model, const struct cgroup *cgroup)
{
	const struct knob_state *s = &cgroup->knobs[KNOB_MEMORY_HIGH];

	return knob_hold_stands(KNOB_MEMORY_HIGH, s, model->node.page_bytes) ? s->now.value : 0;
}

int growth_line_look(const struct decide_input *in, struct plan *plan)
{
	int r = plan_reserve_growths(plan, in->model);

	for (size_t i = 0; r == 0 && i < in->model->n_pods; i++) {
		const struct pod *pod = in->model->pods[i];
		struct plan_growth *g = &plan->growths[pod->slot];
		uint64_t held = growth_line_held(in->model, pod->cgroup);
		struct memory_growth growth;

		if (held == 0)
			*g = (struct plan_growth){.serial = pod->serial};
		else if (freeze_stands(pod->cgroup) ||
			 (memory_growth_of(in->samples, pod, in->now_us, &growth) &&
			  growth.now_bytes + NEAR_BYTES >= held))
			g->met_us = in->now_us;
	}
	return r;
}

bool growth_line_takes(const struct plan *plan, const struct pod *pod, int64_t now_us)
{
	int64_t met_us = plan_growth(plan, pod)->met_us;

	return met_us > 0 && now_us - met_us < MET_US;
}

uint64_t growth_line_wants(const struct plan *plan, const struct pod *pod, int64_t now_us)
{
	return growth_line_takes(plan, pod, now_us) ? plan_growth(plan, pod)->wants_bytes_per_s : 0;
}

static uint64_t in_time(uint64_t bytes_per_s, uint64_t us)
{
	return bytes_per_s / UNIT * us / SECOND_US * UNIT;
}

static void go_on(struct plan_growth *g, const struct memory_growth *growth, uint64_t allowed,
		  int64_t now_us)
{
	uint64_t may = growth->before_bytes + in_time(allowed, growth->span_us);

	if (g->line_us == 0)
		g->line_bytes = max_u64(may, growth->now_bytes);
	else
		g->line_bytes += in_time(allowed, min_u64((uint64_t)(now_us - g->line_us), GAP_US));
	g->line_bytes = min_u64(g->line_bytes, growth->now_bytes + SAVED_S * allowed);
	g->line_us = now_us;
	g->wants_bytes_per_s = max_u64(g->wants_bytes_per_s, memory_growth_unslowed(growth));
}

uint64_t growth_line_bound(const struct decide_input *in, struct plan *plan, const struct pod *pod,
			   const struct memory_growth *growth, uint64_t allowed_bytes)
{
	uint64_t page = max_u64(in->model->node.page_bytes, 4096), want, off;
	uint64_t held = growth_line_held(in->model, pod->cgroup);
	struct plan_growth *g = &plan->growths[pod->slot];

	go_on(g, growth, allowed_bytes, in->now_us);
	want = (g->line_bytes + page - 1) / page * page;
	if (held == 0)
		return want;
	off = want > held ? want - held : held - want;
	/* It is over its line, and slowed; or the bound is right to a second's growth: each write is a line of history. */
	if (want < growth->now_bytes || off < allowed_bytes)
		return held;
	return want;
}
