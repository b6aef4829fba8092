// SPDX-License-Identifier: LGPL-2.1-or-later
// What another policy would do, as JSON: the answer of the D-Bus method PlanPolicy.
#pragma once

#include <cjson/cJSON.h>

#include "colod/what_if.h"

#define WHAT_IF_SCHEMA 1

/* A tree that the caller frees with cJSON_Delete(), or NULL without memory: "good", "messages" (as
 * `coloctl policy check --json` has them), "waits" (why
 * it is not known whether all of it holds here, or null), and of a good policy that does not wait "changed" (it differs from the one in
 * force in what it does here), "mode", "modes", "notes", "pods", "changes". Numbers are integers;
 * knob values are text as the kernel shows it. */
cJSON *what_if_json(const struct what_if *what_if);
