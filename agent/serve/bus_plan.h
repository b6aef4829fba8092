// SPDX-License-Identifier: LGPL-2.1-or-later
// The method GetPlan of the manager object: every knob of the plan, as it is and as it should be, and why.
#pragma once

#include <systemd/sd-bus.h>

#include "agent/serve/bus.h"

/* `userdata` is the struct bus. */
int bus_plan(sd_bus_message *call, void *userdata, sd_bus_error *error);
