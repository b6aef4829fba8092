// SPDX-License-Identifier: LGPL-2.1-or-later
// memory.stat of an online pod. The kernel sums up every counter of the subtree for it, so that it is read while the pod waits for
// memory alone (agent/observe/memory_events.h), and once a second.
#pragma once

#include "agent/observe/kept_file.h"
#include "colod/pod.h"
#include "policy/kernel_text.h"

struct memory_stat {
	int fd;
	int64_t read_us;		/* 0: not yet */
	struct kernel_text_memory last; /* what was read then */
};

void memory_stat_init(struct memory_stat *stat);
void memory_stat_close(struct memory_stat *stat);

/* Nobody wants to know: closed, and nothing is known. */
void memory_stat_rest(struct memory_stat *stat, struct pod_memory *memory);

/* Once a second; *memory is untouched in between. What grew is not known after the first time and after a gap of some seconds; where
 * the file cannot be read nothing is. A pod that is gone is no error. */
void memory_stat_read(struct memory_stat *stat, struct kept_reader *reader, int cgroup_fd,
		      const struct pod *pod, int64_t now_us, struct pod_memory *memory);
