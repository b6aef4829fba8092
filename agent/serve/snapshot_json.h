// SPDX-License-Identifier: LGPL-2.1-or-later
// The snapshot as one JSON document: what coloctl, `colod --once --json` and D-Bus Dump show. The
// text forms come from policy/, so that every place prints the same words.
//
// Keys come in a fixed order. Numbers are integers with their unit in the key; what is not known is
// null, never 0. Knob values are text as the kernel shows it ("100", "20000 20000", "max").
#pragma once

#include <cjson/cJSON.h>

#include "colod/snapshot.h"

/* A tree that the caller frees with cJSON_Delete(), or NULL without memory. Sections: "node",
 * "status", "policy", "pods" (with level, rule, facts, knobs now/want/original/reason, score,
 * use), "classes" (knobs of classes), "plan", "changes", "doctor", "ladder", "floor". A part of the snapshot
 * that is NULL (nothing was seen yet) gives an empty section. Print it with
 * cJSON_PrintUnformatted(): numbers above 10^15 are raw items, which have no value in the tree. */
cJSON *snapshot_json(const struct snapshot *snapshot);
