// SPDX-License-Identifier: LGPL-2.1-or-later
// Numbers of the node on the manager object: NPods, and Lendable. Registered by bus.c.
#pragma once

#include <systemd/sd-bus.h>

#include "agent/serve/bus.h"

/* `userdata` of both is the struct bus. */
int bus_node_get_n_pods(sd_bus *sdbus, const char *path, const char *interface,
			const char *property, sd_bus_message *reply, void *userdata,
			sd_bus_error *error);
/* ("cpu" in thousandths of a CPU, "memory" in bytes; how much offline work may be promised now; state of the sum); empty until
 * something was worked out. */
int bus_node_get_lendable(sd_bus *sdbus, const char *path, const char *interface,
			  const char *property, sd_bus_message *reply, void *userdata,
			  sd_bus_error *error);

/* To notice that Lendable changed. */
uint64_t bus_node_lendable_hash(const struct snapshot *snapshot);
