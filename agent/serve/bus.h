// SPDX-License-Identifier: LGPL-2.1-or-later
// D-Bus service io.colod.Agent1: what the last pass saw, decided and did. Reads the snapshot and
// calls back for the few requests that change something; no logic in handlers.
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <systemd/sd-bus.h>

#include "colod/snapshot.h"

struct bus;

struct bus_ops {
	void *context;
	const struct snapshot *(*snapshot)(void *context);
	/* 0 or -EINVAL: the new policy was rejected */
	int (*reload)(void *context, const struct history_caller *caller);
};

/* Registers the object tree and asks for the name on `bus` (borrowed), which the caller attaches
 * to its loop. A taken name is -EEXIST. 0 or -errno. */
int bus_new(sd_bus *sdbus, const struct bus_ops *ops, struct bus **ret_bus);
void bus_free(struct bus *bus);

/* After a pass: emits InterfacesAdded/Removed for pods, RungChanged, PropertiesChanged for what changed. */
void bus_publish(struct bus *bus);

/* Introspection XML of the manager and of a pod object, for `colod --bus-introspect`. */
int bus_introspect(FILE *out);
