// SPDX-License-Identifier: LGPL-2.1-or-later
// Processes with an oom_score_adj in a fake tree, for the tests of who is raised and given back.
#pragma once

/* Process `pid` of the cgroup `path`, which started at `start` ticks and has this score. It is the last one of
 * cgroup.procs. */
void task_case_process(const char *dir, const char *path, int pid, int start, int score);

/* The process has moved to another cgroup, but the list of the former one does not say so yet. */
void task_case_move(const char *dir, int pid, const char *path);

void task_case_set(const char *dir, int pid, int score);
void task_case_is(const char *dir, int pid, int score);
