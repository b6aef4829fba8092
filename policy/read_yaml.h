// SPDX-License-Identifier: LGPL-2.1-or-later
// YAML text as a tree of nodes that know where they stand. Knows YAML, not what a policy is.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "colod/diag.h"
#include "policy/read.h"

/* Deeper than any policy, shallow enough for recursion. */
#define READ_YAML_DEPTH_MAX 12
/* Keeps the search for duplicate keys short whatever the file holds. */
#define READ_YAML_NODES_MAX 16384

enum read_node_kind {
	READ_SCALAR,
	READ_SEQUENCE,
	READ_MAPPING,
	READ_REFUSED, /* already reported (an alias, a tag …): users skip it without a word */
};

/* Line and column as libyaml counts them, from 0; the column is in characters. */
struct read_mark {
	uint32_t source; /* index into the sources, plus one; 0: no place */
	uint32_t line;
	uint32_t column;
};

struct read_node {
	enum read_node_kind kind;
	struct read_mark mark;
	/* Scalars: where the text begins on the line of `mark`, or before it (column of `mark`)
	 * when the characters of the file are not those of the text (escapes, several lines). */
	uint32_t text_column;
	bool exact;	       /* text[i] stands at text_column + i */
	char *text;	       /* scalars only; owned */
	struct read_node *key; /* in a mapping: a scalar or REFUSED; owned */
	struct read_node *first_child;
	struct read_node *next;
};

/* Parses sources[index]. 0 with the root node, which the caller frees; -EINVAL with the reasons in
 * *diags when no tree could be made; -ENOMEM. Anchors, aliases, tags, complex and duplicate keys
 * and values with a NUL are reported, left out or REFUSED, and the rest is still returned: the
 * caller compares diags->n_errors. Refused as a whole: more than POLICY_FILE_MAX_BYTES, text that
 * is not UTF-8, control characters, no content, several documents, a tree too deep or too large. */
int read_yaml(const struct policy_source *sources, size_t index, struct diags *diags,
	      struct read_node **ret_root);

/* The value of a key, or NULL. */
const struct read_node *read_yaml_child(const struct read_node *mapping, const char *key);

/* Accepts NULL. */
void read_yaml_free(struct read_node *node);

/* Adds a message at `chars` characters after a mark. */
void read_yaml_report(const struct policy_source *sources, const struct read_mark *mark,
		      size_t chars, struct diags *diags, enum diag_severity severity,
		      const char *text, const char *hint);
