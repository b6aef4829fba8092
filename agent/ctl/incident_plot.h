// SPDX-License-Identifier: LGPL-2.1-or-later
// coloctl incidents plot N: what the pods used, how long the victim waited, and what was done, over time, as an SVG.
#pragma once

#include <cjson/cJSON.h>
#include <stdio.h>

/* `incident` has the two lines of agent/incident_text.h as "summary" and "scene". 0; -ENODATA: it has no samples; -ENOMEM. */
int incident_plot(const cJSON *incident, FILE *out);
