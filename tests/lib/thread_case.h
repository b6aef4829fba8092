// SPDX-License-Identifier: LGPL-2.1-or-later
// Real processes, each with one thread, that a fake tree has in its cgroups: a scheduling policy is no file.
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#define THREAD_CASE_MAX 16

struct thread_case {
	const char *dir; /* of the tree */
	pid_t list[THREAD_CASE_MAX];
	int n;
};

/* Whether this test may take SCHED_IDLE back from a process: CAP_SYS_NICE. */
bool thread_case_may_give_back(void);

/* A process that sleeps, in the cgroup `path`, which started at `start` ticks and has this policy (one without a priority) and nice value. */
pid_t thread_case_start(struct thread_case *c, const char *path, int start, int policy, int nice);

/* It has moved to another cgroup, but the list of the former one does not say so yet. */
void thread_case_move(const struct thread_case *c, pid_t pid, const char *path);

/* What the kernel says of it. */
void thread_case_is(pid_t pid, int policy, int nice);

/* All of them are gone. */
void thread_case_end(struct thread_case *c);
