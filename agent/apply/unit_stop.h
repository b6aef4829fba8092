// SPDX-License-Identifier: LGPL-2.1-or-later
// Stops a systemd unit as `systemctl stop` would: by its own stop logic, and it stays stopped.
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "colod/evict.h"

/* Whether the cgroup with this path is a unit that systemd stops; a container's scope is its runtime's. */
bool unit_stop_fits(const char *path);

/* Asks; the answer comes to `fn` with *ret_slot, which the caller unrefs and which gives it up. 0 or -errno. */
int unit_stop(sd_bus *bus, const char *path, sd_bus_message_handler_t fn, void *context,
	      sd_bus_slot **ret_slot);

/* What an answer says, in the words of an eviction. */
enum evict_answer unit_stop_answer(sd_bus_message *reply, char why[EVICT_WHY_SIZE]);
