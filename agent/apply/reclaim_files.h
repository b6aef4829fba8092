// SPDX-License-Identifier: LGPL-2.1-or-later
// What reclaim.c has to know before it asks for a slice, from the files of the node and of the cgroup.
#pragma once

#include <stddef.h>

#include "colod/cgroup.h"
#include "policy/reclaim.h"

#define RECLAIM_FILES_SIZE 16384

/* What cannot be read is taken for none: no free swap, no MGLRU. `text` is room for RECLAIM_FILES_SIZE bytes. */
struct reclaim_node reclaim_files_node(int root_fd, char *text);

/* R of the cgroup whose directory is dir_fd, as far as it lies on these memory nodes (0: on any). 0 or -errno, -EBADMSG for a memory.stat that says nothing. */
int reclaim_files_give(int cgroup_fd, int dir_fd, const struct cgroup *cgroup,
		       const struct reclaim_node *node, uint64_t nodes, char *text,
		       uint64_t *ret_bytes);
