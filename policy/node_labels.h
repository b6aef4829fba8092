// SPDX-License-Identifier: LGPL-2.1-or-later
// The labels of this node, as Kubernetes gives nodes labels: for files of a policy that hold only on some.
// Where they come from is the agent's business. Pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "colod/pod.h"

#define NODE_LABELS_MAX 512
#define NODE_LABELS_FILE_MAX_BYTES (256 * 1024)

struct node_labels {
	struct pod_label *list; /* owned */
	size_t n;
};

/* Accepts NULL. */
void node_labels_free(struct node_labels *labels);

/* Adds a copy. -EINVAL where key or value is none that Kubernetes would take, -EEXIST for a key that is
 * there already, -E2BIG behind NODE_LABELS_MAX, -ENOMEM; then nothing was added. */
int node_labels_add(struct node_labels *labels, const char *key, const char *value);

/* The value of a key, NULL: the node has no such label. Borrowed. */
const char *node_labels_get(const struct node_labels *labels, const char *key);

/* Whether both say the same, in whatever order; NULL is not known and the same as NULL alone. */
bool node_labels_same(const struct node_labels *a, const struct node_labels *b);

/* A text of lines key=value; empty ones and those that begin with # do not count. An empty text is a
 * node without labels. What node_labels_add() says of the first line that is none (*ret_line from 1),
 * -ENOMEM. Outputs untouched on success or failure respectively. */
int node_labels_parse(const char *text, size_t len, struct node_labels **ret_labels,
		      unsigned *ret_line);
