// SPDX-License-Identifier: LGPL-2.1-or-later
// Incidents on the manager object: GetIncidents (JSON of all summaries), GetIncident (two lines of JSON and a checksum,
// agent/incident_text.h), each as a file to be read, and the signals IncidentOpened and IncidentClosed.
#pragma once

#include <systemd/sd-bus.h>

#include "agent/serve/bus.h"

/* What was told so far. */
struct bus_incident {
	uint64_t opened;		 /* the highest id */
	uint64_t closed[INCIDENTS_OPEN]; /* of each place the last id */
};

/* `userdata` of both is the struct bus. */
int bus_incident_list(sd_bus_message *call, void *userdata, sd_bus_error *error);
int bus_incident_get(sd_bus_message *call, void *userdata, sd_bus_error *error);

/* What is there already is not told. */
void bus_incident_begin(struct bus_incident *told, const struct snapshot *snapshot);

/* After a pass. */
void bus_incident_signal(struct bus_incident *told, sd_bus *sdbus, const struct snapshot *snapshot);
