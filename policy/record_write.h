// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes a record: remembers what it wrote last and says only what is new. Pure: the text lands in
// memory, who writes it to a file is agent/record.c.
#pragma once

#include "policy/read.h"
#include "policy/record.h"
#include "policy/record_names.h"
#include "policy/record_text.h"

struct record_writer;

/* `names` (may be NULL: names as they are) is copied. 0 or -ENOMEM. */
int record_writer_new(const struct record_names *names, struct record_writer **ret_writer);
void record_writer_free(struct record_writer *writer);

/* The first lines of a record. `version` is colod's own; with_steps as in `steps yes`. */
void record_writer_begin(struct record_writer *writer, const char *version, bool with_steps,
			 struct record_buf *out);

/* The policy that is in force from the next pass on, as it was read; n 0 where there was none.
 * With pseudonyms, the names in it are replaced first: -EINVAL where what comes out is no policy
 * (then nothing may be recorded). 0 or -ENOMEM. */
int record_writer_policy(struct record_writer *writer, const struct policy_source *sources,
			 size_t n, struct record_buf *out);

/* One pass. A steady one, in which only samples are new, allocates nothing once *out has grown.
 * 0 or -ENOMEM (then *out, and the record, end before this pass). */
int record_writer_pass(struct record_writer *writer, const struct record_pass *pass,
		       struct record_buf *out);
