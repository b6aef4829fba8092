// SPDX-License-Identifier: LGPL-2.1-or-later
// See incident_plot.h. Fields over one time: use, stacked, stall and, where they were measured, the victim's memory and the network. What was done are numbered
// lines through all of them, and a list.
#include "agent/ctl/incident_plot.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/ctl/doc.h"
#include "agent/ctl/incident_plot_memory.h"
#include "agent/ctl/incident_plot_net.h"
#include "agent/ctl/incident_plot_scale.h"
#include "agent/ctl/incident_words.h"
#include "agent/ctl/svg.h"

#define WIDTH 1000
#define MARKS_MAX 40
#define USE_TOP 800
#define USE_BOTTOM 3300
#define STALL_TOP 3700
#define STALL_BOTTOM 4800
/* Of the list, below the time. */
#define LIST_GAP 800
#define LIST_LINE 180

#define S_MS 1000
#define KIB_GIB (INT64_C(1024) * 1024)

/* --- the document -------------------------------------------------------------------------------- */

static size_t read_at(const cJSON *points, const char *key, int64_t *to, int64_t none)
{
	return doc_numbers(doc_get(points, key), to, PLOT_POINTS_MAX, none);
}

static bool read_times(struct plot *p, const cJSON *points)
{
	size_t n = read_at(points, "span_ms", p->from_ms, 0);

	p->n = read_at(points, "at_ms", p->to_ms, 0);
	if (n < p->n)
		p->n = n;
	for (size_t i = 0; i < p->n; i++) {
		p->from_ms[i] = p->to_ms[i] - p->from_ms[i];
		/* Times that do not grow are no plot of anything. */
		if (p->from_ms[i] >= p->to_ms[i] || (i > 0 && p->to_ms[i] <= p->to_ms[i - 1]))
			return false;
	}
	return p->n > 0;
}

static const char *colour_of(const cJSON *pod, size_t place, size_t *n_online, size_t *n_offline)
{
	static const char *const online[] = {"#4f9d8f", "#7aa6d8", "#7d78b8", "#9cc7b8"};
	static const char *const offline[] = {"#d9731a", "#a8442a", "#e3b23c", "#8a6142",
					      "#c98a7d"};

	if (place == 0)
		return "#1f5fa8";
	if (strcmp(doc_text(pod, "role", ""), "offline") == 0)
		return offline[(*n_offline)++ % (sizeof(offline) / sizeof(offline[0]))];
	return online[(*n_online)++ % (sizeof(online) / sizeof(online[0]))];
}

static void read_pods(struct plot *p, const cJSON *points)
{
	const cJSON *lists = doc_get(points, p->memory ? "memory_kib" : "cpu_milli"), *pod;
	size_t n_online = 0, n_offline = 0;

	cJSON_ArrayForEach(pod, doc_get(p->scene, "pods"))
	{
		if (p->n_pods == PLOT_PODS_MAX)
			break;
		(void)doc_numbers(cJSON_GetArrayItem(lists, (int)p->n_pods), p->use[p->n_pods],
				  PLOT_POINTS_MAX, 0);
		p->names[p->n_pods] = doc_text(pod, "name", "?");
		p->colours[p->n_pods] = colour_of(pod, p->n_pods, &n_online, &n_offline);
		p->n_pods++;
	}
}

/* What the node used and none of them did; the highest of all. */
static void read_rest(struct plot *p, const cJSON *points)
{
	int64_t *rest = p->use[p->n_pods];

	(void)read_at(points, p->memory ? "node_available_kib" : "node_cpu_milli", rest, PLOT_NONE);
	p->names[p->n_pods] = "everything else";
	p->colours[p->n_pods] = "#c4c8cc";
	for (size_t i = 0; i < p->n; i++) {
		int64_t node = rest[i], pods = 0;

		p->unseen[i] = node == PLOT_NONE;
		if (p->memory)
			node = node > 0 && node < p->total ? p->total - node : 0;
		for (size_t n = 0; n < p->n_pods; n++)
			pods += p->use[n][i];
		rest[i] = node > pods ? node - pods : 0;
		if (pods + rest[i] > p->top)
			p->top = pods + rest[i];
	}
}

static bool read_all(struct plot *p)
{
	const cJSON *points = doc_get(p->scene, "points"), *node = doc_get(p->scene, "node");
	const char *resource = doc_text(p->summary, "resource", "");

	p->memory = strcmp(resource, "memory") == 0;
	p->total = (int64_t)(p->memory ? doc_count(node, "memory_bytes") / 1024
				       : doc_count(node, "cpus") * 1000);
	if (p->total > INT64_C(1000000000000))
		p->total = 0;
	if (!read_times(p, points))
		return false;
	(void)read_at(doc_get(points, "stalled_permille"), resource, p->stalled, PLOT_NONE);
	read_pods(p, points);
	read_rest(p, points);
	p->bottom = STALL_BOTTOM;
	incident_plot_memory_read(p);
	incident_plot_net_read(p);
	if (p->total > 0 && p->total <= 2 * p->top && p->top < p->total)
		p->top = p->total;
	if (p->top <= 0)
		p->top = 1;
	p->top += p->top / 20 + 1;
	return true;
}

/* --- fields -------------------------------------------------------------------------------------- */

static void put_use_scale(const struct plot *p)
{
	/* A tenth of a CPU, or 64 MiB. */
	int64_t step = incident_plot_scale_step(p->top, p->memory ? KIB_GIB / 16 : 100);
	char label[32];

	for (int64_t v = 0; v <= p->top; v += step) {
		if (p->memory)
			(void)snprintf(label, sizeof(label), "%" PRId64 ".%" PRId64, v / KIB_GIB,
				       v % KIB_GIB * 10 / KIB_GIB);
		else
			(void)snprintf(label, sizeof(label), "%" PRId64 ".%" PRId64, v / 1000,
				       v % 1000 / 100);
		incident_plot_scale_grid(p, incident_plot_scale_y(v, p->top, USE_TOP, USE_BOTTOM),
					 label);
	}
	if (p->total > 0 && p->total <= p->top) {
		int64_t y = incident_plot_scale_y(p->total, p->top, USE_TOP, USE_BOTTOM);

		svg_line(p->out, PLOT_LEFT, y, PLOT_RIGHT, y,
			 "stroke=\"#333\" stroke-width=\"1\" stroke-dasharray=\"6 3\"");
		svg_text(p->out, PLOT_RIGHT - 40, y - 40, PLOT_SMALL " text-anchor=\"end\"",
			 "all that the node has", 40);
	}
}

/* One layer over `below`, which it is added to. */
static void put_layer(const struct plot *p, size_t layer, int64_t *below)
{
	(void)fprintf(p->out, "<polygon fill=\"%s\" stroke=\"#fff\" stroke-width=\"0.5\" points=\"",
		      p->colours[layer]);
	for (size_t i = 0; i < p->n; i++) {
		int64_t y = incident_plot_scale_y(below[i] + p->use[layer][i], p->top, USE_TOP,
						  USE_BOTTOM);

		svg_point(p->out, incident_plot_scale_x(p, p->from_ms[i]), y);
		svg_point(p->out, incident_plot_scale_x(p, p->to_ms[i]), y);
	}
	for (size_t i = p->n; i-- > 0;) {
		int64_t y = incident_plot_scale_y(below[i], p->top, USE_TOP, USE_BOTTOM);

		svg_point(p->out, incident_plot_scale_x(p, p->to_ms[i]), y);
		svg_point(p->out, incident_plot_scale_x(p, p->from_ms[i]), y);
		below[i] += p->use[layer][i];
	}
	(void)fputs("\"><title>", p->out);
	svg_escape(p->out, p->names[layer], 200);
	(void)fputs("</title></polygon>\n", p->out);
}

static void put_use(const struct plot *p)
{
	int64_t below[PLOT_POINTS_MAX] = {0};

	svg_text(p->out, PLOT_LEFT, USE_TOP - 100, "font-weight=\"bold\"",
		 p->memory ? "Memory in use, GiB" : "CPUs in use", 40);
	put_use_scale(p);
	/* The victim at the bottom, where its own course is best seen. */
	for (size_t layer = 0; layer <= p->n_pods; layer++)
		put_layer(p, layer, below);
	svg_line(p->out, PLOT_LEFT, USE_BOTTOM, PLOT_RIGHT, USE_BOTTOM, PLOT_AXIS);
}

static int64_t highest_stall(const struct plot *p)
{
	int64_t most = 0;

	for (size_t i = 0; i < p->n; i++)
		if (p->stalled[i] > most)
			most = p->stalled[i];
	return most > 450 ? 1000 : most > 180 ? 500 : most > 90 ? 200 : 100;
}

static void put_stall(const struct plot *p)
{
	int64_t top = highest_stall(p);
	char title[160], label[32];

	(void)snprintf(title, sizeof(title),
		       "Share of the time in which the victim waited for %.16s",
		       doc_text(p->summary, "resource", "?"));
	svg_text(p->out, PLOT_LEFT, STALL_TOP - 100, "font-weight=\"bold\"", title, 100);
	for (int64_t v = 0; v <= top; v += top / 2) {
		(void)snprintf(label, sizeof(label), "%" PRId64 " %%", v / 10);
		incident_plot_scale_grid(p, incident_plot_scale_y(v, top, STALL_TOP, STALL_BOTTOM),
					 label);
	}
	(void)fputs("<polygon fill=\"#c0392b\" fill-opacity=\"0.75\" points=\"", p->out);
	svg_point(p->out, PLOT_LEFT, STALL_BOTTOM);
	for (size_t i = 0; i < p->n; i++) {
		int64_t y = incident_plot_scale_y(p->stalled[i], top, STALL_TOP, STALL_BOTTOM);

		svg_point(p->out, incident_plot_scale_x(p, p->from_ms[i]), y);
		svg_point(p->out, incident_plot_scale_x(p, p->to_ms[i]), y);
	}
	svg_point(p->out, PLOT_RIGHT, STALL_BOTTOM);
	(void)fputs("\"/>\n", p->out);
	svg_line(p->out, PLOT_LEFT, STALL_BOTTOM, PLOT_RIGHT, STALL_BOTTOM, PLOT_AXIS);
}

static void put_gap(const struct plot *p, size_t point, int64_t top, int64_t bottom)
{
	int64_t from = incident_plot_scale_x(p, p->from_ms[point]),
		to = incident_plot_scale_x(p, p->to_ms[point]);

	svg_rect(p->out, from, top, to - from, bottom - top, PLOT_UNSEEN);
}

/* What was not measured is not nothing: grey, over what was hurt and behind what was used. */
static void put_gaps(const struct plot *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++) {
		if (p->unseen[i])
			put_gap(p, i, USE_TOP, USE_BOTTOM);
		if (p->stalled[i] == PLOT_NONE)
			put_gap(p, i, STALL_TOP, STALL_BOTTOM);
		n += p->unseen[i] || p->stalled[i] == PLOT_NONE;
	}
	n += incident_plot_memory_gaps(p);
	n += incident_plot_net_gaps(p);
	if (n > 0)
		svg_text(p->out, PLOT_RIGHT, STALL_TOP - 100, PLOT_SMALL " text-anchor=\"end\"",
			 "grey: not measured", 40);
}

/* While it was hurt, behind everything. */
static void put_hurt(const struct plot *p)
{
	int64_t from = incident_plot_scale_x(p, 0),
		to = incident_plot_scale_x(p, (int64_t)(doc_count(p->summary, "hurt_us") / 1000));

	if (to - from < 10)
		to = from + 10;
	svg_rect(p->out, from, USE_TOP, to - from, USE_BOTTOM - USE_TOP, PLOT_HURT);
	svg_rect(p->out, from, STALL_TOP, to - from, STALL_BOTTOM - STALL_TOP, PLOT_HURT);
	incident_plot_memory_hurt(p, from, to);
	incident_plot_net_hurt(p, from, to);
}

static void put_time(const struct plot *p)
{
	int64_t first = p->from_ms[0], last = p->to_ms[p->n - 1];
	int64_t step = incident_plot_scale_step(last - first, 10 * (int64_t)S_MS);
	char label[32];

	for (int64_t ms = -(-first / step * step); ms <= last; ms += step) {
		int64_t x = incident_plot_scale_x(p, ms);

		if (ms < first)
			continue;
		svg_line(p->out, x, p->bottom, x, p->bottom + 40, PLOT_AXIS);
		(void)snprintf(label, sizeof(label), "%s%" PRId64 " s", ms > 0 ? "+" : "",
			       ms / S_MS);
		svg_text(p->out, x, p->bottom + 170, PLOT_SMALL " text-anchor=\"middle\"", label,
			 16);
	}
}

/* --- what was done ------------------------------------------------------------------------------- */

#define LABEL_ROWS 3

/* Below the time, in the first row that has room for it; where none has, the list alone has its number. */
static void put_number(const struct plot *p, int64_t x, const char *label,
		       int64_t right[LABEL_ROWS])
{
	for (int row = 0; row < LABEL_ROWS; row++) {
		if (x - right[row] < 140)
			continue;
		svg_text(p->out, x, p->bottom + 310 + row * 120,
			 "font-size=\"11\" font-weight=\"bold\" text-anchor=\"middle\"", label, 4);
		right[row] = x;
		return;
	}
}

static void put_mark(const struct plot *p, const cJSON *mark, unsigned number,
		     int64_t right[LABEL_ROWS])
{
	const cJSON *at = doc_get(mark, "at_ms");
	int64_t ms = cJSON_IsNumber(at) && at->valuedouble > -1e12 && at->valuedouble < 1e12
			     ? (int64_t)at->valuedouble
			     : 0;
	int64_t x = incident_plot_scale_x(p, ms),
		y = p->bottom + LIST_GAP + (int64_t)number * LIST_LINE;
	bool would = doc_true(mark, "would");
	const char *style = would ? "stroke=\"#555\" stroke-width=\"1\" stroke-dasharray=\"2 3\""
				  : "stroke=\"#222\" stroke-width=\"1\" stroke-dasharray=\"4 2\"";
	char label[32], text[INCIDENT_WORDS_SIZE];

	svg_line(p->out, x, USE_TOP, x, USE_BOTTOM, style);
	svg_line(p->out, x, STALL_TOP, x, STALL_BOTTOM, style);
	incident_plot_memory_mark(p, x, style);
	incident_plot_net_mark(p, x, style);
	(void)snprintf(label, sizeof(label), "%u", number);
	put_number(p, x, label, right);
	(void)snprintf(label, sizeof(label), "%u.", number);
	svg_text(p->out, PLOT_LEFT, y, "font-weight=\"bold\" text-anchor=\"end\"", label, 4);
	(void)incident_words_when(mark, label, sizeof(label));
	svg_text(p->out, PLOT_LEFT + 720, y, "fill=\"#555\" text-anchor=\"end\"", label, 12);
	svg_text(p->out, PLOT_LEFT + 820, y, would ? "fill=\"#555\"" : "",
		 incident_words_mark(mark, text, sizeof(text)), 130);
}

static void put_marks(const struct plot *p)
{
	int64_t right[LABEL_ROWS] = {INT64_MIN / 2, INT64_MIN / 2, INT64_MIN / 2};
	unsigned number = 0;
	const cJSON *mark;

	svg_text(p->out, PLOT_LEFT - 240, p->bottom + LIST_GAP, "font-weight=\"bold\"",
		 cJSON_GetArraySize(doc_get(p->scene, "marks")) > 0 ? "What was done"
								    : "Nothing was done",
		 40);
	cJSON_ArrayForEach(mark, doc_get(p->scene, "marks")) if (number < MARKS_MAX)
		put_mark(p, mark, ++number, right);
}

/* --- the rest ------------------------------------------------------------------------------------ */

static void put_head(const struct plot *p)
{
	char title[INCIDENT_WORDS_SIZE];

	svg_text(p->out, PLOT_LEFT - 240, 260, "font-size=\"17\" font-weight=\"bold\"",
		 incident_words_title(p->summary, title, sizeof(title)), 105);
	svg_text(p->out, PLOT_LEFT - 240, 470, "fill=\"#555\"",
		 incident_words_facts(p->summary, title, sizeof(title)), 150);
}

static void put_legend(const struct plot *p)
{
	int64_t y = USE_TOP + 40;
	char style[64];

	/* As they lie on each other. */
	for (size_t layer = p->n_pods + 1; layer-- > 0; y += PLOT_LEGEND_LINE) {
		(void)snprintf(style, sizeof(style), "fill=\"%s\"", p->colours[layer]);
		svg_rect(p->out, PLOT_LEGEND_X, y, 120, 120, style);
		svg_text(p->out, PLOT_LEGEND_X + 190, y + 105,
			 layer == 0 ? "font-weight=\"bold\"" : "", p->names[layer],
			 layer == 0 ? 28 : 31);
	}
	svg_rect(p->out, PLOT_LEGEND_X, y + 60, 120, 120, "fill=\"#fbe9e7\" stroke=\"#d9b3ad\"");
	svg_text(p->out, PLOT_LEGEND_X + 190, y + 165, "", "the victim was hurt", 31);
	y += PLOT_LEGEND_LINE + 60;
	svg_line(p->out, PLOT_LEGEND_X + 60, y, PLOT_LEGEND_X + 60, y + 120,
		 "stroke=\"#222\" stroke-width=\"1\" stroke-dasharray=\"4 2\"");
	svg_text(p->out, PLOT_LEGEND_X + 190, y + 105, "", "something was done", 31);
	svg_rect(p->out, PLOT_LEGEND_X, STALL_TOP, 120, 120,
		 "fill=\"#c0392b\" fill-opacity=\"0.75\"");
	svg_text(p->out, PLOT_LEGEND_X + 190, STALL_TOP + 105, "", "the victim waited", 31);
}

int incident_plot(const cJSON *incident, FILE *out)
{
	_cleanup_free_ struct plot *p = calloc(1, sizeof(*p));
	int n_marks;

	if (!p)
		return -ENOMEM;
	p->summary = doc_get(incident, "summary");
	p->scene = doc_get(incident, "scene");
	p->out = out;
	if (!read_all(p))
		return -ENODATA;
	n_marks = cJSON_GetArraySize(doc_get(p->scene, "marks"));
	if (n_marks > MARKS_MAX)
		n_marks = MARKS_MAX;
	svg_begin(out, WIDTH, (int)(p->bottom + LIST_GAP) / 10 + (n_marks + 2) * LIST_LINE / 10);
	put_head(p);
	put_hurt(p);
	put_gaps(p);
	put_use(p);
	put_stall(p);
	incident_plot_memory_put(p);
	incident_plot_net_put(p);
	put_time(p);
	put_marks(p);
	put_legend(p);
	svg_end(out);
	return 0;
}
