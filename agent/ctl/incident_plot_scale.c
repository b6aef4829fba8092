// SPDX-License-Identifier: LGPL-2.1-or-later
// See incident_plot_scale.h.
#include "agent/ctl/incident_plot_scale.h"

int64_t incident_plot_scale_x(const struct plot *p, int64_t ms)
{
	int64_t first = p->from_ms[0], last = p->to_ms[p->n - 1];

	if (ms < first)
		ms = first;
	if (ms > last)
		ms = last;
	return PLOT_LEFT + (PLOT_RIGHT - PLOT_LEFT) * (ms - first) / (last - first);
}

int64_t incident_plot_scale_y(int64_t value, int64_t top, int64_t y_top, int64_t y_bottom)
{
	if (value > top)
		value = top;
	return y_bottom - (y_bottom - y_top) * (value < 0 ? 0 : value) / top;
}

int64_t incident_plot_scale_step(int64_t top, int64_t unit)
{
	int64_t step = unit;

	while (top / step > 8 && step < INT64_MAX / 10) {
		if (top / (step * 2) <= 8)
			return step * 2;
		if (top / (step * 5) <= 8)
			return step * 5;
		step *= 10;
	}
	return step;
}
