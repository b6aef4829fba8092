// SPDX-License-Identifier: LGPL-2.1-or-later
// The text form of io.max, which has a line for each disk that somebody bounded, and what of a line is whose. Pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "colod/knob.h"

/* "8:0 rbps=1048576 wbps=max": what the value says. "8:0" where that is nothing. Returns buf. */
const char *knob_io_format(const struct io_max *io, char *buf, size_t size);

/* The same, read. 0, -EINVAL or -ERANGE, *ret_value untouched then. */
int knob_io_parse(const char *text, struct knob_value *ret_value);

/* Of what the kernel shows, the line of `of`'s disk: all of it is said, words that are not known are passed over. Errors as above. */
int knob_io_parse_line_of(const char *text, const struct io_max *of, struct knob_value *ret_value);

/* The lines of what the kernel shows that bound anything, the first `max` of them, all of each said. Returns how many. */
size_t knob_io_bounds(const char *text, struct io_max *ret_list, size_t max);

/* Nothing is bounded on this disk: all of it said. */
struct io_max knob_io_unbounded(const struct io_max *of);

/* Whether `have` shows all that `want` says, of the same disk. */
bool knob_io_stands(const struct io_max *want, const struct io_max *have);

/* *ret_back: what of `original` has to be written, nothing said of the rest. False: of nothing. */
bool knob_io_give_back(const struct io_max *original, const struct io_max *written,
		       const struct io_max *have, struct io_max *ret_back);

/* *to says what it said, and of the rest what `from` says. */
void knob_io_add(struct io_max *to, const struct io_max *from);

/* *have becomes what it would be without what colod wrote. */
void knob_io_others(const struct io_max *original, const struct io_max *written,
		    struct io_max *have);
