// SPDX-License-Identifier: LGPL-2.1-or-later
// A policy without its names, comments and file names, for a record that leaves the house: what is
// not a word of the grammar or a number becomes its pseudonym. What comes out is a policy still,
// with the same rules in the same order. Pure.
#pragma once

#include "policy/read.h"
#include "policy/record_names.h"

struct record_mask {
	struct policy_source *sources; /* owned, with names and texts */
	size_t n;
};

/* 0, -EINVAL for text that is not YAML, or -ENOMEM; *ret_mask is to be freed in any case. */
int record_mask(const struct record_names *names, const struct policy_source *sources, size_t n,
		struct record_mask *ret_mask);

/* Reads it as a policy. -EINVAL: a word of the grammar was taken for a name, or the original was no
 * policy. 0 or -ENOMEM. */
int record_mask_policy(const struct record_mask *mask, struct policy **ret_policy);

void record_mask_free(struct record_mask *mask);
