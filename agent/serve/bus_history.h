// SPDX-License-Identifier: LGPL-2.1-or-later
// The method History of the manager object: records of the history, filtered, as JSON in a sealed memory
// file.
#pragma once

#include <systemd/sd-bus.h>

#include "colod/snapshot.h"

/* Reads the arguments (t since_us, s kinds, s pod or cgroup, u max) and replies. */
int bus_history(sd_bus_message *call, const struct snapshot *snapshot, sd_bus_error *error);
