// SPDX-License-Identifier: LGPL-2.1-or-later
// The part of the manager object that explains the policy: methods PolicyWhy and PlanPolicy. Both
// only read.
#pragma once

#include <systemd/sd-bus.h>

#include "agent/serve/bus.h"
#include "colod/snapshot.h"

/* Reads the argument (s pod) and answers with policy_why_json() in a sealed memory file. */
int bus_policy_why(sd_bus_message *call, const struct snapshot *snapshot, sd_bus_error *error);

/* Reads the argument (a(ss) files, each its name and its text; together the whole policy) and answers
 * with what_if_json() in a sealed memory file. */
int bus_policy_plan(sd_bus_message *call, const struct bus_ops *ops, sd_bus_error *error);
