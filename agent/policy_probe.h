// SPDX-License-Identifier: LGPL-2.1-or-later
// What a policy may need of this kernel, looked up without an agent.
#pragma once

#include <stdint.h>

#include "colod/model.h"

/* What `policy check` may ask of a node (see policy/check_node.c). */
#define POLICY_PROBE_FILES                                                                         \
	(1u << CAPABILITY_PSI | 1u << CAPABILITY_CPU | 1u << CAPABILITY_CPU_IDLE |                 \
	 1u << CAPABILITY_CPU_MAX | 1u << CAPABILITY_MEMORY | 1u << CAPABILITY_RECURSIVE_PROT |    \
	 1u << CAPABILITY_IO | 1u << CAPABILITY_IO_WEIGHT | 1u << CAPABILITY_IO_MAX |              \
	 1u << CAPABILITY_IO_COST)
/* … and of the agent itself, which has rights that whoever checks may lack. */
#define POLICY_PROBE_ALL (POLICY_PROBE_FILES | 1u << CAPABILITY_PSI_TRIGGER)

/* Which of POLICY_PROBE_FILES are there, by the agent's own probe. 0, or -errno with a sentence in
 * *ret_why where there is no cgroup2 tree below root_fd. */
int policy_probe(int root_fd, uint32_t *ret_capabilities, const char **ret_why);
