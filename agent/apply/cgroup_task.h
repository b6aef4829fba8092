// SPDX-License-Identifier: LGPL-2.1-or-later
// The records of oom_score_adj: one for each container (or whole unit) whose processes were raised, with the score
// that it was given. Who reads and writes the processes is task_walk.h.
#pragma once

#include "agent/apply/apply.h"

struct original;

/* Before the first process of this cgroup is raised: what they had goes into the record, and the model says so. 0 or
 * -errno: then none may be raised. */
int cgroup_task_own(struct apply *apply, struct cgroup *cgroup, int score);

/* They were given back. */
void cgroup_task_end(struct apply *apply, struct cgroup *cgroup);

/* Whether there is such a record, and the score in it. */
bool cgroup_task_owned(const struct cgroup *cgroup, int *ret_score);

/* Tells whoever listens: raised from what is recorded, or (`back`) given back; `why` as in struct apply_event. */
void cgroup_task_tell(struct apply *apply, const struct cgroup *cgroup, bool back,
		      const struct reason *reason, const char *why);

/* From a record alone: every process that has the highest score gets what was recorded. 0 or -errno: of the first that
 * could not be. *ret_n: how many. */
int cgroup_task_restore(struct apply *apply, int dir_fd, const struct original *record,
			uint32_t *ret_n);
