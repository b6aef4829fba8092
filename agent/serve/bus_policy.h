// SPDX-License-Identifier: LGPL-2.1-or-later
// The part of the manager object that explains the policy: method PolicyWhy. Reads only.
#pragma once

#include <systemd/sd-bus.h>

#include "colod/snapshot.h"

/* Reads the argument (s pod) and answers with policy_why_json() in a sealed memory file. */
int bus_policy_why(sd_bus_message *call, const struct snapshot *snapshot, sd_bus_error *error);
