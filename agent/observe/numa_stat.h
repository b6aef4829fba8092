// SPDX-License-Identifier: LGPL-2.1-or-later
// What of a pod lies on some memory nodes (memory.numa_stat). The kernel sums up the whole pod for it: read only while these nodes
// run short, and of each pod once a second.
#pragma once

#include "agent/observe/kept_file.h"
#include "colod/model.h"
#include "colod/pod.h"
#include "colod/sample.h"

/* Into *there, where it is due. A pod that is gone, or cannot be read, has nothing measured. */
void numa_stat_read(struct kept_reader *reader, int cgroup_fd, const struct pod *pod,
		    uint64_t nodes, int64_t now_us, struct memory_there *there);

/* Room for as many pods as there are slots, on a machine of several memory nodes. 0 or -ENOMEM. */
int numa_stat_grow(struct samples *samples, const struct node *node);
