// SPDX-License-Identifier: LGPL-2.1-or-later
// Incidents on the manager object: GetIncidents (JSON of all summaries), GetIncident (two lines of JSON and a checksum,
// agent/incident_text.h), each as a file to be read, and the signals IncidentOpened and IncidentClosed.
#pragma once

#include <systemd/sd-bus.h>

#include "agent/serve/bus.h"

/* What was told so far, and who waits for a disk. */
#define BUS_INCIDENT_WAITS 8
struct bus_incident_wait;
struct bus_incident {
	uint64_t told;					     /* of their events */
	struct bus_incident_wait *waits[BUS_INCIDENT_WAITS]; /* NULL: free; owned */
};

/* `userdata` of both is the struct bus. */
int bus_incident_list(sd_bus_message *call, void *userdata, sd_bus_error *error);
int bus_incident_get(sd_bus_message *call, void *userdata, sd_bus_error *error);

/* What is there already is not told. */
void bus_incident_begin(struct bus_incident *told, const struct snapshot *snapshot);

/* Whoever waits is not answered any more. */
void bus_incident_done(struct bus_incident *told);

/* After a pass. */
void bus_incident_signal(struct bus_incident *told, sd_bus *sdbus, const struct snapshot *snapshot);
