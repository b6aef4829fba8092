// SPDX-License-Identifier: LGPL-2.1-or-later
// The pod objects on the bus: /io/colod/Agent1/pod/<UID, or cgroup path where there is no UID>. Keeps
// the list of what has been announced, because sd-bus asks for an object's interfaces once more
// while its removal is announced, when the pod itself is gone already.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "agent/serve/bus.h"

struct bus_pod;

struct bus_pods {
	sd_bus *sdbus;		   /* borrowed */
	const struct bus_ops *ops; /* borrowed */
	struct bus_pod **list;	   /* by pod->slot, NULL where no pod is; owned */
	size_t n;
	uint64_t sweep;
	sd_bus_slot *objects;
	sd_bus_slot *enumerator;
	sd_bus_slot *manager;
};

/* Registers the fallback vtable, the enumerator and the ObjectManager. 0 or -errno. The struct
 * must not move until bus_pod_unregister(), which accepts a zeroed one. */
int bus_pod_register(struct bus_pods *pods, sd_bus *sdbus, const struct bus_ops *ops);
void bus_pod_unregister(struct bus_pods *pods);

/* Brings the list in line with the model. `emit`: says InterfacesAdded, InterfacesRemoved and
 * PropertiesChanged. Without a change it allocates nothing. 0 or -ENOMEM; a lost bus is no
 * error. */
int bus_pod_sync(struct bus_pods *pods, bool emit);

/* The object path of a pod that was there at the last sync, or "/". Owned by the list. */
const char *bus_pod_path(const struct bus_pods *pods, const struct pod *pod);
