// SPDX-License-Identifier: LGPL-2.1-or-later
// The part of the manager object by which people order something for one pod: methods SetLevel, Squeeze, Freeze,
// Thaw and Release, property Orders. Registered by bus.c.
#pragma once

#include <systemd/sd-bus.h>

#include "agent/serve/bus.h"

/* `userdata` of all of them is the struct bus. */
int bus_manual_set_level(sd_bus_message *call, void *userdata, sd_bus_error *error);
int bus_manual_squeeze(sd_bus_message *call, void *userdata, sd_bus_error *error);
int bus_manual_freeze(sd_bus_message *call, void *userdata, sd_bus_error *error);
int bus_manual_thaw(sd_bus_message *call, void *userdata, sd_bus_error *error);
int bus_manual_release(sd_bus_message *call, void *userdata, sd_bus_error *error);

/* Orders: (pod, cgroup, kind, level or "", until (CLOCK_BOOTTIME), sentence). */
int bus_manual_get_orders(sd_bus *sdbus, const char *path, const char *interface,
			  const char *property, sd_bus_message *reply, void *userdata,
			  sd_bus_error *error);

/* To notice that it changed. */
uint64_t bus_manual_hash(const struct snapshot *snapshot);
