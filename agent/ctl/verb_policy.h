// SPDX-License-Identifier: LGPL-2.1-or-later
// The parts of `coloctl policy`: each reads the policy files itself and needs no daemon.
#pragma once

#include "agent/ctl/ctl.h"

/* check [FILE…]: every message, then one line of what the policy holds. 0, or 1 with an error. */
int verb_policy_check(const struct ctl *ctl, const char *const *files, size_t n_files);

/* show [FILE…]: the effective policy, each value with the file and line it came from. */
int verb_policy_show(const struct ctl *ctl, const char *const *files, size_t n_files);

/* explain KEY: what the key means, takes and writes. */
int verb_policy_explain(const struct ctl *ctl, const char *key);

/* The JSON Schema of a policy file, from the reader's own tables. */
int verb_policy_schema(const struct ctl *ctl);
