// SPDX-License-Identifier: LGPL-2.1-or-later
// The originals file itself: read, append, write anew. Used by originals.c alone.
#pragma once

#include "agent/apply/originals.h"

/* Reads the file into the table; keeps a damaged one aside and writes the readable records anew.
 * No file is an empty one. 0 or -errno. */
int originals_file_load(struct originals *o, struct originals_found *ret_found);

/* One line, whole or not at all. 0 or -errno. */
int originals_file_append(struct originals *o, const struct originals_line *line);

/* A new file with the header and what is live, put in place of the old one at once; the old one
 * stays where that fails. 0 or -errno. */
int originals_file_rewrite(struct originals *o);

/* 0 or -errno. */
int originals_file_delete(struct originals *o);
