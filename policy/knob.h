// SPDX-License-Identifier: LGPL-2.1-or-later
// Names, text forms and comparison of knobs. Pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "colod/knob.h"
#include "colod/level.h"

#define KNOB_TEXT_SIZE 64

/* The file name, e.g. "cpu.weight". Static text. */
const char *knob_name(enum knob knob);

/* The knob of a file name, or -EINVAL. */
int knob_from_name(const char *name);

/* The text to write or show: "100", "1", "20000 20000", "max", "default 10". `buf` of at least
 * KNOB_TEXT_SIZE bytes; returns buf. An unread or missing value gives "?" or "-". */
const char *knob_format(enum knob knob, const struct knob_value *value, char *buf, size_t size);

/* Reads what the kernel shows (trailing newline allowed; io.weight: the "default" line among
 * device lines). 0 or -EINVAL, *ret_value untouched on failure. Values out of uint64_t: -ERANGE. */
int knob_parse(enum knob knob, const char *text, struct knob_value *ret_value);

/* Whether the kernel would show `have` after `want` was written: memory values are rounded down
 * to a page, cpu.max compares quota and, unless it is max, the period. Both must be KNOB_KNOWN. */
bool knob_equal(enum knob knob, const struct knob_value *want, const struct knob_value *have,
		uint64_t page_bytes);

/* KNOB_KNOWN with this value; the second form for cpu.max. */
struct knob_value knob_value_of(uint64_t value);
struct knob_value knob_value_quota(uint64_t quota_us, uint64_t period_us);

/* The bit of enum cgroup_controller that must be on for the knob to exist. */
unsigned knob_controller(enum knob knob);

/* Whose mode says whether it may be written. RESOURCE_INVALID for what is no knob. */
enum resource knob_resource(enum knob knob);
