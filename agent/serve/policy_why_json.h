// SPDX-License-Identifier: LGPL-2.1-or-later
// How the rules of the policy in force led to the level of one pod, as JSON.
#pragma once

#include <cjson/cJSON.h>

#include "colod/snapshot.h"

#define POLICY_WHY_SCHEMA 1

/* A tree that the caller frees with cJSON_Delete(), or NULL without memory: the pod, its level, and
 * "rules" with each rule that was tried, in their order: file, line, level, outcome, the condition
 * that decided and what the pod has of it. snapshot->policy must not be NULL. */
cJSON *policy_why_json(const struct snapshot *snapshot, const struct pod *pod);
