// SPDX-License-Identifier: LGPL-2.1-or-later
// coloctl incidents, and incidents show N, as people read them.
#pragma once

#include "agent/ctl/ctl.h"

/* The table, from "incidents" of the document. */
int incident_show_all(const struct ctl *ctl);

/* One, from "incident" of the document: "summary" and "scene". */
int incident_show_one(const struct ctl *ctl);
