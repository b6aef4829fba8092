// SPDX-License-Identifier: LGPL-2.1-or-later
// What the writers of the JSON sections share: the snapshot, the tree's error flag, and an index of
// the plan by cgroup, so that a document costs time linear in pods and not in pods times knobs.
#pragma once

#include <stddef.h>

#include "agent/serve/json_put.h"
#include "colod/snapshot.h"

struct json_view {
	struct json_put put;
	const struct snapshot *snapshot;
	const struct plan_entry **entries; /* of the plan, ordered by cgroup and knob; owned */
	size_t n_entries;
	const struct cgroup **alive; /* the model's cgroups, ordered by address; owned */
	size_t n_alive;
};

/* 0 or -ENOMEM. The snapshot is borrowed. */
int json_view_init(struct json_view *view, const struct snapshot *snapshot);
void json_view_done(struct json_view *view);

/* The planned value of a knob, or NULL. */
const struct plan_entry *json_view_find(const struct json_view *view, const struct cgroup *cgroup,
					enum knob knob);

/* Whether the cgroup is still in the model. The list of changes may be older than the model, so
 * its cgroups must not be looked into without asking this. */
bool json_view_alive(const struct json_view *view, const struct cgroup *cgroup);

/* Whether anything about this cgroup's knobs is colod's: planned or owned. */
bool json_view_concerns(const struct json_view *view, const struct cgroup *cgroup);

/* Adds "knobs" to `object`: each knob of the cgroup that can be read, is planned or is owned. */
void json_view_knobs(struct json_view *view, cJSON *object, const struct cgroup *cgroup);

/* Adds `key` as the knob's text, null where it is not known. */
void json_view_value(struct json_view *view, cJSON *object, const char *key, enum knob knob,
		     const struct knob_value *value);

/* Adds "reason" as the one sentence of policy/reason_text.c. */
void json_view_reason(struct json_view *view, cJSON *object, const struct reason *reason);

/* The sections, each under its own name in `doc`; one file each. */
void json_pod_section(struct json_view *view, cJSON *doc);
void json_score(struct json_view *view, cJSON *pod_object,
		const struct pod *pod); /* in the former */
void json_slis(struct json_view *view, cJSON *pod_object,
	       const struct pod *pod); /* beside the score */
void json_culprits(struct json_view *view, cJSON *value_object, const struct pod *pod,
		   enum resource resource, const struct score_value *value); /* in that */
void json_calm_section(struct json_view *view, cJSON *doc);
void json_calibration_section(struct json_view *view, cJSON *doc); /* null: not asked for */
void json_lend_section(struct json_view *view, cJSON *doc);
void json_net_section(struct json_view *view, cJSON *doc);  /* null: not looked at */
void json_plan_section(struct json_view *view, cJSON *doc); /* "plan", "changes" */
void json_class_section(struct json_view *view, cJSON *doc);
void json_mode_section(struct json_view *view, cJSON *status);	/* into the status section */
void json_hold_section(struct json_view *view, cJSON *status);	/* into the status section */
void json_slis_section(struct json_view *view, cJSON *status);	/* "slis_violated" */
void json_evict_section(struct json_view *view, cJSON *status); /* "evict" */
void json_policy_section(struct json_view *view, cJSON *doc);
void json_doctor_section(struct json_view *view, cJSON *doc);
void json_disks(struct json_view *view, cJSON *doctor); /* into the doctor section */
void json_io_holds(struct json_view *view,
		   cJSON *ladder); /* what is held on disks, into the ladder section */
void json_room_section(struct json_view *view, cJSON *status); /* "room" */
void json_memory_nodes(struct json_view *view, cJSON *doctor); /* into the doctor section */
void json_orders_section(struct json_view *view, cJSON *doc);
void json_floor_section(struct json_view *view, cJSON *doc);
