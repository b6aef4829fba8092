// SPDX-License-Identifier: LGPL-2.1-or-later
// Which accepted word a mistyped one was probably meant to be.
#pragma once

#include <stddef.h>

/* The index of the one word within two typing errors (a letter added, left out, changed, or two
 * swapped; case does not count), or -ENOENT: none is near, or two are equally near. */
int nearest(const char *text, const char *const *words, size_t n_words);
