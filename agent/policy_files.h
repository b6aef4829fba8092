// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds and opens the policy files; what they mean is policy/read.c's business.
#pragma once

#include <stddef.h>

#include "colod/diag.h"
#include "colod/policy.h"

/* Reads `files` (paths of the caller's own file system) or, when n_files is 0, every *.yaml of
 * /usr/lib/colod/policy.d, /etc/colod/policy.d and /run/colod/policy.d below root_fd: of equal
 * names the later directory wins, order by name. None found: the built-in default profile.
 * 0; -EINVAL with messages in *diags; another -errno when a file could not be read (also a
 * message). *diags is reset. */
int policy_files_read(int root_fd, const char *const *files, size_t n_files, struct diags *diags,
		      struct policy **ret_policy);
