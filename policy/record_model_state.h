// SPDX-License-Identifier: LGPL-2.1-or-later
// What the two halves of record_model share: the lines (record_model.c) and how they hang together
// (record_model_link.c).
#pragma once

#include "policy/record.h"
#include "policy/record_model.h"

/* A number is free again one pass after its cgroup went. */
#define RECORD_MODEL_IDS_MAX (2 * RECORD_CGROUPS_MAX)
#define RECORD_MODEL_NONE UINT32_MAX

struct owned_cgroup {
	struct cgroup *cgroup; /* owned */
	uint32_t pod_slot;     /* RECORD_MODEL_NONE: belongs to no pod */
	uint32_t at;	       /* index in the order, RECORD_MODEL_NONE: not in it */
};

struct owned_pod {
	struct pod *pod; /* owned */
	uint32_t cgroup_id;
	bool listed;
};

struct record_model {
	struct model model;
	struct samples samples;
	struct owned_cgroup *cgroups; /* by id */
	size_t n_ids;
	uint32_t *order;
	size_t n_order;
	size_t cap_order;
	uint32_t *index; /* hash of path to place in the order */
	size_t n_index;
	struct owned_pod pods[RECORD_PODS_MAX]; /* by slot */
	struct assignment assignments[RECORD_PODS_MAX];
	uint32_t slots[RECORD_PODS_MAX];
	size_t n_slots;
	struct pod_history *histories[RECORD_PODS_MAX];
	struct pod *list[RECORD_PODS_MAX];
	bool changed;
};

/* Accepts NULL. */
void record_model_free_cgroup(struct cgroup *cgroup);
