// SPDX-License-Identifier: LGPL-2.1-or-later
// What each task has by itself, and no file of its cgroup says: oom_score_adj of a process, and the scheduling policy of a thread.
// One row for each: how it is read, written and recorded. Blocks no longer than one task takes; records nothing.
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "colod/knob.h"

struct cgroup_attr {
	enum knob knob; /* by which it is planned and recorded */
	enum effect effect;
	bool of_threads;  /* each thread has its own; else those of a process share it */
	int zero;	  /* what 0 is in a knob's value */
	int to;		  /* what colod gives */
	const char *need; /* the capability that it takes, for people */
	int denied;	  /* -errno of who lacks it */
	/* `proc_fd` is the task's directory in /proc, `id` its number. 0 or -errno; -ESRCH, -ENOENT: it is gone. */
	int (*read)(int proc_fd, pid_t id, int *ret_value);
	int (*write)(int proc_fd, pid_t id, int value);
};

#define CGROUP_ATTRS 2

extern const struct cgroup_attr cgroup_attrs[CGROUP_ATTRS];

/* NULL: no task has such a thing. */
const struct cgroup_attr *cgroup_attr_of(enum knob knob);

/* As a knob has it, and back. */
struct knob_value cgroup_attr_value(const struct cgroup_attr *attr, int value);
int cgroup_attr_from(const struct cgroup_attr *attr, const struct knob_value *value);
