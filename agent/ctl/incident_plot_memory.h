// SPDX-License-Identifier: LGPL-2.1-or-later
// The field of the victim's memory in the plot of an incident for want of it, below how it waited. Each of these draws nothing in
// another one, and where nothing of it was measured.
#pragma once

#include "agent/ctl/incident_plot_scale.h"

/* After the times, and before the fields below it. */
void incident_plot_memory_read(struct plot *p);

/* While the victim was hurt, behind everything. */
void incident_plot_memory_hurt(const struct plot *p, int64_t from_x, int64_t to_x);

/* What was not measured; how many points of it. */
size_t incident_plot_memory_gaps(const struct plot *p);

/* What it is made of, stacked, what was read again, the scale and the legend. */
void incident_plot_memory_put(const struct plot *p);

/* Something was done there. */
void incident_plot_memory_mark(const struct plot *p, int64_t x, const char *style);
