// SPDX-License-Identifier: LGPL-2.1-or-later
// Samples in a record: a line per sample, numbers as the difference to the sample before. Pure.
#pragma once

#include <stdbool.h>

#include "colod/pod.h"
#include "colod/sample.h"
#include "policy/record_text.h"

/* How far a ring was written. */
struct record_at {
	uint64_t serial; /* of the pod; 0 for the node and where nothing was written */
	int64_t last_us;
	uint32_t count;
};

/* What was written of the ring of a pod, and of the node's. */
struct record_ring {
	struct record_at at;
	struct pod_sample last;
};
struct record_node_ring {
	struct record_at at;
	struct node_sample last;
};

/* Appends what the ring has beyond what was written. */
void record_samples_put_pod(struct record_buf *buf, struct record_ring *ring, uint32_t slot,
			    const struct pod_history *history, int64_t now_us);
void record_samples_put_node(struct record_buf *buf, struct record_node_ring *ring,
			     const struct node_history *history, int64_t now_us);

/* Reads one line behind "s SLOT" or "n" into the ring. 0 or -EBADMSG (also: not after the one
 * before). */
int record_samples_get_pod(struct record_line *line, struct pod_history *history, int64_t now_us);
int record_samples_get_node(struct record_line *line, struct node_history *history, int64_t now_us);

/* A line "there SLOT NODES AGE BYTES [AGE BYTES]", the older one last, where it was measured since *said_us, which is kept; "there SLOT"
 * where it is not measured any more. And back, behind the slot. 0 or -EBADMSG. */
void record_samples_put_there(struct record_buf *buf, int64_t *said_us, const struct pod *pod,
			      const struct memory_there *there, int64_t now_us);
int record_samples_get_there(struct record_line *line, const struct pod *pod, int64_t now_us,
			     struct memory_there *ret_there);
