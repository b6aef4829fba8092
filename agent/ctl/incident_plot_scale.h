// SPDX-License-Identifier: LGPL-2.1-or-later
// What the fields of the plot of an incident share: the points, and where they are drawn. Lengths are tenths of a pixel.
#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PLOT_POINTS_MAX 512
#define PLOT_PODS_MAX 16
#define PLOT_LEFT 640
#define PLOT_RIGHT 7400
#define PLOT_LEGEND_X 7640
#define PLOT_LEGEND_LINE 200

#define PLOT_NONE (-1)

#define PLOT_GRID "stroke=\"#e4e7ea\" stroke-width=\"1\""
#define PLOT_AXIS "stroke=\"#8a9097\" stroke-width=\"1\""
#define PLOT_SMALL "font-size=\"11\" fill=\"#555\""
#define PLOT_HURT "fill=\"#fbe9e7\""
#define PLOT_UNSEEN "fill=\"#d5d8dc\""

/* Of a field below how the victim waited, and what is between two. */
#define PLOT_FIELD_HEIGHT 1100
#define PLOT_FIELD_GAP 400

struct plot_field {
	int64_t y_top, y_bottom;
};

#define PLOT_NET_LINES 4

/* What went through the network, KiB a second. */
struct plot_net {
	bool known; /* else there is nothing to be drawn */
	struct plot_field field;
	int64_t of[PLOT_NET_LINES][PLOT_POINTS_MAX]; /* PLOT_NONE: not measured */
	int64_t top;				     /* the highest that fits */
};

/* What the victim's memory was, KiB, and pages a second that were read again; PLOT_NONE: not measured. */
struct plot_memory {
	bool known; /* else there is nothing to be drawn */
	struct plot_field field;
	int64_t anon[PLOT_POINTS_MAX], file[PLOT_POINTS_MAX], refaults[PLOT_POINTS_MAX];
	int64_t top; /* the highest that fits */
	int64_t most_refaults;
};

struct plot {
	const cJSON *summary, *scene;
	FILE *out;
	bool memory; /* the use is of memory */
	size_t n;    /* points */
	int64_t from_ms[PLOT_POINTS_MAX], to_ms[PLOT_POINTS_MAX],
		stalled[PLOT_POINTS_MAX]; /* PLOT_NONE: not measured */
	size_t n_pods;			  /* the victim first; behind them everything else */
	int64_t use[PLOT_PODS_MAX + 1][PLOT_POINTS_MAX];
	const char *names[PLOT_PODS_MAX + 1];
	const char *colours[PLOT_PODS_MAX + 1];
	int64_t total;		      /* what the node has */
	int64_t top;		      /* the highest that fits */
	bool unseen[PLOT_POINTS_MAX]; /* what the node used was not measured */
	struct plot_memory victim;
	struct plot_net net;
	int64_t bottom; /* of the last field */
};

/* Where a time is; one that is before or after all points is at the edge. */
int64_t incident_plot_scale_x(const struct plot *p, int64_t ms);

/* Where a value is in a field in which `top` (> 0) is at y_top and 0 at y_bottom; one that is out of it is at the edge. */
int64_t incident_plot_scale_y(int64_t value, int64_t top, int64_t y_top, int64_t y_bottom);

/* 1, 2 or 5 times a power of ten times `unit`, four to eight of them up to `top`. */
int64_t incident_plot_scale_step(int64_t top, int64_t unit);

/* A place for one more field, below the last one. */
struct plot_field incident_plot_scale_field(struct plot *p);

/* A line of the grid at this height, and what it stands for at its left. */
void incident_plot_scale_grid(const struct plot *p, int64_t y, const char *label);

/* A line of a field, in pieces: between them, where a value is less than 0, nothing was measured. `top` as above. */
void incident_plot_scale_line(const struct plot *p, const int64_t *values, int64_t top,
			      const struct plot_field *field, const char *style);

/* Grey where nothing was measured; how many points of it. */
size_t incident_plot_scale_gaps(const struct plot *p, const bool *unseen,
				const struct plot_field *field);

/* All of a field, from one place to another. */
void incident_plot_scale_fill(const struct plot *p, const struct plot_field *field, int64_t from_x,
			      int64_t to_x, const char *style);
