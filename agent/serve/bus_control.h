// SPDX-License-Identifier: LGPL-2.1-or-later
// The part of the manager object that says how far colod goes and who lowered it: properties Modes
// and ModeSources, methods SetMode, Pause and Resume. Registered by bus.c.
#pragma once

#include <systemd/sd-bus.h>

#include "agent/serve/bus.h"

/* `userdata` of all of them is the struct bus. */
int bus_control_set_mode(sd_bus_message *call, void *userdata, sd_bus_error *error);
int bus_control_pause(sd_bus_message *call, void *userdata, sd_bus_error *error);
int bus_control_resume(sd_bus_message *call, void *userdata, sd_bus_error *error);
int bus_control_get_modes(sd_bus *sdbus, const char *path, const char *interface,
			  const char *property, sd_bus_message *reply, void *userdata,
			  sd_bus_error *error);

/* Rungs: (resource, rung, why it is there). */
int bus_control_get_rungs(sd_bus *sdbus, const char *path, const char *interface,
			  const char *property, sd_bus_message *reply, void *userdata,
			  sd_bus_error *error);
/* RungTimes: (resource, since when, until when at least, until when at most), CLOCK_BOOTTIME; 0: not known. */
int bus_control_get_rung_times(sd_bus *sdbus, const char *path, const char *interface,
			       const char *property, sd_bus_message *reply, void *userdata,
			       sd_bus_error *error);
int bus_control_get_sources(sd_bus *sdbus, const char *path, const char *interface,
			    const char *property, sd_bus_message *reply, void *userdata,
			    sd_bus_error *error);

/* To notice that one of the two properties changed. */
uint64_t bus_control_hash(const struct snapshot *snapshot);
