// SPDX-License-Identifier: LGPL-2.1-or-later
// Method Evict of the manager object: an eviction that somebody orders. It answers when whoever was asked (the API
// server, systemd, the kernel) has, or after a few seconds without. Registered by bus.c.
#pragma once

#include <stdint.h>
#include <systemd/sd-bus.h>

#include "agent/serve/bus.h"

/* As many as the agent may have under way, and a few that are answered with the next pass. */
#define BUS_EVICT_MAX 8
#define BUS_EVICT_WAIT_US 10000000

/* Zeroed: nobody waits. */
struct bus_evict {
	struct bus_evict_waiting {
		sd_bus_message *call; /* referenced; NULL: free */
		uint64_t serial;      /* of the pod */
		int64_t until_us;     /* CLOCK_BOOTTIME */
	} waiting[BUS_EVICT_MAX];
};

/* `userdata` is the struct bus. */
int bus_evict(sd_bus_message *call, void *userdata, sd_bus_error *error);

/* After a pass: answers those of whom it is known by now, or who have waited for long enough. */
void bus_evict_look(struct bus_evict *evict, const struct bus_ops *ops, int64_t now_us);

/* Tells those who wait that nobody will answer any more. */
void bus_evict_done(struct bus_evict *evict);
