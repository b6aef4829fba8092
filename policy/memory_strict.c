// SPDX-License-Identifier: LGPL-2.1-or-later
// See memory_strict.h. The kernel delays whoever allocates above memory.high, by up to 2 s each time: a heap that is
// well filled, at 85 % of its limit, would crawl below a memory.high of 80 %. So the first value leaves room for what is
// there already, and each time the pod is seen to stand still by it, it is a quarter of the way to the limit more.
//
// What was raised is remembered by the value itself, which colod owns and records: no state of its own to lose at a
// restart, and nothing that a replay would not know.
#include "policy/memory_strict.h"

#include "policy/ring.h"

#define STALE_US 5000000
#define WINDOW_US 2000000
/* `full` of memory.pressure: all of the pod stood still. */
#define STALLS_PERMILLE 10u
#define ROOM_PART 32u

static uint64_t add(uint64_t a, uint64_t b, uint64_t most)
{
	return a >= most || b >= most - a ? most : a + b;
}

/* The first step that is at or above so much; MEMORY_STRICT_STEPS is the limit itself. */
static unsigned step_of(const struct memory_strict *s, uint64_t step, uint64_t bytes)
{
	unsigned n = 0;

	while (n < MEMORY_STRICT_STEPS && s->base_bytes + n * step < bytes)
		n++;
	return n;
}

uint64_t memory_strict_high(const struct memory_strict *s)
{
	uint64_t step, need;
	unsigned n, used;

	if (s->cap_bytes <= s->base_bytes)
		return s->base_bytes;
	step = (s->cap_bytes - s->base_bytes) / MEMORY_STRICT_STEPS;
	if (s->page_bytes > 0)
		step -= step % s->page_bytes;
	if (step == 0)
		return s->cap_bytes;
	need = add(s->used_bytes, s->used_bytes / ROOM_PART, s->cap_bytes);
	used = step_of(s, step, need);
	n = step_of(s, step, s->had_bytes);
	if (s->stalls && n < MEMORY_STRICT_STEPS)
		n++;
	if ((s->stalls || s->had_bytes == 0) && used > n)
		n = used;
	return n < MEMORY_STRICT_STEPS ? s->base_bytes + n * step : s->cap_bytes;
}

static bool is_fresh(const struct pod_sample *last, int64_t now_us)
{
	return last && now_us - last->at_us <= STALE_US;
}

bool memory_strict_stalls(const struct samples *samples, const struct pod *pod, int64_t now_us,
			  uint64_t *ret_permille, uint64_t *ret_span_us)
{
	const uint32_t valid = SAMPLE_PSI_MEMORY | SAMPLE_MEMORY_EVENTS;
	const struct pod_history *history = ring_of(samples, pod->slot, pod->serial);
	const struct pod_sample *last, *before, *from;
	uint64_t stalled_us;
	int64_t span_us;

	if (!history)
		return false;
	last = ring_last(history);
	before = ring_at(history, 1);
	from = ring_back(history, WINDOW_US, valid);
	/* Each sample is a reason once: passes come between samples, too, and would raise it again for the same stall. */
	if (!last || last->at_us != now_us || !before || !from || (before->valid & valid) != valid)
		return false;
	span_us = last->at_us - from->at_us;
	/* At the end of it too: what was raised meanwhile is not raised again for what came before. */
	if (span_us < WINDOW_US || span_us > STALE_US ||
	    last->memory_bounded <= before->memory_bounded ||
	    last->memory_bounded <= from->memory_bounded ||
	    last->psi[RESOURCE_MEMORY].full_us < from->psi[RESOURCE_MEMORY].full_us)
		return false;
	stalled_us = last->psi[RESOURCE_MEMORY].full_us - from->psi[RESOURCE_MEMORY].full_us;
	if (stalled_us > UINT64_MAX / 1000 ||
	    stalled_us * 1000 <= (uint64_t)span_us * STALLS_PERMILLE)
		return false;
	*ret_permille = stalled_us * 1000 / (uint64_t)span_us;
	*ret_span_us = (uint64_t)span_us;
	return true;
}

bool memory_strict_used(const struct samples *samples, const struct pod *pod, int64_t now_us,
			uint64_t *ret_bytes)
{
	const struct pod_history *history = ring_of(samples, pod->slot, pod->serial);
	const struct pod_sample *last = history ? ring_last(history) : NULL;

	if (!is_fresh(last, now_us) || !(last->valid & SAMPLE_MEMORY))
		return false;
	*ret_bytes = last->memory_bytes;
	return true;
}
