// SPDX-License-Identifier: LGPL-2.1-or-later
// Kills pods in threads of its own, so that the loop never waits for one that dies slowly. Nothing here decides
// whom or when (policy/victim.h); each act is kill_act.h. Handing a job in allocates nothing.
//
// There are two threads: the memory of a large process takes long to give back, and the next kill must not wait
// for it.
#pragma once

#include <stdbool.h>

#include "agent/apply/kill_act.h"

#define KILL_THREADS 2
#define KILL_JOBS 8

struct kill;

/* Starts the threads. All descriptors are borrowed; event_fd, a non-blocking eventfd or -EBADF, is raised when
 * a kill is over. 0 or -errno: then there is nobody to kill, and the ladder has to do without. */
int kill_new(const struct kill_place *place, int event_fd, struct kill **ret_kill);

/* Ends the threads: jobs that wait are dropped, the wait for a dying pod is cut short, what was lifted is put
 * back. Accepts NULL. */
void kill_free(struct kill *kill);

/* Takes job->dir_fd over. 0, or -EBUSY: full, or too many are not taken back yet; then it is still the caller's. */
int kill_start(struct kill *kill, const struct kill_job *job);

/* The next kill that is over, in the order in which they ended; false for none. */
bool kill_next(struct kill *kill, struct kill_done *ret_done);
