// SPDX-License-Identifier: LGPL-2.1-or-later
// Lines and numbers, for the files of kernel_text alone: 0 or -EINVAL/-ERANGE, outputs untouched on failure. Pure.
#pragma once

#include <stdbool.h>
#include <stdint.h>

bool kernel_text_line_ends(char c);

/* The line after this one; the text's end where there is none. */
const char *kernel_text_line_next(const char *line);

/* What follows `key` and `delimiter` on the first line that begins with both; NULL without one. */
const char *kernel_text_line_find(const char *text, const char *key, char delimiter);

/* The number at *p, which is left behind its last digit. */
int kernel_text_line_number(const char **p, uint64_t *ret_value);

/* The same, and nothing but the end of the line may follow. */
int kernel_text_line_number_to_end(const char *p, uint64_t *ret_value);

/* An amount as the meminfo files have it, behind the colon: "   123 kB", in bytes. Counts of huge pages have no unit; they are no
 * amount of memory. */
int kernel_text_line_kib(const char *p, uint64_t *ret_bytes);
