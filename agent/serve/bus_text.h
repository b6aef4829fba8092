// SPDX-License-Identifier: LGPL-2.1-or-later
// Text into D-Bus messages. A bus daemon throws out a sender whose strings are not UTF-8, and
// names from the machine may have been cut in the middle of a character.
#pragma once

#include <stdint.h>
#include <systemd/sd-bus.h>

#include "agent/serve/bus.h"

#define BUS_NAME "io.colod.Agent1"
#define BUS_PATH "/io/colod/Agent1"
#define BUS_POD_PREFIX BUS_PATH "/pod"
#define BUS_MANAGER_INTERFACE "io.colod.Agent1.Manager"
#define BUS_POD_INTERFACE "io.colod.Agent1.Pod"
#define BUS_ERROR_NO_SUCH_POD "io.colod.Agent1.Error.NoSuchPod"
#define BUS_ERROR_AMBIGUOUS_POD "io.colod.Agent1.Error.AmbiguousPod"
#define BUS_ERROR_NO_SUCH_INCIDENT "io.colod.Agent1.Error.NoSuchIncident"
#define BUS_ERROR_NOTHING_YET "io.colod.Agent1.Error.NothingYet"
#define BUS_ERROR_NOT_ALLOWED "io.colod.Agent1.Error.NotAllowed"
#define BUS_ERROR_REFUSED "io.colod.Agent1.Error.Refused"
#define BUS_ERROR_POLICY_REJECTED "io.colod.Agent1.Error.PolicyRejected"

/* Appends one string; NULL is "". 0 or -errno. */
int bus_text_append(sd_bus_message *message, const char *text);

/* printf-like. */
int bus_text_appendf(sd_bus_message *message, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* To notice that a text changed without keeping it. NULL is "". */
uint64_t bus_text_hash(const char *text);

/* Introspected, and registered, as they stand here. */
extern const sd_bus_vtable bus_manager_vtable[];
extern const sd_bus_vtable bus_pod_vtable[];
