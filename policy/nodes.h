// SPDX-License-Identifier: LGPL-2.1-or-later
// Files of a policy that hold only on some nodes: what a file asks of its node, and whether this node is
// one. Pure.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "policy/reader.h"

#define NODES_TEXT_SIZE 254 /* RFC 1123, and a NUL */
#define NODES_LABEL_SIZE 384

/* What `nodes` of a file says; all of it must hold. */
struct nodes {
	char host[NODES_TEXT_SIZE];   /* a glob; "": any */
	char seed[NODES_TEXT_SIZE];   /* which nodes the first percent are */
	uint32_t permille;	      /* of all nodes; 1000: all */
	char label[NODES_LABEL_SIZE]; /* "key", or "key=glob"; "": any node */
};

extern const struct reader_key nodes_keys[];

enum nodes_verdict {
	NODES_HOLD,
	NODES_NOT,
	NODES_WAIT, /* all else holds, and the node's labels are not known */
};

/* Whether the file holds here; `node` NULL: everywhere. Otherwise *ret_why (NODES_WHY_SIZE bytes) is a
 * phrase that says why not. A host or machine id that is not known is no reason to hold; of labels that
 * are not known yet nothing follows, neither that the file holds nor that it does not. */
#define NODES_WHY_SIZE 1024
enum nodes_verdict nodes_hold(const struct nodes *nodes, const struct policy_node *node,
			      char *ret_why);

/* 0..999: a node's place among all, the same for ever, and another one for another seed. */
uint32_t nodes_place(const char *machine_id, const char *seed);
