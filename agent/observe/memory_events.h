// SPDX-License-Identifier: LGPL-2.1-or-later
// memory.events of a pod: how often it met a bound of its own. What a pod waits for memory because of that
// is its own fault and nobody else's. For as long, and of an online pod, memory.stat too, for people.
#pragma once

#include "agent/observe/kept_file.h"
#include "agent/observe/memory_stat.h"
#include "colod/pod.h"

struct memory_events {
	int fd;
	int64_t until_us; /* it is kept open and read */
	bool online;	  /* memory.stat is wanted */
	struct memory_stat stat;
};

void memory_events_init(struct memory_events *events);
void memory_events_close(struct memory_events *events);

/* Reads it into *sample, whose pressure is there: while the pod waits for memory at all, against its sample
 * before (`last`, or NULL), and for ten seconds more. A pod that waits for nothing costs no read. The bounds of
 * the containers count, too: the file sums up what is below. A pod that is gone is no error. *memory is what memory_stat_read()
 * makes of it, or nothing known. */
void memory_events_read(struct memory_events *events, struct kept_reader *reader, int cgroup_fd,
			const struct pod *pod, const struct pod_sample *last,
			struct pod_sample *sample, struct pod_memory *memory);
