// SPDX-License-Identifier: LGPL-2.1-or-later
// See record_samples.h. Counters grow by little, so that a difference is short, and it is what a
// person wants to see.
#include "policy/record_samples.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "policy/ring.h"

#define POD_FIELDS (8 + 2 * RESOURCE_COUNT)
#define NODE_FIELDS (5 + 2 * RESOURCE_COUNT + 3 * MEMORY_NODES_MAX)

/* The numbers of a sample in the order of the line. */
static void pod_fields(struct pod_sample *s, uint64_t *fields[POD_FIELDS])
{
	fields[0] = &s->cpu_usage_us;
	fields[1] = &s->psi[RESOURCE_CPU].some_us;
	fields[2] = &s->memory_bytes;
	fields[3] = &s->psi[RESOURCE_MEMORY].some_us;
	fields[4] = &s->psi[RESOURCE_IO].some_us;
	fields[5] = &s->cpu_periods;
	fields[6] = &s->cpu_throttled;
	fields[7] = &s->cpu_throttled_us;
	for (int r = 0; r < RESOURCE_COUNT; r++)
		fields[8 + r] = &s->psi[r].full_us;
	fields[8 + RESOURCE_COUNT] = &s->inner_periods;
	fields[9 + RESOURCE_COUNT] = &s->inner_throttled;
	fields[10 + RESOURCE_COUNT] = &s->memory_bounded;
}

static void node_fields(struct node_sample *s, uint64_t *fields[NODE_FIELDS])
{
	fields[0] = &s->cpu_busy_us;
	fields[1] = &s->memory_available_bytes;
	for (int r = 0; r < RESOURCE_COUNT; r++) {
		fields[2 + r] = &s->psi[r].some_us;
		fields[2 + RESOURCE_COUNT + r] = &s->psi[r].full_us;
	}
	fields[2 + 2 * RESOURCE_COUNT] = &s->memory_free_bytes;
	fields[3 + 2 * RESOURCE_COUNT] = &s->memory_inactive_file_bytes;
	fields += 4 + 2 * RESOURCE_COUNT;
	*fields++ = &s->memory_nodes;
	for (int i = 0; i < MEMORY_NODES_MAX; i++) {
		*fields++ = &s->memory_node[i].free_bytes;
		*fields++ = &s->memory_node[i].inactive_file_bytes;
		*fields++ = &s->memory_node[i].active_file_bytes;
	}
}

/* AGE VALID and the differences, modulo 2^64 and shown as the nearer of the two signs. */
static void put_fields(struct record_buf *buf, int64_t age_us, uint32_t valid, uint64_t *const *now,
		       uint64_t *const *before, size_t n)
{
	while (n > 0 && *now[n - 1] == *before[n - 1])
		n--;
	record_put(buf, " %" PRId64 " %" PRIx32, age_us, valid);
	for (size_t i = 0; i < n; i++)
		record_put(buf, " %" PRId64, (int64_t)(*now[i] - *before[i]));
	record_put_bytes(buf, "\n", 1);
}

static int get_fields(struct record_line *line, int64_t now_us, int64_t *ret_at_us,
		      uint32_t *ret_valid, uint64_t *const *now, size_t n)
{
	struct record_line word;
	int64_t age_us = 0;
	size_t i = 0;

	if (!record_next(line, &word) || record_get_i64(&word, &age_us) < 0 ||
	    __builtin_sub_overflow(now_us, age_us, ret_at_us) || !record_next(line, &word) ||
	    record_get_hex(&word, ret_valid) < 0)
		return -EBADMSG;
	for (; record_next(line, &word); i++) {
		int64_t grown = 0;

		if (i == n || record_get_i64(&word, &grown) < 0)
			return -EBADMSG;
		*now[i] += (uint64_t)grown;
	}
	return line->len > 0 ? -EBADMSG : 0;
}

/* How many of the newest samples are not written yet. All of them, from a new beginning, where the
 * ring is not what it would be after those that were. */
static uint32_t unwritten(struct record_at *ring, uint64_t serial, uint32_t count,
			  int64_t (*at)(const void *history, uint32_t back), const void *history)
{
	uint32_t n = 0;
	bool same = ring->serial == serial && ring->count > 0;

	while (same && n < count && at(history, n) > ring->last_us)
		n++;
	if (same && n < count && at(history, n) == ring->last_us &&
	    count == (ring->count + n < SAMPLE_RING ? ring->count + n : SAMPLE_RING))
		return n;
	*ring = (struct record_at){.serial = serial};
	return count;
}

static void written(struct record_at *ring, int64_t at_us)
{
	ring->last_us = at_us;
	ring->count += ring->count < SAMPLE_RING;
}

static int64_t pod_at(const void *history, uint32_t back)
{
	return ring_at(history, back)->at_us;
}

static const struct node_sample *node_sample_at(const struct node_history *h, uint32_t back)
{
	return &h->ring[(h->head + 2 * SAMPLE_RING - 1 - back) % SAMPLE_RING];
}

static int64_t node_at(const void *history, uint32_t back)
{
	return node_sample_at(history, back)->at_us;
}

void record_samples_put_pod(struct record_buf *buf, struct record_ring *ring, uint32_t slot,
			    const struct pod_history *history, int64_t now_us)
{
	uint64_t serial = history->serial, *now[POD_FIELDS], *before[POD_FIELDS];
	bool known = ring->at.count > 0;
	uint32_t n = unwritten(&ring->at, serial, history->count, pod_at, history);

	if (ring->at.count == 0)
		ring->last = (struct pod_sample){0};
	if (known && ring->at.count == 0)
		record_put(buf, "cut %" PRIu32 "\n", slot);
	pod_fields(&ring->last, before);
	while (n-- > 0) {
		struct pod_sample s = *ring_at(history, n);

		pod_fields(&s, now);
		record_put(buf, "s %" PRIu32, slot);
		put_fields(buf, now_us - s.at_us, s.valid, now, before, POD_FIELDS);
		ring->last = s;
		written(&ring->at, s.at_us);
	}
}

void record_samples_put_node(struct record_buf *buf, struct record_node_ring *ring,
			     const struct node_history *history, int64_t now_us)
{
	uint64_t *now[NODE_FIELDS], *before[NODE_FIELDS];
	bool known = ring->at.count > 0;
	uint32_t n = unwritten(&ring->at, 0, history->count, node_at, history);

	if (ring->at.count == 0)
		ring->last = (struct node_sample){0};
	if (known && ring->at.count == 0)
		record_put(buf, "cut -\n");
	node_fields(&ring->last, before);
	while (n-- > 0) {
		struct node_sample s = *node_sample_at(history, n);

		node_fields(&s, now);
		record_put(buf, "n");
		put_fields(buf, now_us - s.at_us, s.valid, now, before, NODE_FIELDS);
		ring->last = s;
		written(&ring->at, s.at_us);
	}
}

int record_samples_get_pod(struct record_line *line, struct pod_history *history, int64_t now_us)
{
	const struct pod_sample *last = ring_last(history);
	struct pod_sample s = last ? *last : (struct pod_sample){0};
	uint64_t *now[POD_FIELDS];

	pod_fields(&s, now);
	if (get_fields(line, now_us, &s.at_us, &s.valid, now, POD_FIELDS) < 0)
		return -EBADMSG;
	return ring_add(history, &s) < 0 ? -EBADMSG : 0;
}

int record_samples_get_node(struct record_line *line, struct node_history *history, int64_t now_us)
{
	const struct node_sample *last = ring_last_node(history);
	struct node_sample s = last ? *last : (struct node_sample){0};
	uint64_t *now[NODE_FIELDS];

	node_fields(&s, now);
	if (get_fields(line, now_us, &s.at_us, &s.valid, now, NODE_FIELDS) < 0)
		return -EBADMSG;
	return ring_add_node(history, &s) < 0 ? -EBADMSG : 0;
}

void record_samples_put_there(struct record_buf *buf, int64_t *said_us, const struct pod *pod,
			      const struct memory_there *there, int64_t now_us)
{
	int64_t at_us = there->serial == pod->serial ? there->at_us : 0;

	if (at_us == *said_us)
		return;
	*said_us = at_us;
	record_put(buf, "there %" PRIu32, pod->slot);
	if (at_us != 0)
		record_put(buf, " %" PRIu64 " %" PRId64 " %" PRIu64, there->nodes, now_us - at_us,
			   there->bytes);
	if (at_us != 0 && there->before_us != 0)
		record_put(buf, " %" PRId64 " %" PRIu64, now_us - there->before_us,
			   there->before_bytes);
	record_put_bytes(buf, "\n", 1);
}

/* AGE BYTES */
static int get_measured(struct record_line *line, int64_t now_us, int64_t *ret_at_us,
			uint64_t *ret_bytes)
{
	struct record_line word;
	uint64_t age_us = 0;

	if (!record_next(line, &word) || record_get_u64(&word, INT64_MAX, &age_us) < 0 ||
	    (int64_t)age_us >= now_us || !record_next(line, &word) ||
	    record_get_u64(&word, UINT64_MAX, ret_bytes) < 0)
		return -EBADMSG;
	*ret_at_us = now_us - (int64_t)age_us;
	return 0;
}

int record_samples_get_there(struct record_line *line, const struct pod *pod, int64_t now_us,
			     struct memory_there *ret_there)
{
	struct memory_there there = {.serial = pod->serial};
	struct record_line word;

	if (line->len == 0) {
		*ret_there = (struct memory_there){0};
		return 0;
	}
	if (!record_next(line, &word) || record_get_u64(&word, UINT64_MAX, &there.nodes) < 0 ||
	    get_measured(line, now_us, &there.at_us, &there.bytes) < 0)
		return -EBADMSG;
	if (line->len > 0 &&
	    (get_measured(line, now_us, &there.before_us, &there.before_bytes) < 0 ||
	     there.before_us >= there.at_us || line->len > 0))
		return -EBADMSG;
	*ret_there = there;
	return 0;
}
