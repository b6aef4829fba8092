// SPDX-License-Identifier: LGPL-2.1-or-later
// CPUs, cores, caches, NUMA nodes and memory of the machine, read at start and when CPUs come or go.
#pragma once

#include <stdbool.h>

#include "colod/model.h"

/* Reads below the root fd. Without SMT or NUMA (not readable, or switched off) every CPU is a core,
 * and there is one node. *ret_smt and *ret_numa say what was readable. 0; -ENODATA when nothing says
 * how many CPUs or how much memory there is; -ENOMEM. */
int topology_read(int root_fd, bool use_smt, bool use_numa, struct node *ret_node, bool *ret_smt,
		  bool *ret_numa);
