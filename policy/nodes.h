// SPDX-License-Identifier: LGPL-2.1-or-later
// Files of a policy that hold only on some nodes: what a file asks of its node, and whether this node is
// one. Pure.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "policy/reader.h"

#define NODES_TEXT_SIZE 254 /* RFC 1123, and a NUL */

/* What `nodes` of a file says; all of it must hold. */
struct nodes {
	char host[NODES_TEXT_SIZE]; /* a glob; "": any */
	char seed[NODES_TEXT_SIZE]; /* which nodes the first percent are */
	uint32_t permille;	    /* of all nodes; 1000: all */
};

extern const struct reader_key nodes_keys[];

/* Whether the file holds here; `node` NULL: everywhere. Otherwise *ret_why (NODES_WHY_SIZE bytes) is a
 * phrase that says why not. What is not known of the node is no reason to hold. */
#define NODES_WHY_SIZE 640
bool nodes_hold(const struct nodes *nodes, const struct policy_node *node, char *ret_why);

/* 0..999: a node's place among all, the same for ever, and another one for another seed. */
uint32_t nodes_place(const char *machine_id, const char *seed);
