// SPDX-License-Identifier: LGPL-2.1-or-later
// See memory_growth.h.
#include "policy/memory_growth.h"

#include "policy/cpu_use.h"
#include "policy/ring.h"

#define SECOND_US 1000000u
#define STALE_US 5000000
/* In KiB, so that products stay in 64 bits. */
#define UNIT 1024u
#define HELP_PART 2u
/* Slower is no threat: a node of 1 GiB lasts a quarter of an hour. */
#define MATTERS_BYTES_PER_S (1u << 20)
#define STALLED_MOST_PERMILLE 950u

bool memory_growth_may_hold(const struct assignment *a)
{
	return a->state == ASSIGNMENT_LEVEL && a->role == ROLE_OFFLINE && a->may_hold;
}

/* All of it: where only some of it stands still, the rest may grow as it likes. */
static uint32_t stalled_permille(const struct pod_sample *from, const struct pod_sample *to,
				 uint64_t span_us)
{
	uint64_t before_us = from->psi[RESOURCE_MEMORY].full_us,
		 after_us = to->psi[RESOURCE_MEMORY].full_us;

	if (!(from->valid & to->valid & SAMPLE_PSI_MEMORY) || after_us < before_us)
		return 0;
	return (uint32_t)cpu_use_permille(after_us - before_us, span_us);
}

uint64_t memory_growth_unslowed(const struct memory_growth *growth)
{
	uint32_t stalled = growth->stalled_permille < STALLED_MOST_PERMILLE
				   ? growth->stalled_permille
				   : STALLED_MOST_PERMILLE;

	return growth->bytes_per_s / (1000u - stalled) * 1000u;
}

bool memory_growth_over(const struct samples *samples, const struct pod *pod, uint64_t window_us,
			int64_t now_us, struct memory_growth *ret_growth)
{
	const struct pod_history *history = ring_of(samples, pod->slot, pod->serial);
	const struct pod_sample *last, *back;
	struct memory_growth g;

	if (!history)
		return false;
	last = ring_last(history);
	back = ring_back(history, window_us, SAMPLE_MEMORY);
	if (!last || !back || now_us - last->at_us > STALE_US ||
	    last->at_us - back->at_us < (int64_t)SECOND_US || last->at_us - back->at_us > STALE_US)
		return false;
	g = (struct memory_growth){
		.now_bytes = last->memory_bytes,
		.before_bytes = back->memory_bytes,
		.span_us = (uint64_t)(last->at_us - back->at_us),
	};
	if (g.now_bytes > g.before_bytes)
		g.bytes_per_s =
			(g.now_bytes - g.before_bytes) / UNIT * SECOND_US / g.span_us * UNIT;
	g.there_bytes = g.now_bytes;
	g.stalled_permille = stalled_permille(back, last, g.span_us);
	*ret_growth = g;
	return true;
}

bool memory_growth_of(const struct samples *samples, const struct pod *pod, int64_t now_us,
		      struct memory_growth *ret_growth)
{
	return memory_growth_over(samples, pod, SECOND_US, now_us, ret_growth);
}

bool memory_growth_on(const struct samples *samples, const struct pod *pod, uint64_t nodes,
		      int64_t now_us, struct memory_growth *ret_growth)
{
	const struct memory_there *there;
	struct memory_growth g;

	if (nodes == 0)
		return memory_growth_of(samples, pod, now_us, ret_growth);
	if (pod->slot >= samples->n_there)
		return false;
	there = &samples->there[pod->slot];
	if (there->serial != pod->serial || there->nodes != nodes ||
	    now_us - there->at_us > STALE_US || !memory_growth_of(samples, pod, now_us, &g))
		return false;
	g.there_bytes = there->bytes;
	/* Measured once: it may all be there, if any is. */
	if (there->bytes == 0 || there->before_us > 0)
		g.bytes_per_s = 0;
	if (there->before_us > 0 && there->bytes > there->before_bytes)
		g.bytes_per_s = (there->bytes - there->before_bytes) / UNIT * SECOND_US /
				(uint64_t)(there->at_us - there->before_us) * UNIT;
	*ret_growth = g;
	return true;
}

bool memory_growth_matters(const struct memory_growth *growth)
{
	return growth->bytes_per_s >= MATTERS_BYTES_PER_S;
}

bool memory_growth_may_help(const struct room *room)
{
	return room->available_bytes >= room->line_bytes / HELP_PART;
}

uint64_t memory_growth_allowed(const struct room *room, size_t n, const struct level_memory *level)
{
	uint64_t all = room->room_bytes > 0
			       ? (uint64_t)room->room_bytes / (MEMORY_GROWTH_ROOM_US / SECOND_US)
			       : 0;
	uint64_t each = n > 0 ? all / n : all;

	if (level->growth_bytes_per_s > 0 && level->growth_bytes_per_s < each)
		each = level->growth_bytes_per_s;
	return each > MEMORY_GROWTH_LEAST ? each : MEMORY_GROWTH_LEAST;
}
