// SPDX-License-Identifier: LGPL-2.1-or-later
// Small numbers for cgroups: the same one as long as a cgroup lives, used again when it is gone.
// Pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "colod/model.h"

struct record_ids {
	uint32_t *list; /* one for each of model->cgroups; owned */
	uint32_t n_ids; /* one more than the largest ever given */
	struct record_id *ids;
	const struct cgroup **seen; /* model->cgroups of the last time, to see that nothing changed */
	size_t n_seen;
	size_t cap;
	uint32_t *index; /* hash of path and inode to id; owned */
	size_t n_index;
	uint64_t round;
};

/* Numbers the model's cgroups into ids->list. A list of the same cgroups in the same order
 * allocates nothing. 0 or -ENOMEM. */
int record_ids_take(struct record_ids *ids, const struct model *model);

/* Whether the last record_ids_take() gave this number to a cgroup that did not have it before. */
bool record_ids_is_new(const struct record_ids *ids, uint32_t id);

/* The number of a cgroup of that model. */
uint32_t record_ids_of(const struct record_ids *ids, const struct cgroup *cgroup);

void record_ids_free(struct record_ids *ids); /* what it holds */
