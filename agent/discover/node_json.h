// SPDX-License-Identifier: LGPL-2.1-or-later
// What the API server says of a node (a v1 Node, or its metadata alone) to the node's labels. Reads memory
// only.
#pragma once

#include <stddef.h>

#include "policy/node_labels.h"

/* 0; -EBADMSG for what is not JSON, -EINVAL for JSON that is no node of this name or whose labels are not
 * labels (one that is left out would read as one that is not there), -E2BIG, -ENOMEM. */
int node_json_parse(const char *text, size_t len, const char *name,
		    struct node_labels **ret_labels);
