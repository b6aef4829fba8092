// SPDX-License-Identifier: LGPL-2.1-or-later
// Why one pod is treated as it is, as lines for people: the answer of the D-Bus method Why.
#pragma once

#include <systemd/sd-bus.h>

#include "colod/snapshot.h"

/* The pod that `word` names best (agent/base/pod_ref.h). -ENOENT for none, -ENOTUNIQ when several
 * fit equally well. */
int bus_why_pick(const struct snapshot *snapshot, const char *word, const struct pod **ret_pod);

/* Appends the lines as an array of strings. 0 or -errno. */
int bus_why_append(sd_bus_message *reply, const struct snapshot *snapshot, const struct pod *pod);
