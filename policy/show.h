// SPDX-License-Identifier: LGPL-2.1-or-later
// The effective policy as YAML that reads back as the same policy, each value with the file and line it
// came from; and what of it this version does not act on.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "colod/policy.h"

/* Gets the text piece by piece. */
typedef void (*show_put)(void *context, const char *text);

/* With `origins` each line ends in a comment: the file and line, "default", or that this version does
 * not act on it. 0 or -ENOMEM. */
int show_policy(const struct policy *policy, bool origins, show_put put, void *context);

/* A number that is the same for policies that mean the same, however they are spread over files and
 * commented: tells nodes with different policies apart, and is no proof against forgery. */
uint64_t show_digest(const struct policy *policy);

/* Calls back for each key and each pressure step that is accepted and not acted on yet, in the order in
 * which the policy is shown. `what` is "levels.P7.memory.oom" or "pressure: freeze". */
typedef void (*show_unenforced_fn)(void *context, const char *what, const char *file,
				   uint32_t line);
size_t show_unenforced(const struct policy *policy, show_unenforced_fn fn, void *context);
