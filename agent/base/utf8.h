// SPDX-License-Identifier: LGPL-2.1-or-later
// UTF-8 as far as colod shows text to others: what is valid (D-Bus and JSON demand it), how wide it
// is on a terminal, and what must never reach one. Allocation-free, independent of the locale.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One code point of at most `len` bytes. Returns the bytes it takes (1 to 4) and stores it, or 0
 * for a sequence that is cut, overlong, a surrogate or out of range (*ret_point untouched). */
size_t utf8_decode(const char *text, size_t len, uint32_t *ret_point);

/* Whether the whole string is valid. */
bool utf8_valid(const char *text);

/* Replaces every invalid byte by '?', in place. A name that was cut to fit a buffer may end in half
 * a character. Returns text. */
char *utf8_scrub(char *text);

/* Columns on a terminal: 0 for combining marks, 2 for East Asian wide characters and emoji, else
 * 1. Meaningless for points that utf8_unsafe() names. */
unsigned utf8_width(uint32_t point);

/* Control characters (C0, DEL, C1), line and paragraph separators, and the marks that reorder or
 * hide text: they can forge what a reader sees. */
bool utf8_unsafe(uint32_t point);
