// SPDX-License-Identifier: LGPL-2.1-or-later
// Samples in a record: a line per sample, numbers as the difference to the sample before. Pure.
#pragma once

#include <stdbool.h>

#include "colod/sample.h"
#include "policy/record_text.h"

/* What was written of one ring. */
struct record_ring {
	uint64_t serial; /* of the pod; 0 for the node and where nothing was written */
	int64_t last_us;
	uint32_t count;
	union {
		struct pod_sample last;
		struct node_sample last_node;
	};
};

/* Appends what the ring has beyond what was written. */
void record_samples_put_pod(struct record_buf *buf, struct record_ring *ring, uint32_t slot,
			    const struct pod_history *history, int64_t now_us);
void record_samples_put_node(struct record_buf *buf, struct record_ring *ring,
			     const struct node_history *history, int64_t now_us);

/* Reads one line behind "s SLOT" or "n" into the ring. 0 or -EBADMSG (also: not after the one
 * before). */
int record_samples_get_pod(struct record_line *line, struct pod_history *history, int64_t now_us);
int record_samples_get_node(struct record_line *line, struct node_history *history, int64_t now_us);
