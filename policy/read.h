// SPDX-License-Identifier: LGPL-2.1-or-later
// From YAML bytes to a checked policy, or to messages that name file, line and column. Reads
// memory only; who opens the files is agent/policy_files.c.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "colod/diag.h"
#include "colod/policy.h"

#define POLICY_FILE_MAX_BYTES (256 * 1024)
#define POLICY_FILES_MAX 64

struct node_labels;

struct policy_source {
	const char *name; /* as shown in messages */
	const char *text;
	size_t len;
};

/* What a file may ask of the node it is read on. */
struct policy_node {
	bool nowhere;			  /* there is none: files with `nodes` do not hold */
	char host[254];			  /* "" where it is not known */
	char machine_id[64];		  /* the same */
	const struct node_labels *labels; /* NULL: not known, and labels_why says why not */
	const char *labels_why;		  /* may be NULL */
	uint32_t probed;       /* 1 << enum capability: what was looked for, 0 for nothing … */
	uint32_t capabilities; /* … and what of that is there */
};

/* policy_read() on a node: a file whose `nodes` do not hold there is checked like any other, and left
 * out of the policy. `node` NULL: every file holds. */
int policy_read_on(const struct policy_node *node, const struct policy_source *sources,
		   size_t n_sources, struct diags *diags, struct policy **ret_policy);

/* Merges the sources in order (a later file's mode, facts, level fields and pressure win over an
 * earlier one's; its assign rules come before the earlier ones') over the built-in rules, and
 * checks the whole. All errors of all files are collected in *diags (which the caller zeroes).
 * 0 and a policy that the caller frees with policy_free(); -EINVAL with diags->n_errors > 0;
 * -ENOMEM. No sources: the policy of policy_none(). */
int policy_read(const struct policy_source *sources, size_t n_sources, struct diags *diags,
		struct policy **ret_policy);

/* Of the files that may yet turn out to hold here the first one's reason; NULL: there is none. With one, the
 * policy is not complete: what it allows may be what that file forbids. */
const char *policy_waits(const struct policy *policy);

/* No good policy at all: mode observe, facts from the cgroup tree, no rule. NULL without memory. */
struct policy *policy_none(void);

/* Accepts NULL and half-built objects. */
void policy_free(struct policy *policy);
