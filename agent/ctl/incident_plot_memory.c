// SPDX-License-Identifier: LGPL-2.1-or-later
// See incident_plot_memory.h.
#include "agent/ctl/incident_plot_memory.h"

#include <inttypes.h>

#include "agent/ctl/doc.h"
#include "agent/ctl/svg.h"

#define KIB_MIB 1024

#define ANON "fill=\"#7aa6d8\""
#define FILE_PAGES "fill=\"#cfe3dd\""
#define REFAULTS "stroke=\"#c0392b\" stroke-width=\"1.6\""

static bool is_gap(const struct plot_memory *v, size_t point)
{
	return v->anon[point] < 0 || v->file[point] < 0;
}

void incident_plot_memory_read(struct plot *p)
{
	const cJSON *of = doc_get(doc_get(p->scene, "points"), "victim");
	struct plot_memory *v = &p->victim;

	(void)doc_numbers(doc_get(of, "anon_kib"), v->anon, PLOT_POINTS_MAX, PLOT_NONE);
	(void)doc_numbers(doc_get(of, "file_kib"), v->file, PLOT_POINTS_MAX, PLOT_NONE);
	(void)doc_numbers(doc_get(of, "refaults_per_s"), v->refaults, PLOT_POINTS_MAX, PLOT_NONE);
	v->most_refaults = PLOT_NONE;
	for (size_t i = 0; p->memory && i < p->n; i++) {
		if (v->refaults[i] > v->most_refaults)
			v->most_refaults = v->refaults[i];
		if (is_gap(v, i))
			continue;
		v->known = true;
		if (v->anon[i] + v->file[i] > v->top)
			v->top = v->anon[i] + v->file[i];
	}
	v->top += v->top / 20 + 1;
	if (v->known)
		v->field = incident_plot_scale_field(p);
}

void incident_plot_memory_hurt(const struct plot *p, int64_t from_x, int64_t to_x)
{
	if (p->victim.known)
		incident_plot_scale_fill(p, &p->victim.field, from_x, to_x, PLOT_HURT);
}

size_t incident_plot_memory_gaps(const struct plot *p)
{
	bool unseen[PLOT_POINTS_MAX] = {0};

	for (size_t i = 0; p->victim.known && i < p->n; i++)
		unseen[i] = is_gap(&p->victim, i);
	return incident_plot_scale_gaps(p, unseen, &p->victim.field);
}

static int64_t y_of(const struct plot *p, int64_t kib)
{
	const struct plot_memory *v = &p->victim;

	return incident_plot_scale_y(kib, v->top, v->field.y_top, v->field.y_bottom);
}

static void put_scale(const struct plot *p)
{
	int64_t step = incident_plot_scale_step(p->victim.top, KIB_MIB);
	char label[32];

	for (int64_t v = 0; v <= p->victim.top; v += step) {
		(void)snprintf(label, sizeof(label), "%" PRId64, v / KIB_MIB);
		incident_plot_scale_grid(p, y_of(p, v), label);
	}
}

/* The points from..end, of which all were measured: the anonymous ones, or what of files lies on them. */
static void put_piece(const struct plot *p, size_t from, size_t end, bool file, const char *style)
{
	const struct plot_memory *v = &p->victim;

	(void)fprintf(p->out, "<polygon %s points=\"", style);
	for (size_t i = from; i < end; i++) {
		int64_t y = y_of(p, v->anon[i] + (file ? v->file[i] : 0));

		svg_point(p->out, incident_plot_scale_x(p, p->from_ms[i]), y);
		svg_point(p->out, incident_plot_scale_x(p, p->to_ms[i]), y);
	}
	for (size_t i = end; i-- > from;) {
		int64_t y = y_of(p, file ? v->anon[i] : 0);

		svg_point(p->out, incident_plot_scale_x(p, p->to_ms[i]), y);
		svg_point(p->out, incident_plot_scale_x(p, p->from_ms[i]), y);
	}
	(void)fputs("\"/>\n", p->out);
}

static void put_pages(const struct plot *p)
{
	for (size_t from = 0, end; from < p->n; from = end + 1) {
		for (end = from; end < p->n && !is_gap(&p->victim, end); end++)
			;
		if (end == from)
			continue;
		put_piece(p, from, end, false, ANON);
		put_piece(p, from, end, true, FILE_PAGES);
	}
}

static void put_legend(const struct plot *p)
{
	int64_t y = p->victim.field.y_top;
	char text[64];

	svg_rect(p->out, PLOT_LEGEND_X, y, 120, 120, FILE_PAGES);
	svg_text(p->out, PLOT_LEGEND_X + 190, y + 105, "", "page cache", 31);
	y += PLOT_LEGEND_LINE;
	svg_rect(p->out, PLOT_LEGEND_X, y, 120, 120, ANON);
	svg_text(p->out, PLOT_LEGEND_X + 190, y + 105, "", "anonymous", 31);
	y += PLOT_LEGEND_LINE;
	if (p->victim.most_refaults < 0)
		return;
	(void)snprintf(text, sizeof(text), "refaults, at most %" PRId64 "/s",
		       p->victim.most_refaults);
	svg_line(p->out, PLOT_LEGEND_X, y + 60, PLOT_LEGEND_X + 150, y + 60, REFAULTS);
	svg_text(p->out, PLOT_LEGEND_X + 190, y + 105, "", text, 31);
}

void incident_plot_memory_put(const struct plot *p)
{
	const struct plot_memory *v = &p->victim;

	if (!v->known)
		return;
	svg_text(p->out, PLOT_LEFT, v->field.y_top - 100, "font-weight=\"bold\"",
		 "Memory of the victim, MiB", 40);
	put_scale(p);
	put_pages(p);
	/* To a scale of its own, which the legend tells the end of. */
	incident_plot_scale_line(p, v->refaults, v->most_refaults > 0 ? v->most_refaults : 1,
				 &v->field, REFAULTS);
	svg_line(p->out, PLOT_LEFT, v->field.y_bottom, PLOT_RIGHT, v->field.y_bottom, PLOT_AXIS);
	put_legend(p);
}

void incident_plot_memory_mark(const struct plot *p, int64_t x, const char *style)
{
	if (p->victim.known)
		svg_line(p->out, x, p->victim.field.y_top, x, p->victim.field.y_bottom, style);
}
