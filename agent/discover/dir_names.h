// SPDX-License-Identifier: LGPL-2.1-or-later
// The names of a directory's subdirectories, sorted, in memory that is kept from listing to
// listing: scanning an unchanged tree allocates nothing (hence getdents64() and no qsort()).
#pragma once

#include <stddef.h>
#include <stdint.h>

/* A stack: a scan lists a child directory while it still walks its parent's names. Zeroed is
 * empty; dir_names_free() at the end. */
struct dir_names {
	char *text; /* names one after another; owned */
	size_t len, cap;
	uint32_t *places; /* where each begins; owned */
	size_t n, places_cap;
	char entries[32768] __attribute__((aligned(16)));
};

/* Pushes the names of all directories below `dirfd` (from its present offset), sorted by byte;
 * they are names[before .. names->n) with `before` the old names->n. 0 or -errno: then nothing
 * was pushed. */
int dir_names_push(struct dir_names *names, int dirfd);

/* The i-th name; valid until the next push. */
const char *dir_names_get(const struct dir_names *names, size_t i);

/* Back to `n` names. */
void dir_names_pop(struct dir_names *names, size_t n);

void dir_names_free(struct dir_names *names);
