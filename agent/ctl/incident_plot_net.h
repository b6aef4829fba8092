// SPDX-License-Identifier: LGPL-2.1-or-later
// The field of the network in the plot of an incident, the last one. Each of these draws nothing where nothing of the
// network was measured.
#pragma once

#include "agent/ctl/incident_plot_scale.h"

/* After the times, and the fields above it. */
void incident_plot_net_read(struct plot *p);

/* While the victim was hurt, behind everything. */
void incident_plot_net_hurt(const struct plot *p, int64_t from_x, int64_t to_x);

/* What was not measured; how many points of it. */
size_t incident_plot_net_gaps(const struct plot *p);

/* Its lines, scale and legend. */
void incident_plot_net_put(const struct plot *p);

/* Something was done there. */
void incident_plot_net_mark(const struct plot *p, int64_t x, const char *style);
