// SPDX-License-Identifier: LGPL-2.1-or-later
// The parts of `coloctl policy`: all but `why` read the policy files themselves and need no daemon.
#pragma once

#include "agent/ctl/ctl.h"

/* CTL_OK where the files are a good policy, after its warnings on ctl->err (not with --json); else what
 * `check` says of them, as it says it. */
int verb_policy_good(const struct ctl *ctl, const char *const *files, size_t n_files);

/* check [FILE…]: every message, then one line of what the policy holds. 0, or 1 with an error. */
int verb_policy_check(const struct ctl *ctl, const char *const *files, size_t n_files);

/* show [FILE…]: the effective policy, each value with the file and line it came from. */
int verb_policy_show(const struct ctl *ctl, const char *const *files, size_t n_files);

/* explain KEY: what the key means, takes and writes. */
int verb_policy_explain(const struct ctl *ctl, const char *key);

/* The JSON Schema of a policy file, from the reader's own tables. */
int verb_policy_schema(const struct ctl *ctl);

/* why POD: how the rules of the policy in force led to the pod's level. Asks the agent. */
int verb_policy_why(const struct ctl *ctl, const char *word);

/* The same from the agent's answer, ctl->doc. */
int verb_policy_why_show(const struct ctl *ctl);
