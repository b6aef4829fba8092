// SPDX-License-Identifier: LGPL-2.1-or-later
// See ring.h. Pods and the node have rings of the same shape, so the index arithmetic is shared.
#include "policy/ring.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* Where the sample is that is `back` places older than the newest. */
static uint32_t ring_index(uint32_t head, uint32_t back)
{
	return (head + 2 * SAMPLE_RING - 1 - back) % SAMPLE_RING;
}

static void ring_advance(uint32_t *head, uint32_t *count)
{
	*head = (*head + 1) % SAMPLE_RING;
	if (*count < SAMPLE_RING)
		(*count)++;
}

const struct pod_sample *ring_last(const struct pod_history *history)
{
	return history->count ? &history->ring[ring_index(history->head, 0)] : NULL;
}

const struct node_sample *ring_last_node(const struct node_history *history)
{
	return history->count ? &history->ring[ring_index(history->head, 0)] : NULL;
}

const struct pod_sample *ring_at(const struct pod_history *history, uint32_t back)
{
	return back < history->count ? &history->ring[ring_index(history->head, back)] : NULL;
}

/* The next one takes the place of the newest where that is so close behind the one before. */
static bool is_close(int64_t before_us, int64_t last_us)
{
	return last_us - before_us < RING_SPACING_US;
}

static void ring_retreat(uint32_t *head, uint32_t *count)
{
	*head = ring_index(*head, 0);
	(*count)--;
}

int ring_add(struct pod_history *history, const struct pod_sample *sample)
{
	const struct pod_sample *last = ring_last(history), *before = ring_at(history, 1);

	if (last && sample->at_us <= last->at_us)
		return -EINVAL;
	if (before && is_close(before->at_us, last->at_us))
		ring_retreat(&history->head, &history->count);
	history->ring[history->head] = *sample;
	ring_advance(&history->head, &history->count);
	return 0;
}

int ring_add_node(struct node_history *history, const struct node_sample *sample)
{
	const struct node_sample *last = ring_last_node(history), *before;

	if (last && sample->at_us <= last->at_us)
		return -EINVAL;
	before = history->count > 1 ? &history->ring[ring_index(history->head, 1)] : NULL;
	if (before && is_close(before->at_us, last->at_us))
		ring_retreat(&history->head, &history->count);
	history->ring[history->head] = *sample;
	ring_advance(&history->head, &history->count);
	return 0;
}

/* Times grow along the ring, so that the difference is never negative. */
static bool is_back(int64_t last_us, int64_t at_us, uint64_t window_us)
{
	return (uint64_t)last_us - (uint64_t)at_us >= window_us;
}

/* What both kinds of sample begin with. */
struct stamp {
	int64_t at_us;
	uint32_t valid;
};

_Static_assert(offsetof(struct pod_sample, at_us) == offsetof(struct stamp, at_us) &&
		       offsetof(struct pod_sample, valid) == offsetof(struct stamp, valid),
	       "a pod's sample begins with its stamp");
_Static_assert(offsetof(struct node_sample, at_us) == offsetof(struct stamp, at_us) &&
		       offsetof(struct node_sample, valid) == offsetof(struct stamp, valid),
	       "the node's sample begins with its stamp");

/* For ring_back() and ring_back_node(): a ring of samples of `size` bytes. */
static const void *find_back(const void *ring, size_t size, uint32_t head, uint32_t count,
			     uint64_t window_us, uint32_t valid)
{
	struct stamp last = {0}, s = {0};
	const char *found = NULL;

	for (uint32_t back = 0; back < count; back++) {
		found = (const char *)ring + ring_index(head, back) * size;
		memcpy(&s, found, sizeof(s));
		if (back == 0)
			last = s;
		if (is_back(last.at_us, s.at_us, window_us))
			break;
	}
	return found && (last.valid & s.valid & valid) == valid ? found : NULL;
}

const struct pod_sample *ring_back(const struct pod_history *history, uint64_t window_us,
				   uint32_t valid)
{
	return find_back(history->ring, sizeof(history->ring[0]), history->head, history->count,
			 window_us, valid);
}

const struct node_sample *ring_back_node(const struct node_history *history, uint64_t window_us,
					 uint32_t valid)
{
	return find_back(history->ring, sizeof(history->ring[0]), history->head, history->count,
			 window_us, valid);
}

const struct pod_history *ring_of(const struct samples *samples, uint32_t slot, uint64_t serial)
{
	const struct pod_history *history;

	if (slot >= samples->n_slots)
		return NULL;
	history = samples->pods[slot];
	return history && history->serial == serial && history->count > 0 ? history : NULL;
}
