// SPDX-License-Identifier: LGPL-2.1-or-later
// A pod in a fake tree, sample by sample, for what is read of it while it waits for memory.
#pragma once

#include "agent/observe/memory_events.h"
#include "tests/lib/fake.h"

struct memory_events_case {
	char *dir;
	int root_fd, cgroup_fd;
	struct fake f;
	struct pod *pod;
	struct kept_reader reader;
	struct memory_events events;
	struct pod_sample last, sample;
	struct pod_memory memory;
};

/* At one second, of which nothing was waited. 0 or negative. */
int memory_events_case_open(struct memory_events_case *c);
void memory_events_case_close(struct memory_events_case *c);

/* A file of its cgroup, as the kernel has it from now on. */
void memory_events_case_put(struct memory_events_case *c, const char *file, const char *text);

/* Some time later, having waited so much of it; how many files were read. */
uint64_t memory_events_case_later(struct memory_events_case *c, int64_t us, uint64_t waited_us);
