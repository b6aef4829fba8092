// SPDX-License-Identifier: LGPL-2.1-or-later
// Why one pod is treated as it is, as lines for people: the answer of the D-Bus method Why.
#pragma once

#include <systemd/sd-bus.h>

#include "colod/snapshot.h"

/* The pod that `word` names best (agent/base/pod_ref.h). -ENOENT for none, -ENOTUNIQ when several
 * fit equally well. */
int bus_why_pick(const struct snapshot *snapshot, const char *word, const struct pod **ret_pod);

/* The same for a caller on the bus: no pod, several, or a word that is too long become *error. 0 or
 * what a handler returns then. */
int bus_why_find(const struct snapshot *snapshot, const char *word, const struct pod **ret_pod,
		 sd_bus_error *error);

/* Appends the lines as an array of strings. 0 or -errno. */
int bus_why_append(sd_bus_message *reply, const struct snapshot *snapshot, const struct pod *pod);
