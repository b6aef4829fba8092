// SPDX-License-Identifier: LGPL-2.1-or-later
// Every value of a policy as its author wrote it, with the file and line it came from: what
// `policy show` prints and `policy check` counts. Nothing here is acted on.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "colod/policy.h"
#include "policy/read_yaml.h"

/* Remembers what a key was set to. The value of a later file takes the place of an earlier one's;
 * what stood below or above the same key (`squeeze: none` after `squeeze: {…}`) goes with it.
 * 0 or -ENOMEM. */
int values_set(struct policy *policy, const char *path, const struct read_node *node,
	       bool unenforced);

/* The value at this path, or NULL. */
const struct policy_value *values_find(const struct policy *policy, const char *path);

/* The node as YAML on one line, quoted where it must be; the caller frees *ret_text. 0 or -ENOMEM. */
int values_text(const struct read_node *node, char **ret_text);

/* `text` as one YAML scalar that reads back as the same text. Same ownership. */
int values_scalar(const char *text, char **ret_text);

/* The names of the files, for policy_value.file. 0 or -ENOMEM. */
int values_set_files(struct policy *policy, const struct policy_source *sources, size_t n);

void values_done(struct policy *policy);
