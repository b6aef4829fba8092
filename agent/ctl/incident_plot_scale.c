// SPDX-License-Identifier: LGPL-2.1-or-later
// See incident_plot_scale.h.
#include "agent/ctl/incident_plot_scale.h"

#include "agent/ctl/svg.h"

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

void incident_plot_scale_grid(const struct plot *p, int64_t y, const char *label)
{
	svg_line(p->out, PLOT_LEFT, y, PLOT_RIGHT, y, PLOT_GRID);
	svg_text(p->out, PLOT_LEFT - 60, y + 40, PLOT_SMALL " text-anchor=\"end\"", label, 16);
}

struct plot_field incident_plot_scale_field(struct plot *p)
{
	struct plot_field field = {.y_top = p->bottom + PLOT_FIELD_GAP,
				   .y_bottom = p->bottom + PLOT_FIELD_GAP + PLOT_FIELD_HEIGHT};

	p->bottom = field.y_bottom;
	return field;
}

void incident_plot_scale_line(const struct plot *p, const int64_t *values, int64_t top,
			      const struct plot_field *field, const char *style)
{
	bool open = false;

	for (size_t i = 0; i <= p->n; i++) {
		bool known = i < p->n && values[i] >= 0;
		int64_t y;

		if (known && !open)
			(void)fprintf(p->out, "<polyline fill=\"none\" %s points=\"", style);
		if (!known && open)
			(void)fputs("\"/>\n", p->out);
		open = known;
		if (!known)
			continue;
		y = incident_plot_scale_y(values[i], top, field->y_top, field->y_bottom);
		svg_point(p->out, incident_plot_scale_x(p, p->from_ms[i]), y);
		svg_point(p->out, incident_plot_scale_x(p, p->to_ms[i]), y);
	}
}

size_t incident_plot_scale_gaps(const struct plot *p, const bool *unseen,
				const struct plot_field *field)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++) {
		int64_t from = incident_plot_scale_x(p, p->from_ms[i]);

		if (!unseen[i])
			continue;
		/* In one piece: what is drawn side by side leaves a seam. */
		for (n++; i + 1 < p->n && unseen[i + 1]; n++)
			i++;
		incident_plot_scale_fill(p, field, from, incident_plot_scale_x(p, p->to_ms[i]),
					 PLOT_UNSEEN);
	}
	return n;
}

void incident_plot_scale_fill(const struct plot *p, const struct plot_field *field, int64_t from_x,
			      int64_t to_x, const char *style)
{
	svg_rect(p->out, from_x, field->y_top, to_x - from_x, field->y_bottom - field->y_top,
		 style);
}
