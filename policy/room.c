// SPDX-License-Identifier: LGPL-2.1-or-later
// See room.h. Example: 8 GiB, a kubelet that evicts below 100 MiB, zones' high watermarks 70 MiB:
//
//   line = max(200 MiB, 82 MiB, 64 MiB, 70 MiB) = 200 MiB
//   MemAvailable 1.5 GiB, but free + inactive file pages 900 MiB: the kubelet would see those
//   room = 900 − 200 = 700 MiB; it fell by 140 MiB in the last 2 s: empty in 10 s
//
// Of a NUMA node the kernel says no MemAvailable, and no kubelet acts by it: there half of the active file pages count beside what
// is free or inactive.
#include "policy/room.h"

#include "policy/ring.h"

#define MIB (1ull << 20)
#define LINE_MIN_BYTES (64 * MIB)
#define LINE_PART 100u
/* What a kubelet has whose configuration does not say, or cannot be read. */
#define EVICT_DEFAULT_BYTES (100 * MIB)

/* One start-up burst of a page or two must not look like the end: a mean over this at least. */
#define FALL_MIN_US 1000000u
/* What it does now: two intervals of a tense agent; where that reaches too far back, one. */
#define NOW_US 400000u
#define SECOND_US 1000000u
/* Slower is the coming and going of any node: it does not make it the one that is empty first. */
#define FALLS_BYTES_PER_S ((uint64_t)1 << 20)
/* Sums are in KiB, so that they do not overflow; less than one a second is no fall. */
#define UNIT 1024u
/* An older number says nothing of now. */
#define STALE_US 5000000

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static bool has_kubelet(const struct model *model)
{
	return model->driver != DRIVER_NONE;
}

static uint64_t machines_line(const struct model *model)
{
	const struct node *node = &model->node;
	uint64_t evict = node->evict_hard_known ? node->evict_hard_bytes
			 : has_kubelet(model)	? EVICT_DEFAULT_BYTES
						: 0;
	uint64_t line = max_u64(LINE_MIN_BYTES, node->memory_bytes / LINE_PART);

	return max_u64(max_u64(line, 2 * evict), node->zones_high_bytes);
}

static bool has(uint64_t nodes, const struct memory_node *node)
{
	return nodes >> node->id & 1;
}

static uint64_t memory_of(const struct model *model, uint64_t nodes, uint64_t *ret_high)
{
	const struct memory_nodes *all = &model->node.memory_nodes;
	uint64_t bytes = 0;

	*ret_high = 0;
	for (uint32_t i = 0; i < all->n; i++) {
		bytes += has(nodes, &all->list[i]) ? all->list[i].bytes : 0;
		*ret_high += has(nodes, &all->list[i]) ? all->list[i].high_bytes : 0;
	}
	return nodes ? bytes : model->node.memory_bytes;
}

uint64_t room_line_bytes(const struct model *model, uint64_t nodes)
{
	uint64_t high, bytes = memory_of(model, nodes, &high);

	if (nodes == 0)
		return machines_line(model);
	return max_u64(max_u64(LINE_MIN_BYTES, bytes / LINE_PART), high);
}

/* The kubelet counts as available what is free or in inactive file pages, and it must not be first. */
static uint64_t machines_available(const struct model *model, const struct node_sample *s)
{
	uint64_t kubelets = s->memory_free_bytes + s->memory_inactive_file_bytes;

	return has_kubelet(model) && kubelets < s->memory_available_bytes
		       ? kubelets
		       : s->memory_available_bytes;
}

/* False where it was not measured. */
static bool available(const struct model *model, const struct node_sample *s, uint64_t nodes,
		      uint64_t *ret_bytes)
{
	const struct memory_nodes *all = &model->node.memory_nodes;
	uint64_t bytes = 0;

	if (nodes == 0) {
		*ret_bytes = machines_available(model, s);
		return s->valid & SAMPLE_MEMORY;
	}
	for (uint32_t i = 0; i < all->n; i++)
		if (has(nodes, &all->list[i]))
			bytes += s->memory_node[i].free_bytes +
				 s->memory_node[i].inactive_file_bytes +
				 s->memory_node[i].active_file_bytes / 2;
	*ret_bytes = bytes;
	return s->memory_nodes != 0 && s->memory_nodes == memory_nodes_mask(all);
}

uint64_t room_lasts_us(uint64_t bytes, uint64_t bytes_per_s)
{
	return bytes / UNIT * SECOND_US / (bytes_per_s / UNIT);
}

/* From *before to *last, in whole KiB; 0 where it rose. False where one was not measured. */
static bool fall_of(const struct model *model, uint64_t nodes, const struct node_sample *before,
		    const struct node_sample *last, uint64_t *ret_bytes_per_s)
{
	uint64_t span_us = (uint64_t)(last->at_us - before->at_us), was, is;

	if (!available(model, before, nodes, &was) || !available(model, last, nodes, &is))
		return false;
	*ret_bytes_per_s = was > is ? (was - is) / UNIT * SECOND_US / span_us * UNIT : 0;
	return true;
}

bool room_falls_over(const struct model *model, const struct samples *samples, uint64_t nodes,
		     int64_t since_us, uint64_t window_us, uint64_t *ret_bytes_per_s)
{
	const struct node_sample *last = ring_last_node(&samples->node);
	const struct node_sample *back = last ? ring_back_node(&samples->node, window_us, 0) : NULL;

	return back && back->at_us < last->at_us && back->at_us >= since_us &&
	       last->at_us - back->at_us <= STALE_US &&
	       fall_of(model, nodes, back, last, ret_bytes_per_s);
}

bool room_falls_now(const struct model *model, const struct samples *samples, uint64_t nodes,
		    int64_t since_us, uint64_t *ret_bytes_per_s)
{
	return room_falls_over(model, samples, nodes, since_us, NOW_US, ret_bytes_per_s) ||
	       room_falls_over(model, samples, nodes, since_us, RING_SPACING_US, ret_bytes_per_s);
}

static void look_at_fall(const struct model *model, const struct samples *samples,
			 const struct node_sample *last, struct room *room)
{
	const struct node_sample *back = ring_back_node(&samples->node, FALL_MIN_US, 0);

	if (!back || last->at_us - back->at_us < (int64_t)FALL_MIN_US ||
	    last->at_us - back->at_us > STALE_US ||
	    !fall_of(model, room->nodes, back, last, &room->fall_bytes_per_s))
		return;
	room->fall_span_us = (uint64_t)(last->at_us - back->at_us);
	if (room->fall_bytes_per_s > 0 && room->room_bytes > 0)
		room->time_to_empty_us =
			room_lasts_us((uint64_t)room->room_bytes, room->fall_bytes_per_s);
}

bool room_of(const struct model *model, const struct samples *samples, uint64_t nodes,
	     int64_t now_us, struct room *ret_room)
{
	const struct node_sample *last = ring_last_node(&samples->node);
	struct room room = {.nodes = nodes, .time_to_empty_us = ROOM_NEVER};
	uint64_t high;

	if (!last || now_us - last->at_us > STALE_US ||
	    !available(model, last, nodes, &room.available_bytes))
		return false;
	room.memory_bytes = memory_of(model, nodes, &high);
	room.line_bytes = room_line_bytes(model, nodes);
	room.room_bytes = (int64_t)room.available_bytes - (int64_t)room.line_bytes;
	if (room.room_bytes <= 0)
		room.time_to_empty_us = 0;
	look_at_fall(model, samples, last, &room);
	*ret_room = room;
	return true;
}

/* One that rests below its line is no nearer to its end than it was. */
static uint64_t lasts_us(const struct room *room)
{
	return room->fall_bytes_per_s >= FALLS_BYTES_PER_S ? room->time_to_empty_us : ROOM_NEVER;
}

static bool is_tighter(const struct plan *plan, const struct room *a, const struct room *b)
{
	bool soon = lasts_us(a) < ROOM_SOON_US || lasts_us(b) < ROOM_SOON_US;

	if (!soon && plan->room_up &&
	    (a->nodes == plan->room_nodes || b->nodes == plan->room_nodes))
		return a->nodes == plan->room_nodes;
	return lasts_us(a) != lasts_us(b) ? lasts_us(a) < lasts_us(b)
					  : a->room_bytes < b->room_bytes;
}

bool room_look_bound(const struct model *model, const struct samples *samples,
		     const struct plan *plan, int64_t now_us, struct room *ret_room)
{
	struct room tightest = {0}, room;
	bool found = false;

	for (size_t i = 0; i < plan->n_bounds; i++) {
		if (!room_of(model, samples, plan->bounds[i].nodes, now_us, &room) ||
		    (found && !is_tighter(plan, &room, &tightest)))
			continue;
		tightest = room;
		found = true;
	}
	if (found)
		*ret_room = tightest;
	return found;
}

bool room_look(const struct model *model, const struct samples *samples, const struct plan *plan,
	       int64_t now_us, struct room *ret_room)
{
	struct room machine, bound;

	if (!room_of(model, samples, 0, now_us, &machine))
		return false;
	*ret_room = plan && room_look_bound(model, samples, plan, now_us, &bound) &&
				    is_tighter(plan, &bound, &machine)
			    ? bound
			    : machine;
	return true;
}
