// SPDX-License-Identifier: LGPL-2.1-or-later
// A thread that looks at and changes what tasks have by themselves, one cgroup after another, so that the event loop need
// not wait for thousands of small files. What is asked of it, and what was recorded before, is the caller's.
#pragma once

#include <stdbool.h>

#include "agent/apply/task_walk.h"

#define TASK_JOBS_MAX 64
#define TASK_JOBS_PATH_SIZE 1024

enum task_jobs_act {
	TASK_JOBS_LOOK,
	TASK_JOBS_CHANGE, /* one slice */
	TASK_JOBS_CHANGE_ALL,
};

struct task_jobs_job {
	uint64_t token;
	uint64_t inode; /* of the cgroup: at most one job for each, and attribute */
	const struct cgroup_attr *attr;
	enum task_jobs_act act;
	int dir_fd;
	char path[TASK_JOBS_PATH_SIZE];
	int from, to;
	uint32_t first;
};

struct task_jobs_done {
	struct task_jobs_job job; /* dir_fd is closed */
	int result;		  /* 0 or -errno */
	struct task_walk_seen seen;
};

struct task_jobs;

/* Starts the thread, which does without CAP_SYS_RESOURCE: with it the kernel would take each score that is written for
 * the lowest one that the process may ever have again, and nobody without it could give the former one back.
 * `root_fd` is borrowed. 0 or -errno. */
int task_jobs_new(int root_fd, struct task_jobs **ret_jobs);

/* Waits for the job under way, drops the others. Accepts NULL. */
void task_jobs_free(struct task_jobs *scores);

/* Takes job->dir_fd over. 0; -EBUSY: no place, or there is such a job for that cgroup; dir_fd is still the caller's. */
int task_jobs_start(struct task_jobs *scores, const struct task_jobs_job *job);

/* Whether any job waits, is under way, or has ended and was not taken yet. */
bool task_jobs_is_busy(struct task_jobs *scores);

/* The next job that has ended, in their order; false for none. */
bool task_jobs_next(struct task_jobs *scores, struct task_jobs_done *ret_done);
