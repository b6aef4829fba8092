// SPDX-License-Identifier: LGPL-2.1-or-later
// The meminfo files of the memory nodes, kept open: one read of each a sample, and none on a machine with one node. (Those of all
// nodes and zones together, /proc/zoneinfo, have a paragraph for each zone and CPU: 200 KiB on large machines.)
#pragma once

#include "agent/observe/kept_file.h"

struct memory_node_files {
	uint32_t n;
	struct {
		uint32_t id;
		int fd; /* negative where it cannot be opened */
	} list[MEMORY_NODES_MAX];
	int64_t retry_us;
};

/* Zeroed before the first use. */
void memory_node_files_close(struct memory_node_files *files);

/* Into *sample, whose at_us is now: memory_node and, where all of them could be read and understood, memory_nodes. What cannot be
 * opened is tried again in ten seconds. */
void memory_node_files_read(struct memory_node_files *files, struct kept_reader *reader,
			    int root_fd, const struct memory_nodes *nodes,
			    struct node_sample *sample);
