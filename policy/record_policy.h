// SPDX-License-Identifier: LGPL-2.1-or-later
// The policy inside a record: its files as they were read, line by line. Pure.
#pragma once

#include "policy/read.h"
#include "policy/record_text.h"

/* Files on their way from lines to a policy. */
struct record_policy {
	struct policy_source *sources; /* owned, with names and texts */
	size_t n;
	size_t cap;
	size_t wanted;		/* as many as "policy N" says */
	bool open;		/* between "policy" and "policy-end" */
	struct record_buf text; /* of the last source, so far */
};

/* The lines "source NAME", "y LINE" and "Y PART" of one file. */
void record_policy_put_source(struct record_buf *buf, const char *name, const char *text,
			      size_t len);

/* Each takes one line behind its first word: "policy", "source", "y" (whole) and "Y". 0, -EBADMSG
 * or -ENOMEM. */
int record_policy_begin(struct record_policy *p, struct record_line *line);
int record_policy_source(struct record_policy *p, struct record_line *line);
int record_policy_text(struct record_policy *p, const struct record_line *line, bool whole);

/* "policy-end": reads the policy. -EINVAL with messages in *diags (zeroed by the caller) where this
 * version does not accept it. */
int record_policy_end(struct record_policy *p, struct diags *diags, struct policy **ret_policy);

/* Empties it. */
void record_policy_free(struct record_policy *p);
