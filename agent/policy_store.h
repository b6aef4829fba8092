// SPDX-License-Identifier: LGPL-2.1-or-later
// The last good policy, kept in /var/lib/colod: with broken files at a start it is in force until they
// are mended, instead of none.
#pragma once

#include "agent/policy_files.h"
#include "colod/policy.h"

#define POLICY_STORE_FILE "var/lib/colod/last-good.yaml"

/* Keeps a policy that is in force now, in place of the one kept before; an equal one costs a read. 0 or
 * -errno; then what was kept before stays. */
int policy_store_save(int root_fd, const struct policy *policy);

/* 0 and the policy, which the caller frees, after its text went to `on_source` (may be NULL); -ENOENT: none is kept; -EBADMSG: what is there is cut or was
 * changed by somebody, and is not used; another -errno. */
int policy_store_load(int root_fd, policy_files_fn on_source, void *context,
		      struct policy **ret_policy);
