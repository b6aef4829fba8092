// SPDX-License-Identifier: LGPL-2.1-or-later
// See incident_plot_net.h.
#include "agent/ctl/incident_plot_net.h"

#include <inttypes.h>

#include "agent/ctl/doc.h"
#include "agent/ctl/svg.h"

#define KIB_MIB 1024
/* Lines of the scale are so many of a MiB apart. */
#define PARTS 100

static const struct {
	const char *role, *key, *title, *stroke;
} lines[PLOT_NET_LINES] = {
	{"online", "sent_kib_s", "online work sent", "stroke=\"#1f5fa8\" stroke-width=\"1.6\""},
	{"offline", "sent_kib_s", "offline work sent", "stroke=\"#d9731a\" stroke-width=\"1.6\""},
	{"online", "arrived_kib_s", "arrived for online work",
	 "stroke=\"#1f5fa8\" stroke-width=\"1.6\" stroke-dasharray=\"5 3\""},
	{"offline", "arrived_kib_s", "arrived for offline work",
	 "stroke=\"#d9731a\" stroke-width=\"1.6\" stroke-dasharray=\"5 3\""},
};

static bool is_known(const struct plot *p, int line)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->net.of[line][i] >= 0)
			return true;
	return false;
}

void incident_plot_net_read(struct plot *p)
{
	const cJSON *node = doc_get(doc_get(p->scene, "points"), "node_net");
	int64_t top = 0;

	for (int line = 0; line < PLOT_NET_LINES; line++) {
		const cJSON *list = doc_get(doc_get(node, lines[line].role), lines[line].key);

		(void)doc_numbers(list, p->net.of[line], PLOT_POINTS_MAX, PLOT_NONE);
		p->net.known |= is_known(p, line);
		for (size_t i = 0; i < p->n; i++)
			if (p->net.of[line][i] > top)
				top = p->net.of[line][i];
	}
	p->net.top = top + top / 20 + KIB_MIB / 20;
	if (p->net.known)
		p->net.field = incident_plot_scale_field(p);
}

static int64_t y_of(const struct plot *p, int64_t kib_s)
{
	return incident_plot_scale_y(kib_s, p->net.top, p->net.field.y_top, p->net.field.y_bottom);
}

void incident_plot_net_hurt(const struct plot *p, int64_t from_x, int64_t to_x)
{
	if (p->net.known)
		incident_plot_scale_fill(p, &p->net.field, from_x, to_x, PLOT_HURT);
}

static bool is_gap(const struct plot *p, size_t point)
{
	for (int line = 0; line < PLOT_NET_LINES; line++)
		if (p->net.of[line][point] >= 0)
			return false;
	return true;
}

size_t incident_plot_net_gaps(const struct plot *p)
{
	bool unseen[PLOT_POINTS_MAX] = {0};

	for (size_t i = 0; p->net.known && i < p->n; i++)
		unseen[i] = is_gap(p, i);
	return incident_plot_scale_gaps(p, unseen, &p->net.field);
}

/* As many digits as tell the lines of the scale apart. */
static void put_scale(const struct plot *p)
{
	int64_t step = incident_plot_scale_step(p->net.top * PARTS / KIB_MIB, 1);
	char label[32];

	for (int64_t v = 0; v * KIB_MIB / PARTS <= p->net.top; v += step) {
		if (step % PARTS == 0)
			(void)snprintf(label, sizeof(label), "%" PRId64, v / PARTS);
		else
			(void)snprintf(label, sizeof(label), "%" PRId64 ".%0*" PRId64, v / PARTS,
				       step % 10 == 0 ? 1 : 2,
				       step % 10 == 0 ? v % PARTS / 10 : v % PARTS);
		incident_plot_scale_grid(p, y_of(p, v * KIB_MIB / PARTS), label);
	}
}

void incident_plot_net_put(const struct plot *p)
{
	int64_t y = p->net.field.y_top;

	if (!p->net.known)
		return;
	svg_text(p->out, PLOT_LEFT, p->net.field.y_top - 100, "font-weight=\"bold\"",
		 "Network, MiB a second", 40);
	put_scale(p);
	svg_line(p->out, PLOT_LEFT, p->net.field.y_bottom, PLOT_RIGHT, p->net.field.y_bottom,
		 PLOT_AXIS);
	for (int line = 0; line < PLOT_NET_LINES; line++) {
		if (!is_known(p, line))
			continue;
		incident_plot_scale_line(p, p->net.of[line], p->net.top, &p->net.field,
					 lines[line].stroke);
		svg_line(p->out, PLOT_LEGEND_X, y + 60, PLOT_LEGEND_X + 150, y + 60,
			 lines[line].stroke);
		svg_text(p->out, PLOT_LEGEND_X + 190, y + 105, "", lines[line].title, 31);
		y += PLOT_LEGEND_LINE;
	}
}

void incident_plot_net_mark(const struct plot *p, int64_t x, const char *style)
{
	if (p->net.known)
		svg_line(p->out, x, p->net.field.y_top, x, p->net.field.y_bottom, style);
}
