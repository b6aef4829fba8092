// SPDX-License-Identifier: LGPL-2.1-or-later
// memory.events of a pod: how often it met a bound of its own. What a pod waits for memory because of that
// is its own fault and nobody else's.
#pragma once

#include "agent/observe/kept_file.h"
#include "colod/pod.h"

struct memory_events {
	int fd;
	int64_t until_us; /* it is kept open and read */
};

void memory_events_init(struct memory_events *events);
void memory_events_close(struct memory_events *events);

/* Reads it into *sample, whose pressure is there: while the pod waits for memory at all, against its sample
 * before (`last`, or NULL), and for ten seconds more. A pod that waits for nothing costs no read. The bounds of
 * the containers count, too: the file sums up what is below. A pod that is gone is no error. */
void memory_events_read(struct memory_events *events, struct kept_reader *reader, int cgroup_fd,
			const struct pod *pod, const struct pod_sample *last,
			struct pod_sample *sample);
