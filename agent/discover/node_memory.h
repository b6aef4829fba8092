// SPDX-License-Identifier: LGPL-2.1-or-later
// What decides how much memory must stay free on this node: its memory nodes, the zones' watermarks, and the kubelet's
// hard eviction threshold.
#pragma once

#include "colod/model.h"

/* Sets memory_nodes, zones_high_bytes (0 where /proc/zoneinfo cannot be read), evict_hard_known and evict_hard_bytes of
 * *node, whose memory_bytes, page_bytes and n_numa are known. Read with each policy, the
 * first at the start, and when CPUs come or go: both change rarely. */
void node_memory_read(int root_fd, struct node *node);
