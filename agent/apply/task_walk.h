// SPDX-License-Identifier: LGPL-2.1-or-later
// What the tasks of one cgroup and below have by themselves (cgroup_attr.h): looked at, and changed where one has a given value and
// no other. Blocks for as long as there are tasks; allocates nothing, logs nothing, records nothing.
//
// A child has its parent's, and what a runtime starts in a container later has the container's: so who is changed once is to
// be looked for again. A task is held by its directory in /proc, and is in the cgroup when it is written to.
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Tasks in one slice; those behind are for the next one. */
#define TASK_WALK_SLICE 1024

/* Where things are: borrowed. */
struct cgroup_attr;

struct task_walk_place {
	const struct cgroup_attr *attr;
	int root_fd;	  /* "/", for /proc */
	int dir_fd;	  /* the cgroup */
	const char *path; /* of it, below the mount */
};

struct task_walk_seen {
	uint32_t n_tasks; /* in this slice; those that were gone meanwhile are not counted */
	uint32_t n_changed;
	uint32_t n_others; /* that had neither the one value nor the other */
	uint32_t n_failed;
	int error;	/* of the first that failed, -errno */
	int lowest;	/* of all, as they are now; meaningful with n_tasks */
	int oldest;	/* value of the task that started first: what the container was given */
	bool is_given;	/* some task has what colod gives */
	uint32_t next;	/* the number of the first task that no slice has had; 0: none is left */
	uint64_t start; /* of the oldest */
};

/* All slices; nothing is written. 0 or -errno: the cgroup could not be walked. */
int task_walk_look(const struct task_walk_place *place, struct task_walk_seen *ret_seen);

/* Tasks with the value `from` get `to`, from the `first`-th on. 0 or -errno, as above. */
int task_walk_change(const struct task_walk_place *place, int from, int to, uint32_t first,
		     struct task_walk_seen *ret_seen);

/* All slices of a change, and again while it finds some: children of those that had not been changed yet. Adds up. */
int task_walk_change_all(const struct task_walk_place *place, int from, int to,
			 struct task_walk_seen *ret_seen);
