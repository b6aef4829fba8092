// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds and opens the policy files; what they mean is policy/read.c's business.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "colod/diag.h"
#include "colod/policy.h"
#include "policy/read.h"

/* Reads `files` (paths of the caller's own file system, the whole policy) or, when n_files is 0, the
 * built-in default profile and every *.yaml of /usr/lib/colod/policy.d, /etc/colod/policy.d and
 * /run/colod/policy.d below root_fd: order by name, of equal names the later directory wins. The
 * built-in profile has the name 00-default.yaml and comes before all directories. A name that is a
 * link to /dev/null hides the files of this name in earlier directories.
 * 0; -EINVAL with messages in *diags; another -errno when a file could not be read (also a
 * message). *diags is reset. */
int policy_files_read(int root_fd, const char *const *files, size_t n_files, struct diags *diags,
		      struct policy **ret_policy);

/* Which node the policy is for, beside what is in files below root_fd; NULL: nothing more is known. */
struct policy_files_node {
	bool nowhere; /* for none: what would hold only on some nodes is left out */
	/* What /etc/colod/node-labels does not say. NULL: not known, and labels_why (may be NULL) is
	 * the reason; borrowed. */
	const struct node_labels *labels;
	const char *labels_why;
	bool labels_told; /* /run/colod/node-labels counts, where an agent that was told left them */
	uint32_t probed;  /* as in struct policy_node */
	uint32_t capabilities; /* the same */
};

/* The same, and hands the files of a policy that was accepted to `on_sources` while they are in
 * memory. */
typedef void (*policy_files_fn)(void *context, const struct policy_source *sources, size_t n);
int policy_files_read_to(int root_fd, const char *const *files, size_t n_files,
			 const struct policy_files_node *on, struct diags *diags,
			 policy_files_fn on_sources, void *context, struct policy **ret_policy);

/* The same with files that are in memory already; *diags must be zeroed. */
int policy_files_read_text(int root_fd, const struct policy_source *sources, size_t n_sources,
			   const struct policy_files_node *on, struct diags *diags,
			   struct policy **ret_policy);

/* A number that changes when a file of the directories or /etc/colod/node-labels comes, goes, or is written (identity, size and
 * times; nothing is read). Never 0. */
uint64_t policy_files_stamp(int root_fd);
