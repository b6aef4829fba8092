// SPDX-License-Identifier: LGPL-2.1-or-later
// SVG on a file: the few shapes of a plot, dark on light, with no external resource. Text is escaped, as names come from pods.
#pragma once

#include <stdint.h>
#include <stdio.h>

/* Lengths are tenths of a pixel, so that no number depends on how a machine rounds. */
void svg_begin(FILE *out, int width, int height);
void svg_end(FILE *out);

/* `style` is SVG attributes, such as "fill=\"#eee\"". */
void svg_rect(FILE *out, int64_t x, int64_t y, int64_t w, int64_t h, const char *style);
void svg_line(FILE *out, int64_t x1, int64_t y1, int64_t x2, int64_t y2, const char *style);

/* " X,Y" for a list of points. */
void svg_point(FILE *out, int64_t x, int64_t y);

/* At most `max` characters of the text, then an ellipsis; the whole as a tooltip where it was cut. */
void svg_text(FILE *out, int64_t x, int64_t y, const char *style, const char *text, unsigned max);

/* The text as XML has it; what could forge what a reader sees is '?'. */
void svg_escape(FILE *out, const char *text, unsigned max);
