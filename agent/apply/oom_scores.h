// SPDX-License-Identifier: LGPL-2.1-or-later
// A thread that looks at and changes the scores of processes, one cgroup after another, so that the event loop need
// not wait for thousands of small files. What is asked of it, and what was recorded before, is the caller's.
#pragma once

#include <stdbool.h>

#include "agent/apply/score_walk.h"

#define OOM_SCORES_JOBS 64
#define OOM_SCORES_PATH_SIZE 1024

enum oom_scores_act {
	OOM_SCORES_LOOK,
	OOM_SCORES_CHANGE, /* one slice */
	OOM_SCORES_CHANGE_ALL,
};

struct oom_scores_job {
	uint64_t token;
	uint64_t inode; /* of the cgroup: at most one job for each */
	enum oom_scores_act act;
	int dir_fd;
	char path[OOM_SCORES_PATH_SIZE];
	int from, to;
	uint32_t first;
};

struct oom_scores_done {
	struct oom_scores_job job; /* dir_fd is closed */
	int result;		   /* 0 or -errno */
	struct score_walk_seen seen;
};

struct oom_scores;

/* Starts the thread, which does without CAP_SYS_RESOURCE: with it the kernel would take each score that is written for
 * the lowest one that the process may ever have again, and nobody without it could give the former one back.
 * `root_fd` is borrowed. 0 or -errno. */
int oom_scores_new(int root_fd, struct oom_scores **ret_scores);

/* Waits for the job under way, drops the others. Accepts NULL. */
void oom_scores_free(struct oom_scores *scores);

/* Takes job->dir_fd over. 0; -EBUSY: no place, or there is a job for that cgroup; dir_fd is still the caller's. */
int oom_scores_start(struct oom_scores *scores, const struct oom_scores_job *job);

/* Whether any job waits, is under way, or has ended and was not taken yet. */
bool oom_scores_is_busy(struct oom_scores *scores);

/* The next job that has ended, in their order; false for none. */
bool oom_scores_next(struct oom_scores *scores, struct oom_scores_done *ret_done);
