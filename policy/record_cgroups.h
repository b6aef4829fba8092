// SPDX-License-Identifier: LGPL-2.1-or-later
// The statements "cg", "k" and "order" of a record: the cgroups that changed and their knobs, and in which order they stand. There
// are thousands, so that what was said last is kept as numbers and not as text. Pure.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "colod/knob.h"
#include "colod/model.h"
#include "policy/record_ids.h"
#include "policy/record_names.h"
#include "policy/record_text.h"

/* Hashes of what was said last of one. */
struct record_cgroup {
	uint64_t header;
	uint64_t knobs[KNOB_COUNT]; /* 0: unread, as a reader begins */
};

struct record_cgroups {
	struct record_ids ids;
	struct record_cgroup *list; /* by id; owned */
	size_t n;
	uint64_t order; /* of the text */
};

/* Frees what it holds, not `cgroups` itself. */
void record_cgroups_free(struct record_cgroups *cgroups);

/* What changed since the last time; cgroups->ids is of `model` then. 0 or -ENOMEM. */
int record_cgroups_put(struct record_cgroups *cgroups, const struct model *model,
		       const struct record_names *names, struct record_buf *out);
