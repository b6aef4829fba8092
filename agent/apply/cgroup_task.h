// SPDX-License-Identifier: LGPL-2.1-or-later
// The records of what tasks have by themselves (cgroup_attr.h): one for each container (or whole unit) whose tasks were changed, with
// what it was given. Who reads and writes the tasks is task_walk.h.
#pragma once

#include "agent/apply/apply.h"

struct original;
struct cgroup_attr;

/* Before the first task of this cgroup is changed: what they had goes into the record, and the model says so. 0 or
 * -errno: then none may be changed. */
int cgroup_task_own(struct apply *apply, struct cgroup *cgroup, const struct cgroup_attr *attr,
		    int value);

/* They were given back. */
void cgroup_task_end(struct apply *apply, struct cgroup *cgroup, const struct cgroup_attr *attr);

/* Whether there is such a record, and the value in it. */
bool cgroup_task_owned(const struct cgroup *cgroup, const struct cgroup_attr *attr, int *ret_value);

/* Tells whoever listens: changed from what is recorded, or (`back`) given back; `why` as in struct apply_event. */
void cgroup_task_tell(struct apply *apply, const struct cgroup *cgroup,
		      const struct cgroup_attr *attr, bool back, const struct reason *reason,
		      const char *why);

/* From a record alone: every task that has what colod gives gets what was recorded. 0 or -errno: of the first that
 * could not be. *ret_n: how many. */
int cgroup_task_restore(struct apply *apply, int dir_fd, const struct original *record,
			uint32_t *ret_n);
